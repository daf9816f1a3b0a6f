// Two soft sounds for who comes and who goes, where that helps: in a class of thirty it would only ring.
import type { DoorSounds } from "../../devices/choices";
import type { Movements } from "../movements";
import { SMALL_ROOM } from "./roster";

export type Cue = "join" | "leave";

/** `peopleCount` is after the change. Who comes is more important than who goes. */
export function cueFor(
  moved: Pick<Movements, "joined" | "left">,
  peopleCount: number,
  wish: DoorSounds,
): Cue | null {
  if (wish === "never" || (wish === "small" && peopleCount > SMALL_ROOM)) return null;
  if (moved.joined.length > 0) return "join";
  return moved.left.length > 0 ? "leave" : null;
}
