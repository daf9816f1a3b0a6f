// What this person may send, and what stands in the way: the room enforces the same rules against every page.
import type { Role, Room } from "../wire/live.gen";
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
