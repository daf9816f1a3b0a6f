// What somebody is in the meeting, as a badge in lists and on tiles; members need none.
import { isHostRole } from "../call/person";
import type { Person } from "../call/person";
import type { TextKey } from "../text/translate";

/** The word for a role, and whether it is one that keeps order. */
export function roleWord(
  person: Pick<Person, "role" | "isSignedIn">,
): { key: TextKey; leads: boolean } | null {
  if (person.role === null) return { key: "tile.byKey", leads: false };
  if (isHostRole(person.role))
    return { key: person.role === "owner" ? "tile.owner" : "tile.host", leads: true };
  if (person.role === "co_host") return { key: "tile.co_host", leads: true };
  if (person.role === "viewer") return { key: "tile.viewer", leads: false };
  return person.isSignedIn ? null : { key: "tile.guest", leads: false };
}
