// How long each person has spoken since one joined. Only this page counts, so it begins when one comes.
import { effect, untracked } from "@preact/signals-core";
import type { Person } from "../person";
import type { TogetherDeps } from "./deps";

export interface SpeakingRow {
  identity: string;
  name: string;
  spoken_ms: number;
  isHere: boolean;
}

/** Those who spoke longest first, then by name; who has not spoken is there with nothing. */
export function speakingRows(
  people: readonly Pick<Person, "identity" | "name">[],
  spoken_ms: ReadonlyMap<string, number>,
  names: ReadonlyMap<string, string>,
): SpeakingRow[] {
  const here = new Map(people.map((person) => [person.identity, person.name]));
  const rows = [...new Set([...here.keys(), ...spoken_ms.keys()])].map((identity) => ({
    identity,
    name: here.get(identity) ?? names.get(identity) ?? identity,
    spoken_ms: spoken_ms.get(identity) ?? 0,
    isHere: here.has(identity),
  }));
  return rows.sort((a, b) => b.spoken_ms - a.spoken_ms || a.name.localeCompare(b.name));
}

export class SpeakingTime {
  #spoken_ms = new Map<string, number>();
  #names = new Map<string, string>();
  #voices: readonly string[] = [];
  #heard_ms = 0;

  constructor(private readonly deps: TogetherDeps) {
    effect(() => {
      const speaking = deps.speaking.value;
      const people = deps.people.value;
      if (!deps.isInCall()) {
        this.#forget();
        return;
      }
      untracked(() => this.#hear(people.filter((person) => speaking.has(person.key))));
    });
  }

  rows(): SpeakingRow[] {
    this.#count();
    return speakingRows(this.deps.people.peek(), this.#spoken_ms, this.#names);
  }

  #hear(voices: readonly Person[]): void {
    this.#count();
    this.#voices = voices.map((person) => person.identity);
    for (const person of voices) this.#names.set(person.identity, person.name);
  }

  #count(): void {
    const now_ms = this.deps.timers.now_ms();
    const passed_ms = now_ms - this.#heard_ms;
    this.#heard_ms = now_ms;
    for (const identity of this.#voices)
      this.#spoken_ms.set(identity, (this.#spoken_ms.get(identity) ?? 0) + passed_ms);
  }

  #forget(): void {
    this.#spoken_ms = new Map();
    this.#names = new Map();
    this.#voices = [];
  }
}
