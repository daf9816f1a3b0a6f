// Raised hands: their order, one's own, and its going down by itself once one has the floor.
import { computed, effect, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Participant } from "../../wire/live.gen";
import type { Attention } from "./attention";
import type { TogetherDeps } from "./deps";
import { Gather } from "./gather";
import { moderates, namesSaying, ownParticipant, SMALL_ROOM } from "./roster";

/** Whoever has spoken for so long has the floor; a cough or a "may I?" is shorter. */
export const LOWERS_AFTER_MS = 3_000;
const GATHER_MS = 1_000;

/** The place of each raised hand, counted from 1, by participant id; in the order in which they went up. */
export function handOrder(
  participants: Iterable<Pick<Participant, "participant_id" | "hand_at">>,
): ReadonlyMap<string, number> {
  const raised = [...participants].flatMap(({ participant_id, hand_at }) =>
    hand_at === null ? [] : [{ participant_id, at_ms: Date.parse(hand_at) }],
  );
  raised.sort((a, b) => a.at_ms - b.at_ms || (a.participant_id < b.participant_id ? -1 : 1));
  return new Map(raised.map(({ participant_id }, index) => [participant_id, index + 1]));
}

export class Hands {
  readonly order: ReadonlySignal<ReadonlyMap<string, number>>;
  readonly isOwnUp: ReadonlySignal<boolean>;
  readonly #news: Gather<string>;

  constructor(
    private readonly deps: TogetherDeps,
    private readonly attention: Attention,
  ) {
    const own = ownParticipant(deps);
    this.order = computed(() => handOrder(Object.values(deps.snapshot.value?.participants ?? {})));
    this.isOwnUp = computed(() => own.value?.hand_at != null);
    this.#news = new Gather(deps.timers, GATHER_MS, (names) => this.#tell(names));
    const hasTheFloor = computed(
      () => this.isOwnUp.value && deps.speaking.value.has(own.value?.participant_id ?? ""),
    );
    let stop: () => void = () => undefined;
    effect(() => {
      stop();
      if (hasTheFloor.value) stop = deps.timers.after(LOWERS_AFTER_MS, () => this.#lower("say.hand.spoke"));
    });
    this.#watch();
    deps.listen((news) => {
      if (news["kind"] !== "hand_lowered_by" || typeof news["by"] !== "string") return;
      deps.toasts.show({ icon: "hand", title: { key: "toast.handLowered", params: { name: news["by"] } } });
    });
  }

  toggle(): void {
    if (this.isOwnUp.peek()) this.#lower("say.hand.down");
    else void this.deps.order({ kind: "raise_hand" });
  }

  #lower(saying: "say.hand.spoke" | "say.hand.down"): void {
    void this.deps.order({ kind: "lower_hand" }).then((isDone) => {
      if (isDone) this.deps.announcer.say({ key: saying });
    });
  }

  #watch(): void {
    let before: ReadonlyMap<string, number> | null = null;
    effect(() => {
      const now = this.order.value;
      const you = this.deps.you.value?.participant_id;
      const snapshot = this.deps.snapshot.value;
      if (!snapshot || !this.deps.isInCall()) {
        before = null;
        return;
      }
      const fresh = before ? [...now.keys()].filter((key) => before?.has(key) === false) : [];
      before = now;
      untracked(() => {
        const count = you === undefined ? undefined : now.get(you);
        if (you !== undefined && count !== undefined && fresh.includes(you))
          this.deps.announcer.say({ key: "say.hand.up", params: { count } });
        const others = fresh.filter((key) => key !== you);
        this.#news.add(...others.flatMap((key) => snapshot.participants[key]?.name ?? []));
      });
    });
  }

  #tell(names: readonly string[]): void {
    const saying = namesSaying(names, "say.hand.other", "say.hand.others");
    if (!saying) return;
    const participants = this.deps.snapshot.peek()?.participants ?? {};
    const you = participants[this.deps.you.peek()?.participant_id ?? ""];
    if (you && moderates(you)) {
      // The list of toasts is read out by itself.
      this.deps.toasts.show({ icon: "hand", title: saying });
      this.attention.call("hand", saying);
    } else if (Object.keys(participants).length <= SMALL_ROOM) {
      this.deps.announcer.say(saying);
    }
  }
}
