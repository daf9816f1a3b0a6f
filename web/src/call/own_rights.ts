// What this person may send, and what stands in the way: the room enforces the same rules against every page.
import type { Command, Role, Room } from "../wire/live.gen";
import { isModerator } from "./person";

export const SENDABLE = ["microphone", "camera", "screen_share"] as const;
export type Sendable = (typeof SENDABLE)[number];

/** Why something may not be sent: the own role, everything is suspended, or a switch is off. */
export type Block = "viewer" | "suspended" | "switched_off";

export function blockOf(source: Sendable, role: Role | null, room: Room | undefined): Block | null {
  if (!room || role === null || isModerator(role)) return null;
  if (role === "viewer") return "viewer";
  if (room.is_suspended) return "suspended";
  return room.rights[source] ? null : "switched_off";
}

/** What is said and done without a device, and the switch that it needs. */
const SWITCHES = {
  rename_self: "rename",
  raise_hand: null,
  react: "reactions",
  chat_send: "chat",
  chat_send_private: "private_chat",
  chat_react: "chat",
} as const satisfies Partial<Record<Command["kind"], keyof Room["rights"] | null>>;
export type Doing = keyof typeof SWITCHES;
export const DOINGS = Object.keys(SWITCHES) as Doing[];

/** Why the room would refuse it now. */
export function blockOfDoing(doing: Doing, role: Role | null, room: Room | undefined): Block | null {
  if (!room || role === null || isModerator(role)) return null;
  if (room.is_suspended) return "suspended";
  const right = SWITCHES[doing];
  return right === null || room.rights[right] ? null : "switched_off";
}
