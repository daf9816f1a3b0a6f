// How this person is received and what they receive: the room's news, the state of the own microphone, and what follows.
import { computed, effect, signal, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { LocalMedia } from "../../devices/local_media";
import type { MediaEngine } from "../../engine/media_engine";
import type { RoomSocket } from "../../live/room_socket";
import type { Timers } from "../../timing/timers";
import type { Connection } from "../../wire/live.gen";
import type { Announcer } from "../announcer";
import type { Person } from "../person";
import { isBad, readHearing } from "./hearing";
import type { Hearing } from "./hearing";
import { readConnection } from "./news";
import { weakCauses } from "./weak";
import type { WeakCause } from "./weak";

export interface OwnConnectionDeps {
  line: RoomSocket;
  local: LocalMedia;
  engine: ReadonlySignal<MediaEngine | null>;
  people: ReadonlySignal<readonly Person[]>;
  timers: Timers;
  announcer: Announcer;
}

/** Publishing anew, the server's next word and its way here take about two seconds. */
const BAD_AFTER_MS = 5_000;
const ENERGY_EVERY_MS = 3_000;
/** So often without a trace of sound since it was switched on: even a quiet room is louder. */
const SILENT_LOOKS = 3;

export class OwnConnection {
  readonly news: ReadonlySignal<Connection | null>;
  readonly hearing: ReadonlySignal<Hearing>;
  /** By the key of the person. */
  readonly weak: ReadonlySignal<ReadonlyMap<string, WeakCause>>;

  readonly #news = signal<Connection | null>(null);
  readonly #isLasting = signal(false);
  readonly #isDeviceSilent = signal(false);
  readonly #isSending: ReadonlySignal<boolean>;

  constructor(private readonly deps: OwnConnectionDeps) {
    const { line, local, engine, people } = deps;
    line.listen((news) => {
      this.#news.value = readConnection(news) ?? this.#news.value;
    });
    // What was true before the line broke may not be now.
    effect(() => {
      if (line.state.value.kind !== "joined") this.#news.value = null;
    });
    this.news = this.#news;
    this.#isSending = computed(() => {
      const { isWanted, track } = local.microphone.value;
      return isWanted && track !== null && engine.value?.status.value === "connected";
    });
    effect(() => (this.#isSending.value ? untracked(() => this.#watchDevice()) : undefined));
    const isBadNews = computed(() => isBad(this.#read(true)));
    effect(() => (isBadNews.value ? untracked(() => this.#doubt()) : undefined));
    this.hearing = computed(() => this.#read(this.#isLasting.value));
    this.weak = computed(() => weakCauses(people.value, this.#news.value));
    this.#announce();
  }

  #read(isLasting: boolean): Hearing {
    const { local, engine, people } = this.deps;
    return readHearing({
      microphone: local.microphone.value,
      status: engine.value?.status.value ?? "off",
      sound: this.#news.value?.sound ?? null,
      others: people.value.filter((person) => !person.isYou).length,
      isLasting,
      isDeviceSilent: this.#isDeviceSilent.value,
    });
  }

  #doubt(): () => void {
    const stop = this.deps.timers.after(BAD_AFTER_MS, () => (this.#isLasting.value = true));
    return () => {
      stop();
      this.#isLasting.value = false;
    };
  }

  #watchDevice(): () => void {
    const { timers, engine } = this.deps;
    let first: number | null = null;
    let looks = 0;
    let isOver = false;
    let stop: () => void = () => undefined;
    // What came before it was switched on says nothing.
    const look = async () => {
      const energy = (await engine.peek()?.soundEnergy()) ?? null;
      if (isOver) return;
      first ??= energy;
      looks += 1;
      // Once there was sound the microphone works: whoever listens for a while is not to be troubled.
      const hasSound = energy !== null && first !== null && energy > first;
      this.#isDeviceSilent.value = !hasSound && energy !== null && looks > SILENT_LOOKS;
      if (!hasSound) stop = timers.after(ENERGY_EVERY_MS, () => void look());
    };
    void look();
    return () => {
      isOver = true;
      stop();
      this.#isDeviceSilent.value = false;
    };
  }

  #announce(): void {
    let hasTold = false;
    effect(() => {
      const hearing = this.hearing.value;
      untracked(() => {
        if (isBad(hearing) && !hasTold) {
          hasTold = true;
          const key = hearing.kind === "silent" ? "say.silent" : "say.unheard";
          this.deps.announcer.say({ key });
        } else if (hearing.kind === "all" || hearing.kind === "some") {
          if (hasTold) this.deps.announcer.say({ key: "say.heard" });
          hasTold = false;
        } else if (hearing.kind === "muted") hasTold = false;
      });
    });
  }
}
