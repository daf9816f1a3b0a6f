// A short line on the stage for who comes and goes, several together, in small rooms only. Screen readers hear of it
// from the announcer.
import { effect, signal, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Saying } from "../../text/translate";
import { movements } from "../movements";
import type { Movements } from "../movements";
import type { Person } from "../person";
import type { TogetherDeps } from "./deps";
import { Gather } from "./gather";
import { namesSaying, SMALL_ROOM } from "./roster";

const GATHER_MS = 1_000;
const SHOWN_MS = 4_000;

export class DoorNotices {
  readonly #shown = signal<readonly Saying[]>([]);
  #stop: () => void = () => undefined;

  constructor(
    private readonly deps: TogetherDeps,
    onMoved: (moved: Movements, peopleCount: number) => void,
  ) {
    const joined = new Gather<string>(deps.timers, GATHER_MS, (names) =>
      this.#show(namesSaying(names, "notice.joined", "notice.joined.more")),
    );
    const left = new Gather<string>(deps.timers, GATHER_MS, (names) =>
      this.#show(namesSaying(names, "notice.left", "notice.left.more")),
    );
    let before: readonly Person[] | null = null;
    effect(() => {
      const now = deps.people.value;
      if (!deps.isInCall() || !now.some((person) => person.isYou)) {
        before = null;
        return;
      }
      const moved = before && movements(before, now);
      before = now;
      if (!moved) return;
      untracked(() => onMoved(moved, now.length));
      if (now.length > SMALL_ROOM) return;
      joined.add(...moved.joined);
      left.add(...moved.left);
    });
  }

  get shown(): ReadonlySignal<readonly Saying[]> {
    return this.#shown;
  }

  #show(saying: Saying | null): void {
    if (!saying) return;
    this.#stop();
    this.#shown.value = [...this.#shown.peek().filter((one) => one.key !== saying.key), saying].slice(-2);
    this.#stop = this.deps.timers.after(SHOWN_MS, () => {
      this.#shown.value = [];
    });
  }
}
