// Whether somebody is following: here, away, or on the phone. What one obviously does ends what one has said.
import { computed, effect, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Standing as Word } from "../../wire/live.gen";
import type { TogetherDeps } from "./deps";
import { ownParticipant } from "./roster";

export class Standing {
  /** Of those who are not simply here, by participant id. */
  readonly others: ReadonlySignal<ReadonlyMap<string, Exclude<Word, "here">>>;
  readonly own: ReadonlySignal<Word>;

  constructor(private readonly deps: TogetherDeps) {
    const own = ownParticipant(deps);
    this.own = computed(() => own.value?.standing ?? "here");
    this.others = computed(
      () =>
        new Map(
          Object.values(deps.snapshot.value?.participants ?? {}).flatMap(({ participant_id, standing }) =>
            standing === "here" ? [] : [[participant_id, standing]],
          ),
        ),
    );
    const { microphone, camera, screen } = deps.local;
    // Whoever unmutes is back from anywhere; with the camera on one may still be on the phone.
    this.#endsWith(() => microphone.value.isWanted, ["away", "on_phone"]);
    this.#endsWith(() => camera.value.isWanted, ["away"]);
    this.#endsWith(() => screen.shared.value !== null, ["away"]);
    this.#endsWith(() => own.value?.hand_at != null, ["away"]);
  }

  set(standing: Word): void {
    if (standing === this.own.peek()) return;
    void this.deps.order({ kind: "set_standing", standing }).then((isDone) => {
      if (isDone) this.deps.announcer.say({ key: `standing.${standing}` });
    });
  }

  /** Only the moment in which it comes about counts: away with an open camera is possible. */
  #endsWith(isSo: () => boolean, what: readonly Word[]): void {
    let before = true;
    const act = computed(isSo);
    effect(() => {
      const now = act.value;
      if (now && !before && untracked(() => what.includes(this.own.value))) untracked(() => this.set("here"));
      before = now;
    });
  }
}
