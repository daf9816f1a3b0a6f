// What comes from the others: sizes as this browser measures them, reasons as the server knows them.
import type { Measured, Source } from "../../engine/media_engine";
import type { Connection } from "../../wire/live.gen";
import type { Person } from "../person";

export interface Received {
  /** Names the row. */
  key: string;
  name: string;
  source: Source;
  size: { width: number; height: number; wholeWidth: number; wholeHeight: number } | null;
  why: "whole" | "asked" | "bandwidth" | "cpu" | "waiting" | null;
  /** In percent, where it is known. */
  lost: number;
}

/** A picture each, and whatever else comes badly. */
export function receivedOf(
  people: readonly Person[],
  measured: Measured | null,
  news: Connection | null,
): readonly Received[] {
  return people
    .filter((person) => !person.isYou)
    .flatMap((person) => {
      const sizes = measured?.pictures.filter((one) => one.identity === person.identity) ?? [];
      const troubles = news?.troubles.filter((one) => one.participant_id === person.key) ?? [];
      const sources = new Set<Source>([...sizes, ...troubles].map((one) => one.source));
      return [...sources].map((source): Received => {
        const size = sizes.find((one) => one.source === source) ?? null;
        const trouble = troubles.find((one) => one.source === source);
        return {
          key: `${person.key} ${source}`,
          name: person.name,
          source,
          size: trouble?.is_sent === false ? null : size,
          why:
            trouble && trouble.cause !== "loss" ? trouble.cause : size ? reachOf(size, news !== null) : null,
          lost: trouble?.lost ?? 0,
        };
      });
    });
}

/** Where the server would say otherwise, a smaller picture is the one that was asked for. */
function reachOf(size: { height: number; wholeHeight: number }, isTold: boolean): Received["why"] {
  if (size.height >= size.wholeHeight) return "whole";
  return isTold ? "asked" : null;
}
