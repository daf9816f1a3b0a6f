// Why somebody comes badly: one cause for each person, the worst and nearest first.
import type { Connection } from "../../wire/live.gen";
import type { Person } from "../person";

/** Of their line, as far as this person may know; or of what comes from them to here. */
export type WeakCause =
  | "cut"
  | "loss"
  | "delay"
  | "line"
  | "own-cut"
  | "own-loss"
  | "own-delay"
  | "here-bandwidth"
  | "here-cpu"
  | "here-loss";

/** Below this, in percent, nobody notices. */
const AUDIBLE_LOSS = 5;

export function weakCauses(
  people: readonly Person[],
  news: Connection | null,
): ReadonlyMap<string, WeakCause> {
  const causes = new Map<string, WeakCause>();
  for (const person of people) {
    const cause = person.isYou ? ownCause(news) : causeOf(person, news);
    if (cause) causes.set(person.key, cause);
  }
  return causes;
}

function ownCause(news: Connection | null): WeakCause | null {
  const trouble = news?.line?.trouble;
  return trouble ? `own-${trouble}` : null;
}

function causeOf(person: Person, news: Connection | null): WeakCause | null {
  const line = news?.weak.find((one) => one.participant_id === person.key);
  if (line) return line.trouble;
  if (person.isWeak) return "line";
  const troubles = news?.troubles.filter((one) => one.participant_id === person.key) ?? [];
  const picture = troubles.find(({ cause }) => cause === "bandwidth" || cause === "cpu");
  if (picture) return picture.cause === "cpu" ? "here-cpu" : "here-bandwidth";
  return troubles.some(({ cause, lost }) => cause === "loss" && lost >= AUDIBLE_LOSS) ? "here-loss" : null;
}
