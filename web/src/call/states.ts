// In which state a call is, and what is open over it.
import type { EndReason } from "../live/endings";
import type { Place } from "./door";

export type Panel = "people" | "info" | "chat" | "host" | "connection";
export type DialogName = "shortcuts" | "end_for_all" | "rename" | "suspend";

export type Phase =
  | { kind: "green" }
  | { kind: "joining"; isTakingLong: boolean }
  | { kind: "waiting"; place: Place }
  | { kind: "call" }
  | { kind: "ended"; ending: Ending };

export interface Ending {
  reason: EndReason | "ended_by_you";
  by: string | null;
  code: string | null;
  /** `null` when the person was never inside. */
  visit: { duration_ms: number; peopleCount: number; stillInsideCount: number } | null;
}
