// Being together in a call: hands, reactions, standing, speaking time, spotlight, presenting, sounds and notices.
import { effect, signal, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { DoorSounds } from "../../devices/choices";
import type { Participant } from "../../wire/live.gen";
import { Attention } from "./attention";
import type { TogetherDeps } from "./deps";
import { DoorNotices } from "./door_notices";
import { cueFor } from "./door_sounds";
import type { Cue } from "./door_sounds";
import { Hands } from "./hands";
import { Presenting } from "./presenting";
import { Reactions } from "./reactions";
import { moderates, namesSaying, ownParticipant } from "./roster";
import { SpeakingTime } from "./speaking_time";
import { Spotlight } from "./spotlight";
import { Standing } from "./standing";

export class Together {
  readonly attention: Attention;
  readonly hands: Hands;
  readonly reactions: Reactions;
  readonly standing: Standing;
  readonly speakingTime: SpeakingTime;
  readonly spotlight: Spotlight;
  readonly presenting: Presenting;
  readonly door: DoorNotices;
  readonly #doorSounds = signal<DoorSounds>("small");
  readonly #dialog = signal<"notices" | "speaking_time" | null>(null);
  readonly #own: ReadonlySignal<Participant | null>;
  #play: (cue: Cue) => void = () => undefined;

  constructor(private readonly deps: TogetherDeps) {
    this.#own = ownParticipant(deps);
    this.attention = new Attention(deps.choices);
    this.#doorSounds.value = deps.choices.read().doorSounds;
    this.hands = new Hands(deps, this.attention);
    this.reactions = new Reactions(deps);
    this.standing = new Standing(deps);
    this.speakingTime = new SpeakingTime(deps);
    this.spotlight = new Spotlight(deps);
    this.presenting = new Presenting(deps);
    this.door = new DoorNotices(deps, (moved, peopleCount) => {
      const cue = cueFor(moved, peopleCount, this.#doorSounds.peek());
      if (cue) this.#play(cue);
    });
    this.#watchKnocks();
    this.#watchMentions();
    effect(() => {
      if (!deps.isInCall()) this.#dialog.value = null;
    });
  }

  get doorSounds(): ReadonlySignal<DoorSounds> {
    return this.#doorSounds;
  }
  get dialog(): ReadonlySignal<"notices" | "speaking_time" | null> {
    return this.#dialog;
  }
  /** Reads a signal: a view that asks must follow `call.line.snapshot`. */
  get isModerator(): boolean {
    const own = this.#own.value;
    return own !== null && moderates(own);
  }

  openDialog(dialog: "notices" | "speaking_time" | null): void {
    this.#dialog.value = dialog;
  }

  setDoorSounds(doorSounds: DoorSounds): void {
    this.#doorSounds.value = doorSounds;
    this.deps.choices.change({ doorSounds });
  }

  /** Who plays the sounds; until then there are none. */
  onCue(play: (cue: Cue) => void): void {
    this.#play = play;
  }

  #watchKnocks(): void {
    let before: ReadonlySet<string> | null = null;
    effect(() => {
      const waiting = Object.values(this.deps.snapshot.value?.waiting ?? {});
      const fresh = waiting.filter((one) => before?.has(one.participant_id) === false);
      before = this.deps.isInCall() ? new Set(waiting.map((one) => one.participant_id)) : null;
      const names = fresh.map((one) => one.name);
      const saying = namesSaying(names, "notice.knock", "notice.knocks");
      if (saying) untracked(() => this.attention.call("knock", saying));
    });
  }

  #watchMentions(): void {
    const known = new Set<unknown>();
    this.deps.listen((news) => {
      if (news["kind"] !== "chat_message") return;
      const message = news["message"] as Partial<MentionMessage> | undefined;
      const you = this.deps.you.peek()?.identity;
      if (!message?.sender || message.sender.identity === you || known.has(message.message_id)) return;
      // News of an old message are no new mention.
      const isNew = message.edited_at === null && !message.deleted && message.reactions?.length === 0;
      if (!isNew || !message.mentions?.some((person) => person.identity === you)) return;
      known.add(message.message_id);
      this.attention.call("mention", { key: "notice.mention", params: { name: message.sender.name } });
    });
  }
}

/** The few fields of a message in the chat that a mention needs. */
interface MentionMessage {
  message_id: string;
  sender: { identity: string; name: string };
  mentions: readonly { identity: string }[];
  reactions: readonly unknown[];
  edited_at: unknown;
  deleted: unknown;
}
