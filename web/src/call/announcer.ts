// What screen readers are told. Sayings wait in a short queue, because two that come at once would eat each other;
// arrivals and departures within a moment are told together.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Timers } from "../timing/timers";
import type { Saying } from "../text/translate";

/** Shorter pauses make screen readers drop the earlier text. */
const PAUSE_MS = 400;
const GATHER_MS = 1_000;
/** Old news is no news: beyond this the oldest is dropped. */
const MAX_WAITING = 8;

export interface Said extends Saying {
  id: number;
}

type Movement = "joined" | "left";

export class Announcer {
  readonly #said = signal<Said | null>(null);
  readonly #atOnce = signal<Said | null>(null);
  #waiting: Saying[] = [];
  #names: Record<Movement, string[]> = { joined: [], left: [] };
  #isGathering = false;
  #isSpeaking = false;
  #nextId = 1;

  constructor(private readonly timers: Timers) {}

  get said(): ReadonlySignal<Said | null> {
    return this.#said;
  }

  /** Said in the middle of whatever is being read: for what somebody waits for. */
  get saidAtOnce(): ReadonlySignal<Said | null> {
    return this.#atOnce;
  }

  sayAtOnce(saying: Saying): void {
    this.#atOnce.value = { ...saying, id: this.#nextId++ };
  }

  say(saying: Saying): void {
    this.#waiting = [...this.#waiting, saying].slice(-MAX_WAITING);
    if (!this.#isSpeaking) this.#next();
  }

  move(movement: Movement, names: readonly string[]): void {
    if (names.length === 0) return;
    this.#names[movement].push(...names);
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.timers.after(GATHER_MS, () => this.#tellMovements());
  }

  #tellMovements(): void {
    this.#isGathering = false;
    for (const movement of ["joined", "left"] as const) {
      const names = this.#names[movement];
      this.#names[movement] = [];
      const [name] = names;
      if (names.length === 1 && name !== undefined) this.say({ key: `say.${movement}`, params: { name } });
      else if (names.length > 1) this.say({ key: `say.${movement}.many`, params: { count: names.length } });
    }
  }

  #next(): void {
    const [first, ...rest] = this.#waiting;
    this.#waiting = rest;
    this.#isSpeaking = first !== undefined;
    if (!first) return;
    this.#said.value = { ...first, id: this.#nextId++ };
    this.timers.after(PAUSE_MS, () => this.#next());
  }
}
