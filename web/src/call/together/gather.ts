// Collects what comes within a moment, so that it can be told at once.
import type { Timers } from "../../timing/timers";

export class Gather<T> {
  #found: T[] = [];

  constructor(
    private readonly timers: Timers,
    private readonly moment_ms: number,
    private readonly tell: (found: readonly T[]) => void,
  ) {}

  add(...found: readonly T[]): void {
    if (found.length === 0) return;
    if (this.#found.length === 0) {
      this.timers.after(this.moment_ms, () => {
        const all = this.#found;
        this.#found = [];
        this.tell(all);
      });
    }
    this.#found.push(...found);
  }
}
