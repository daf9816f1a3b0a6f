// Short notices on top of the stage: at most two, gone after six seconds unless somebody looks at them.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Timers } from "../timing/timers";
import type { Saying } from "../text/translate";
import type { IconName } from "./icon_name";

export interface ToastWish {
  icon: IconName;
  title: Saying;
  body?: Saying;
  action?: { label: Saying; perform: () => void };
}

export interface Toast extends ToastWish {
  id: number;
}

const LIFE_MS = 6_000;
const MAX_SHOWN = 2;

export class Toasts {
  readonly #shown = signal<readonly Toast[]>([]);
  readonly #stops = new Map<number, () => void>();
  #nextId = 1;

  constructor(private readonly timers: Timers) {}

  get shown(): ReadonlySignal<readonly Toast[]> {
    return this.#shown;
  }

  show(wish: ToastWish): void {
    const toast = { ...wish, id: this.#nextId++ };
    const stay = this.#shown.value.filter((one) => one.title.key !== wish.title.key).slice(-(MAX_SHOWN - 1));
    for (const one of this.#shown.value) if (!stay.includes(one)) this.#stops.get(one.id)?.();
    this.#shown.value = [...stay, toast];
    this.resume(toast.id);
  }

  dismiss(id: number): void {
    this.pause(id);
    this.#shown.value = this.#shown.value.filter((one) => one.id !== id);
  }

  /** While the pointer or the focus is on it. */
  pause(id: number): void {
    this.#stops.get(id)?.();
    this.#stops.delete(id);
  }

  resume(id: number): void {
    this.pause(id);
    this.#stops.set(
      id,
      this.timers.after(LIFE_MS, () => this.dismiss(id)),
    );
  }
}
