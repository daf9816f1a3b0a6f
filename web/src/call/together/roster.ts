// Small questions about the roster that several parts ask.
import { computed } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { TextKey } from "../../text/translate";
import type { Saying } from "../../text/translate";
import type { Participant, Role } from "../../wire/live.gen";
import type { TogetherDeps } from "./deps";

/** Up to here everybody can follow who comes, goes and asks to speak; beyond it that would be noise. */
export const SMALL_ROOM = 8;

const MODERATORS: ReadonlySet<Role> = new Set<Role>(["owner", "host", "co_host"]);

export const moderates = (participant: Pick<Participant, "role" | "is_acting">): boolean =>
  MODERATORS.has(participant.role) || participant.is_acting;

export function ownParticipant(
  deps: Pick<TogetherDeps, "snapshot" | "you">,
): ReadonlySignal<Participant | null> {
  return computed(() => {
    const you = deps.you.value;
    return (you && deps.snapshot.value?.participants[you.participant_id]) ?? null;
  });
}

/** "Kofi …" or "Kofi and 2 others …", by the two texts given; `null` for nobody. */
export function namesSaying(names: readonly string[], one: TextKey, more: TextKey): Saying | null {
  const [name, ...others] = names;
  if (name === undefined) return null;
  return others.length === 0
    ? { key: one, params: { name } }
    : { key: more, params: { name, count: others.length } };
}
