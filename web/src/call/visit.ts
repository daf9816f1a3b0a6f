// Who was ever here: for the page after the call, and against ghosts that only the engine still knows.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Timers } from "../timing/timers";
import type { Snapshot } from "../wire/live.gen";
import type { Ending } from "./states";

export class Visit {
  readonly #known = signal<ReadonlySet<string>>(new Set());
  /** Of this time inside; `null` before the first roster and after the end. */
  #now: { since_ms: number; identities: ReadonlySet<string> } | null = null;

  constructor(private readonly timers: Pick<Timers, "now_ms">) {}

  /** Every identity that was ever in a roster of this page. */
  get known(): ReadonlySignal<ReadonlySet<string>> {
    return this.#known;
  }

  follow(snapshot: Snapshot | null): void {
    if (!snapshot) return;
    const present = Object.values(snapshot.participants).map((participant) => participant.identity);
    const known = this.#known.peek();
    if (present.some((identity) => !known.has(identity))) this.#known.value = new Set([...known, ...present]);
    const now = this.#now ?? { since_ms: this.timers.now_ms(), identities: new Set<string>() };
    this.#now = { ...now, identities: new Set([...now.identities, ...present]) };
  }

  /** What the page after the call tells; *last* is the roster as it was at the end. */
  end(last: Snapshot | null): Ending["visit"] {
    const visit = this.#now;
    this.#now = null;
    if (!visit) return null;
    const inside = Object.keys(last?.participants ?? {}).length;
    return {
      duration_ms: this.timers.now_ms() - visit.since_ms,
      peopleCount: visit.identities.size,
      stillInsideCount: Math.max(0, inside - 1),
    };
  }
}
