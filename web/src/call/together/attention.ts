// What should reach somebody who looks at another tab: counted in the title, and told by the system if they like.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal, Signal } from "@preact/signals-core";
import type { ChoiceStore } from "../../devices/choices";
import type { Saying } from "../../text/translate";

export type Cause = "hand" | "mention" | "knock";

/** The page, as far as it matters here; tests have their own. */
export interface Onlooker {
  isHidden: () => boolean;
  /** A notice of the system; one of the same cause replaces the one before. */
  notify: (cause: Cause, saying: Saying) => void;
}

const NOBODY: Onlooker = { isHidden: () => false, notify: () => undefined };

export class Attention {
  readonly #missed = signal(0);
  readonly #isWanted: Signal<boolean>;
  #onlooker = NOBODY;

  constructor(private readonly choices: ChoiceStore) {
    this.#isWanted = signal(choices.read().wantsNotices);
  }

  /** How much came while the tab was hidden. */
  get missed(): ReadonlySignal<number> {
    return this.#missed;
  }
  get isWanted(): ReadonlySignal<boolean> {
    return this.#isWanted;
  }

  watch(onlooker: Onlooker): void {
    this.#onlooker = onlooker;
  }

  call(cause: Cause, saying: Saying): void {
    if (!this.#onlooker.isHidden()) return;
    this.#missed.value += 1;
    if (this.#isWanted.value) this.#onlooker.notify(cause, saying);
  }

  /** The person looks at the tab again, or has left the call. */
  settle(): void {
    this.#missed.value = 0;
  }

  setWanted(isWanted: boolean): void {
    this.#isWanted.value = isWanted;
    this.choices.change({ wantsNotices: isWanted });
  }
}
