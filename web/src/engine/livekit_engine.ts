// The adapter to livekit-client: keeps one connection as the ticket says, and gives it up as "lost" when
// livekit-client has; the call then asks for a fresh ticket and connects again.
import { signal } from "@preact/signals-core";
import {
  ConnectionQuality,
  ConnectionState,
  DisconnectReason,
  LogLevel,
  Room,
  RoomEvent,
  setLogLevel,
} from "livekit-client";
import type { RemoteTrack, TrackPublication } from "livekit-client";
import type {
  EngineEvents,
  EngineStatus,
  LocalSend,
  Measured,
  MediaEngine,
  MediaTicket,
  RemoteMedia,
  Source,
} from "./media_engine";
import { retryDelayMs } from "../timing/backoff";
import { browserTimers } from "../timing/timers";
import { markFirstFrame, markTrack } from "./measure";
import { measure, readPulse, readSoundEnergy } from "./measured";
import { PathWatch } from "./path_watch";
import type { Pulse } from "./path_watch";
import { Playback } from "./playback";
import { liveKitSource, ourSource, readRemotes } from "./remote_media";
import { reconciler } from "./reconcile";
import { Sending } from "./sending";

const SOURCES: readonly Source[] = ["microphone", "camera", "screen_share", "screen_share_audio"];
/** After this a connection is not resumed any more but made anew, with a fresh ticket. */
const GIVE_UP_AFTER_MS = 30_000;
const EMPTY_REMOTES: ReadonlyMap<string, RemoteMedia> = new Map();

setLogLevel(LogLevel.warn);

export class LiveKitEngine implements MediaEngine {
  readonly status = signal<EngineStatus>("off");
  readonly remotes = signal(EMPTY_REMOTES);
  readonly speakers = signal<ReadonlyMap<string, number>>(new Map());
  readonly isOwnConnectionWeak = signal(false);
  readonly isSoundBlocked = signal(false);

  readonly #sending: ReadonlyMap<Source, Sending>;
  readonly #playback = new Playback(document);
  readonly #watch = new PathWatch({
    look: () => this.#pulse(),
    timers: browserTimers,
    onDead: () => this.#resume(),
  });
  readonly #worker = reconciler(() => this.#step());
  #wanted: MediaTicket | null = null;
  #room: Room | null = null;
  #ticket: MediaTicket | null = null;
  #isReadScheduled = false;

  constructor(
    private readonly events: EngineEvents,
    private readonly random: () => number,
  ) {
    const giveUp = (source: Source, error: unknown) => {
      console.warn(`palaver: could not send ${source}`, error);
      this.events.onMutedByServer(source);
    };
    const hurry = () => this.#watch.hurry();
    window.addEventListener("online", hurry);
    connectionOf(navigator)?.addEventListener("change", hurry);
    this.#sending = new Map(SOURCES.map((source) => [source, new Sending(source, giveUp)]));
  }

  connect(ticket: MediaTicket): void {
    this.#wanted = ticket;
    void this.#worker.kick();
  }

  disconnect(): void {
    this.#wanted = null;
    void this.#worker.kick();
  }

  send(source: Source, what: LocalSend | null): void {
    this.#sending.get(source)?.wish(what);
  }

  attach(identity: string, source: Source, element: HTMLVideoElement): () => void {
    const track = this.#room?.remoteParticipants
      .get(identity)
      ?.getTrackPublication(liveKitSource(source))?.track;
    if (!track) return () => undefined;
    track.attach(element);
    markFirstFrame(identity, source, element);
    return () => void track.detach(element);
  }

  setSpeaker(deviceId: string): void {
    this.#playback.setSpeaker(deviceId);
  }

  async allowSound(): Promise<void> {
    await this.#room?.startAudio();
  }

  measure(): Promise<Measured> {
    return measure(this.#room?.remoteParticipants.values() ?? []);
  }

  async soundEnergy(): Promise<number | null> {
    const own = this.#room?.localParticipant.getTrackPublication(liveKitSource("microphone"));
    return own?.track ? readSoundEnergy(await own.track.getRTCStatsReport()) : null;
  }

  async #step(): Promise<"done" | "again"> {
    const wanted = this.#wanted;
    if (this.#ticket === wanted) return "done";
    await this.#close();
    this.#ticket = wanted;
    if (!wanted) {
      this.status.value = "off";
      return "again";
    }
    this.status.value =
      this.status.value === "reconnecting" || this.status.value === "failed" ? "reconnecting" : "connecting";
    const room = this.#newRoom();
    this.#room = room;
    try {
      await room.connect(wanted.url, wanted.token, { autoSubscribe: true });
    } catch (error) {
      if (this.#room === room && this.#wanted === wanted) {
        warn(error);
        this.#lost(room);
      }
    }
    return "again";
  }

  #newRoom(): Room {
    const room = new Room({
      adaptiveStream: { pixelDensity: "screen" },
      dynacast: true,
      // The devices belong to the page: it stops them when it means to.
      stopLocalTrackOnUnpublish: false,
      // It would do so as soon as the browser asks whether to leave, even when the answer is to stay.
      disconnectOnPageLeave: false,
      reconnectPolicy: { nextRetryDelayInMs: (context) => this.#retryDelay_ms(context) },
    });
    const ifCurrent = (run: () => void) => () => {
      if (this.#room === room) run();
    };
    const read = ifCurrent(() => this.#scheduleRead());
    for (const event of [
      RoomEvent.ParticipantConnected,
      RoomEvent.ParticipantDisconnected,
      RoomEvent.ParticipantNameChanged,
      RoomEvent.TrackPublished,
      RoomEvent.TrackUnpublished,
      RoomEvent.TrackMuted,
      RoomEvent.TrackUnmuted,
      RoomEvent.ConnectionQualityChanged,
    ] as const) {
      room.on(event, read);
    }
    room.on(RoomEvent.TrackSubscribed, (track, publication, participant) => {
      if (this.#room !== room) return;
      markTrack(participant.identity, publication.source);
      this.#playback.play(track);
      this.#scheduleRead();
    });
    room.on(RoomEvent.TrackUnsubscribed, (track: RemoteTrack) => {
      this.#playback.stop(track);
      read();
    });
    room.on(RoomEvent.TrackMuted, (publication, participant) => {
      if (this.#room === room && participant === room.localParticipant) this.#mutedLocally(publication);
    });
    room.on(
      RoomEvent.ActiveSpeakersChanged,
      ifCurrent(() => {
        this.speakers.value = new Map(room.activeSpeakers.map((one) => [one.identity, one.audioLevel]));
      }),
    );
    room.on(
      RoomEvent.ConnectionStateChanged,
      ifCurrent(() => this.#stateChanged(room)),
    );
    room.on(
      RoomEvent.AudioPlaybackStatusChanged,
      ifCurrent(() => {
        this.isSoundBlocked.value = !room.canPlaybackAudio;
      }),
    );
    room.on(RoomEvent.Disconnected, (reason) => {
      // Our own disconnect() has already moved on to another room, or to none.
      if (this.#room === room && reason !== DisconnectReason.CLIENT_INITIATED) this.#lost(room);
    });
    return room;
  }

  /** livekit-client's own steps grow to seven seconds: too long after a cut of five. Later a fresh ticket is due. */
  #retryDelay_ms({ retryCount, elapsedMs }: { retryCount: number; elapsedMs: number }): number | null {
    return elapsedMs > GIVE_UP_AFTER_MS ? null : retryDelayMs(retryCount, this.random);
  }

  #stateChanged(room: Room): void {
    switch (room.state) {
      case ConnectionState.Connected:
        this.status.value = "connected";
        for (const sending of this.#sending.values()) sending.useRoom(room);
        this.#watch.start();
        break;
      case ConnectionState.Reconnecting:
      case ConnectionState.SignalReconnecting:
        this.status.value = "reconnecting";
        this.#watch.stop();
        break;
      case ConnectionState.Connecting:
      case ConnectionState.Disconnected:
        break;
    }
    this.#scheduleRead();
  }

  async #pulse(): Promise<Pulse | "gone" | null> {
    const room = this.#room;
    if (!room) return null;
    for (const participant of [...room.remoteParticipants.values(), room.localParticipant])
      for (const { track } of participant.trackPublications.values())
        if (track) return readPulse(await track.getRTCStatsReport());
    return null;
  }

  /**
   * Does at once what livekit-client does when its signalling breaks: a new line, and new ICE credentials on it. There
   * is no other public way to ask for that than the one its own tests take.
   */
  #resume(): void {
    console.info("palaver: the way to the media server is gone; looking for another");
    this.#room?.simulateScenario("signal-reconnect").catch(warn);
  }

  #lost(room: Room): void {
    if (this.#room !== room) return;
    this.#forgetRoom();
    this.#wanted = null;
    this.#ticket = null;
    this.status.value = "failed";
    this.events.onLost();
  }

  async #close(): Promise<void> {
    const room = this.#room;
    this.#forgetRoom();
    if (!room) return;
    room.removeAllListeners();
    await room.disconnect(false);
  }

  #forgetRoom(): void {
    this.#watch.stop();
    for (const sending of this.#sending.values()) sending.useRoom(null);
    this.#playback.stopAll();
    this.#room = null;
    this.remotes.value = EMPTY_REMOTES;
    this.speakers.value = new Map();
    this.isOwnConnectionWeak.value = false;
  }

  #mutedLocally(publication: TrackPublication): void {
    const source = ourSource(publication.source);
    const wish = source && this.#sending.get(source)?.wishes;
    // A device that ended by itself mutes too; whoever owns the device tells that story.
    const isAlive = publication.track?.mediaStreamTrack.readyState === "live";
    if (source && wish && !wish.isMuted && isAlive) this.events.onMutedByServer(source);
  }

  #scheduleRead(): void {
    if (this.#isReadScheduled) return;
    this.#isReadScheduled = true;
    queueMicrotask(() => {
      this.#isReadScheduled = false;
      const room = this.#room;
      if (!room) return;
      this.remotes.value = readRemotes(room);
      this.isOwnConnectionWeak.value = room.localParticipant.connectionQuality === ConnectionQuality.Poor;
    });
  }
}

/** Chromium alone tells when the kind of network changes. */
const connectionOf = (navigator: Navigator): EventTarget | undefined =>
  (navigator as Navigator & { connection?: EventTarget }).connection;

const warn = (error: unknown) => console.warn("palaver:", error);
