// Reactions: a small picture over the tile of whoever sends it, for three seconds; kept nowhere.
import { computed, effect, signal } from "@preact/signals-core";
import type { ReadonlySignal, Signal } from "@preact/signals-core";
import type { Reaction } from "../../wire/live.gen";
import type { TogetherDeps } from "./deps";
import { Gather } from "./gather";
import { blockOfDoing } from "../own_rights";
import { namesSaying, ownParticipant } from "./roster";

export const REACTIONS: readonly Reaction[] = ["agree", "clap", "heart", "laugh", "surprise", "celebrate"];
export const SHOWN_MS = 3_000;
/** The server takes two a second; what is pressed faster is dropped here, as nobody could see it. */
const PAUSE_MS = 550;
/** Applause comes in waves: one wave is one saying. */
const GATHER_MS = 1_500;

export interface ShownReaction {
  /** A new one for each, so that the same reaction twice is shown twice. */
  id: number;
  reaction: Reaction;
  name: string;
}

export interface ReactionBundle {
  reaction: Reaction;
  names: readonly string[];
}

/** One bundle a reaction, in the order of the picker; each name once. */
export function bundle(reactions: Iterable<Pick<ShownReaction, "reaction" | "name">>): ReactionBundle[] {
  const all = [...reactions];
  return REACTIONS.flatMap((reaction) => {
    const names = [...new Set(all.filter((one) => one.reaction === reaction).map((one) => one.name))];
    return names.length > 0 ? [{ reaction, names }] : [];
  });
}

export class Reactions {
  readonly #shown = signal<ReadonlyMap<string, ShownReaction>>(new Map());
  readonly #isPickerOpen = signal(false);
  readonly #isShowing: Signal<boolean>;
  readonly #isReading: Signal<boolean>;
  readonly #news: Gather<ShownReaction>;
  #last: Reaction = "agree";
  #sent_ms = Number.NEGATIVE_INFINITY;
  #nextId = 1;

  /** By the key of the sender. */
  readonly shown: ReadonlySignal<ReadonlyMap<string, ShownReaction>> = this.#shown;
  /** Those of people who have no tile on the page. */
  readonly elsewhere: ReadonlySignal<readonly ReactionBundle[]>;
  readonly isAllowed: ReadonlySignal<boolean>;

  constructor(private readonly deps: TogetherDeps) {
    const own = ownParticipant(deps);
    const { showsReactions, saysReactions } = deps.choices.read();
    this.#isShowing = signal(showsReactions);
    this.#isReading = signal(saysReactions);
    this.#news = new Gather(deps.timers, GATHER_MS, (reactions) => this.#say(reactions));
    this.isAllowed = computed(
      () => own.value !== null && blockOfDoing("react", own.value.role, deps.snapshot.value?.room) === null,
    );
    this.elsewhere = computed(() => {
      const onPage = new Set(deps.plan.value.tiles.map((tile) => tile.key));
      return bundle([...this.#shown.value].filter(([key]) => !onPage.has(key)).map(([, one]) => one));
    });
    effect(() => {
      if (!this.isAllowed.value) this.#isPickerOpen.value = false;
    });
    deps.listen((news) => {
      const { kind, participant_id: key, reaction } = news;
      const known = REACTIONS.find((one) => one === reaction);
      if (kind === "reacted" && typeof key === "string" && known) this.#receive(key, known);
    });
  }

  get isPickerOpen(): ReadonlySignal<boolean> {
    return this.#isPickerOpen;
  }
  get isShowing(): ReadonlySignal<boolean> {
    return this.#isShowing;
  }
  get isReading(): ReadonlySignal<boolean> {
    return this.#isReading;
  }
  /** Where the picker opens: applause is given again and again. */
  get last(): Reaction {
    return this.#last;
  }

  setPickerOpen(isOpen: boolean): void {
    this.#isPickerOpen.value = isOpen && this.isAllowed.peek();
  }

  setShowing(isShowing: boolean): void {
    this.#isShowing.value = isShowing;
    this.deps.choices.change({ showsReactions: isShowing });
    if (!isShowing) this.#shown.value = new Map();
  }

  setReading(isReading: boolean): void {
    this.#isReading.value = isReading;
    this.deps.choices.change({ saysReactions: isReading });
  }

  send(reaction: Reaction): void {
    this.#last = reaction;
    const now_ms = this.deps.timers.now_ms();
    if (now_ms - this.#sent_ms < PAUSE_MS) return;
    this.#sent_ms = now_ms;
    this.deps.ask({ kind: "react", reaction }).then(
      () => this.deps.announcer.say({ key: `reaction.${reaction}` }),
      // Too fast, or just switched off: not worth a word.
      () => undefined,
    );
  }

  #receive(key: string, reaction: Reaction): void {
    const name = this.deps.people.peek().find((person) => person.key === key)?.name;
    if (name === undefined || !this.#isShowing.peek()) return;
    const shown = { id: this.#nextId++, reaction, name };
    this.#shown.value = new Map([...this.#shown.peek(), [key, shown]]);
    if (key !== this.deps.you.peek()?.participant_id) this.#news.add(shown);
    this.deps.timers.after(SHOWN_MS, () => {
      if (this.#shown.peek().get(key)?.id !== shown.id) return;
      this.#shown.value = new Map([...this.#shown.peek()].filter(([one]) => one !== key));
    });
  }

  #say(reactions: readonly ShownReaction[]): void {
    if (!this.#isReading.peek()) return;
    for (const { reaction, names } of bundle(reactions)) {
      const saying = namesSaying(names, `say.react.${reaction}`, `say.react.${reaction}.more`);
      if (saying) this.deps.announcer.say(saying);
    }
  }
}
