// The spotlight: at most two people who have the big place on everybody's screen.
import { computed, effect, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Snapshot } from "../../wire/live.gen";
import type { TogetherDeps } from "./deps";

const MAX_SPOTLIGHT = 2;

/**
 * Who has the big place on this screen. One's own pins win: they were chosen for this screen. Nobody is put large
 * before themselves: whoever is in the spotlight goes on seeing the others.
 */
export function bigPlaces(
  pins: readonly string[],
  spotlight: readonly string[],
  you: string,
): readonly string[] {
  return pins.length > 0 ? pins : spotlight.filter((key) => key !== you);
}

/** Keys of those in the spotlight who are in the room. */
export function spotlightKeys(snapshot: Snapshot | null): readonly string[] {
  return snapshot?.room.spotlight.filter((key) => Object.hasOwn(snapshot.participants, key)) ?? [];
}

export class Spotlight {
  readonly keys: ReadonlySignal<readonly string[]>;

  constructor(private readonly deps: TogetherDeps) {
    this.keys = computed(() => spotlightKeys(deps.snapshot.value));
    let before: readonly string[] | null = null;
    effect(() => {
      const now = this.keys.value;
      const you = deps.you.value?.participant_id;
      if (!deps.isInCall()) {
        before = null;
        return;
      }
      const fresh = now.filter((key) => before?.includes(key) === false);
      const isOver = before !== null && before.length > 0 && now.length === 0;
      before = now;
      untracked(() => this.#tell(fresh, you, isOver));
    });
  }

  /** A third one takes the place of the first. */
  toggle(key: string): void {
    const keys = this.keys.peek();
    const next = keys.includes(key)
      ? keys.filter((one) => one !== key)
      : [...keys, key].slice(-MAX_SPOTLIGHT);
    void this.deps.order({ kind: "set_spotlight", participant_ids: [...next] });
  }

  #tell(fresh: readonly string[], you: string | undefined, isOver: boolean): void {
    for (const key of fresh) {
      const name = this.deps.people.peek().find((person) => person.key === key)?.name;
      if (key === you) {
        this.deps.toasts.show({
          icon: "spotlight",
          title: { key: "toast.spotlight" },
          body: { key: "toast.spotlight.body" },
        });
      } else if (name !== undefined) this.deps.announcer.say({ key: "say.spotlight", params: { name } });
    }
    if (isOver) this.deps.announcer.say({ key: "say.spotlight.over" });
  }
}
