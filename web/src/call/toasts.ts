// Short notices on top of the stage: at most two, gone after six seconds unless somebody looks at them. A sticky one
// asks for an answer: it stays until it is answered or dismissed, and does not count.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Timers } from "../timing/timers";
import type { Saying } from "../text/translate";
import type { IconName } from "./icon_name";

interface ToastAction {
  label: Saying;
  isMain?: boolean;
  perform: () => void;
}

export interface ToastWish {
  icon: IconName;
  title: Saying;
  body?: Saying;
  actions?: readonly ToastAction[];
  isSticky?: boolean;
  /** The announcer says it in its own way. */
  isSilent?: boolean;
  /** A later one with the same tag takes its place; without a tag the title is it. */
  tag?: string;
}

export interface Toast extends ToastWish {
  id: number;
}

const LIFE_MS = 6_000;
const MAX_SHOWN = 2;

const tagOf = (wish: ToastWish): string => wish.tag ?? wish.title.key;

export class Toasts {
  readonly #shown = signal<readonly Toast[]>([]);
  readonly #stops = new Map<number, () => void>();
  #nextId = 1;

  constructor(private readonly timers: Timers) {}

  get shown(): ReadonlySignal<readonly Toast[]> {
    return this.#shown;
  }

  show(wish: ToastWish): void {
    const old = this.#shown.peek();
    const same = old.find((one) => tagOf(one) === tagOf(wish));
    // A sticky one that is renewed keeps its element, and with it the focus.
    const toast = { ...wish, id: same?.isSticky && wish.isSticky ? same.id : this.#nextId++ };
    const others = old.filter((one) => one !== same);
    const passing = others.filter((one) => !one.isSticky).slice(-(MAX_SHOWN - (wish.isSticky ? 0 : 1)));
    const stay = others.filter((one) => one.isSticky || passing.includes(one));
    for (const one of old) if (!stay.includes(one)) this.pause(one.id);
    this.#shown.value = [...stay, toast];
    this.resume(toast.id);
  }

  has(tag: string): boolean {
    return this.#shown.peek().some((one) => tagOf(one) === tag);
  }

  /** What it was about is over. */
  withdraw(tag: string): void {
    for (const one of this.#shown.peek()) if (tagOf(one) === tag) this.dismiss(one.id);
  }

  dismiss(id: number): void {
    this.pause(id);
    this.#shown.value = this.#shown.peek().filter((one) => one.id !== id);
  }

  /** While the pointer or the focus is on it. */
  pause(id: number): void {
    this.#stops.get(id)?.();
    this.#stops.delete(id);
  }

  resume(id: number): void {
    this.pause(id);
    const toast = this.#shown.peek().find((one) => one.id === id);
    if (!toast || toast.isSticky) return;
    this.#stops.set(
      id,
      this.timers.after(LIFE_MS, () => this.dismiss(id)),
    );
  }
}
