// Shared screens: who shares one, in the order in which they began, and whose has the big place.
import { computed, effect, signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Person } from "./person";

export class Screens {
  readonly #order = signal<readonly string[]>([]);
  readonly #chosen = signal<string | null>(null);

  /** Everybody else who shares; one's own screen is never shown to oneself. */
  readonly sharers: ReadonlySignal<readonly Person[]>;
  /** Whose screen has the big place: the one that this person chose, otherwise the one that was shared last. */
  readonly shown: ReadonlySignal<Person | null>;

  constructor(people: ReadonlySignal<readonly Person[]>) {
    effect(() => {
      const sharing = people.value
        .filter((person) => person.screen && !person.isYou)
        .map((person) => person.key);
      const stay = this.#order.peek().filter((key) => sharing.includes(key));
      this.#order.value = [...stay, ...sharing.filter((key) => !stay.includes(key))];
      // A choice ends with the screen that was chosen.
      const chosen = this.#chosen.peek();
      if (chosen !== null && !sharing.includes(chosen)) this.#chosen.value = null;
    });
    this.sharers = computed(() => {
      const byKey = new Map(people.value.map((person) => [person.key, person]));
      return this.#order.value.flatMap((key) => byKey.get(key) ?? []);
    });
    this.shown = computed(() => {
      const sharers = this.sharers.value;
      return sharers.find((person) => person.key === this.#chosen.value) ?? sharers.at(-1) ?? null;
    });
  }

  show(key: string): void {
    this.#chosen.value = key;
  }
}
