// Who hears this person: what the server knows, and only while it can be true.
import type { CaptureState } from "../../devices/capture";
import type { EngineStatus } from "../../engine/media_engine";
import type { Connection } from "../../wire/live.gen";

export type Hearing =
  | { kind: "noMicrophone" | "muted" | "connecting" | "notConnected" }
  /** The device gives nothing at all: switched off at its side, most likely. */
  | { kind: "silent" }
  /** Sound stops on its way to the server. */
  | { kind: "lost" }
  | { kind: "nobody"; others: number }
  | { kind: "some"; heardBy: number; others: number }
  | { kind: "all"; others: number }
  /** The microphone is on; who gets its sound is not known (yet). */
  | { kind: "on"; others: number };

export interface HearingInput {
  microphone: CaptureState;
  status: EngineStatus;
  /** `null` while nothing is known. */
  sound: Connection["sound"] | null;
  /** Others on the screen, as far as the page itself knows. */
  others: number;
  /** Whether bad news of the server have lasted: whoever has just come, or been unmuted, is heard in a moment. */
  isLasting: boolean;
  isDeviceSilent: boolean;
}

export function readHearing(input: HearingInput): Hearing {
  const { microphone, sound, others } = input;
  if (microphone.problem) return { kind: "noMicrophone" };
  if (!microphone.isWanted || !microphone.track) return { kind: "muted" };
  // Nothing is broken yet: it is on its way for the first time.
  if (input.status === "off" || input.status === "connecting") return { kind: "connecting" };
  if (input.status !== "connected") return { kind: "notConnected" };
  if (input.isDeviceSilent) return { kind: "silent" };
  if (!sound) return { kind: "on", others };
  if (sound.state !== "arriving") return input.isLasting ? { kind: "lost" } : { kind: "on", others };
  if (sound.others === 0) return { kind: "on", others: 0 };
  if (sound.heard_by >= sound.others) return { kind: "all", others: sound.others };
  if (sound.heard_by > 0) return { kind: "some", heardBy: sound.heard_by, others: sound.others };
  return input.isLasting ? { kind: "nobody", others: sound.others } : { kind: "on", others };
}

/** Whether somebody who speaks now should know better. */
export const isBad = (hearing: Hearing): hearing is Hearing & { kind: "silent" | "lost" | "nobody" } =>
  hearing.kind === "silent" || hearing.kind === "lost" || hearing.kind === "nobody";
