// Between the live room, the engine and the person's own devices: connects with each ticket that is needed, asks for
// a fresh one when the engine has lost its connection, and sends what the devices give.
import { effect, signal, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { LocalMedia } from "../devices/local_media";
import type { EngineEvents, EngineStatus, MediaEngine, Source } from "../engine/media_engine";
import { retryDelayMs } from "../timing/backoff";
import type { RoomSocket } from "../live/room_socket";
import type { Timers } from "../timing/timers";

export type LoadEngine = (events: EngineEvents) => Promise<MediaEngine>;

export interface MediaLinkDeps {
  loadEngine: LoadEngine;
  line: RoomSocket;
  local: LocalMedia;
  timers: Timers;
  random: () => number;
  onMutedByServer: (source: Source) => void;
}

export class MediaLink {
  readonly #engine = signal<MediaEngine | null>(null);
  #loading: Promise<void> | null = null;
  #usedToken = "";
  #lostCount = 0;
  #stopRetry: () => void = () => undefined;

  constructor(private readonly deps: MediaLinkDeps) {
    effect(() => this.#follow());
    effect(() => this.#send());
    effect(() => {
      this.#engine.value?.setSpeaker(deps.local.speakerId.value);
    });
  }

  get engine(): ReadonlySignal<MediaEngine | null> {
    return this.#engine;
  }

  get status(): EngineStatus {
    return this.#engine.value?.status.value ?? "off";
  }

  /** Begins to load the engine's code; called early so that a join does not wait for it. */
  load(): Promise<void> {
    this.#loading ??= this.deps
      .loadEngine({ onLost: () => this.#lost(), onMutedByServer: this.deps.onMutedByServer })
      .then((engine) => {
        this.#engine.value = engine;
      })
      .catch((error: unknown) => {
        // A chunk may fail to load on a bad network; the next call tries again.
        this.#loading = null;
        throw error;
      });
    return this.#loading;
  }

  #follow(): void {
    const engine = this.#engine.value;
    const { line } = this.deps;
    const state = line.state.value;
    const ticket = line.media.value;
    if (state.kind === "ended" || state.kind === "idle") {
      this.#stopRetry();
      this.#usedToken = "";
      this.#lostCount = 0;
      untracked(() => engine?.disconnect());
      return;
    }
    if (state.kind !== "joined" || !ticket || ticket.token === this.#usedToken) return;
    if (!engine) {
      this.load().catch(() => this.#lost());
      return;
    }
    // A new ticket does not disturb a connection that works (the room's socket alone was cut).
    if (engine.status.peek() === "connected") return;
    this.#usedToken = ticket.token;
    untracked(() => engine.connect(ticket));
  }

  #lost(): void {
    this.#stopRetry();
    const delay_ms = retryDelayMs(this.#lostCount++, this.deps.random);
    this.#stopRetry = this.deps.timers.after(delay_ms, () => {
      // Without the room's line the next welcome brings a ticket by itself.
      if (this.deps.line.state.value.kind !== "joined") return;
      if (!this.#engine.value) this.load().catch(() => this.#lost());
      else this.deps.line.command({ kind: "media_ticket" }).catch(() => this.#lost());
    });
  }

  #send(): void {
    const engine = this.#engine.value;
    if (!engine) return;
    if (engine.status.value === "connected") this.#lostCount = 0;
    const { microphone, camera, screen } = this.deps.local;
    const voice = microphone.value;
    const picture = camera.value;
    const shared = screen.shared.value;
    engine.send("microphone", voice.track && { track: voice.track, isMuted: !voice.isWanted });
    engine.send(
      "camera",
      picture.track && picture.isWanted ? { track: picture.track, isMuted: false } : null,
    );
    engine.send("screen_share", shared && { track: shared.video, isMuted: false });
    engine.send("screen_share_audio", shared?.audio ? { track: shared.audio, isMuted: false } : null);
  }
}
