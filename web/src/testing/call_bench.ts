// A whole call on fakes: sockets that tests speak through, devices that open at once, and time that tests own.
import { signal } from "@preact/signals-core";
import type { Signal } from "@preact/signals-core";
import { Call } from "../call/call";
import { browserChoices } from "../devices/choices";
import type { EngineEvents, EngineStatus, Measured, MediaEngine, RemoteMedia } from "../engine/media_engine";
import { RoomSocket } from "../live/room_socket";
import type { Snapshot } from "../wire/live.gen";
import { FakeSocket, FakeTimers, participant, snapshot, welcome } from "./fakes";

class SilentEngine implements MediaEngine {
  readonly remotes = signal<ReadonlyMap<string, RemoteMedia>>(new Map());
  readonly speakers = signal<ReadonlyMap<string, number>>(new Map());
  readonly isOwnConnectionWeak = signal(false);
  readonly isSoundBlocked = signal(false);
  constructor(
    readonly events: EngineEvents,
    readonly status: Signal<EngineStatus>,
    private readonly energy: () => number | null,
  ) {}
  connect(): void {
    this.status.value = "connected";
  }
  disconnect(): void {
    this.status.value = "off";
  }
  attach(): () => void {
    return () => undefined;
  }
  send(): void {}
  setSpeaker(): void {}
  allowSound(): Promise<void> {
    return Promise.resolve();
  }
  measure(): Promise<Measured> {
    return Promise.resolve({ way: null, pictures: [] });
  }
  soundEnergy(): Promise<number | null> {
    return Promise.resolve(this.energy());
  }
}

/** Tracks and devices as far as the call looks at them. */
class FakeDevices extends EventTarget {
  readonly tracks: { kind: string; readyState: string }[] = [];

  getUserMedia(wanted: MediaStreamConstraints): Promise<MediaStream> {
    const kinds = [wanted.audio ? "audio" : null, wanted.video ? "video" : null].filter((kind) => kind);
    const tracks = kinds.map((kind) => this.#track(kind as string));
    return Promise.resolve({ getTracks: () => tracks } as unknown as MediaStream);
  }

  #track(kind: string) {
    const track = Object.assign(new EventTarget(), {
      kind,
      label: kind,
      enabled: true,
      readyState: "live",
      getSettings: () => ({ deviceId: `${kind}-1` }),
      stop: () => {
        track.readyState = "ended";
      },
    });
    this.tracks.push(track);
    return track;
  }
}

export class CallBench {
  readonly timers = new FakeTimers();
  readonly sockets: FakeSocket[] = [];
  readonly devices = new FakeDevices();
  readonly call: Call;
  chimes = 0;
  readonly engineStatus = signal<EngineStatus>("off");
  /** What came from the microphone so far. */
  energy: number | null = null;

  constructor() {
    this.call = new Call({
      boot: {
        slug: "elm",
        title: "From the page",
        signed_in: true,
        name: "Alice",
        locale: "en",
        theme: "system",
        urls: { home: "/", ws: "/ws", preview: "/preview", sign_in: "/in", settings: null },
        links: [],
      },
      line: new RoomSocket({
        openSocket: () => {
          const socket = new FakeSocket();
          this.sockets.push(socket);
          return socket;
        },
        timers: this.timers,
        random: () => 0.5,
        tickets: {
          tab_id: "t",
          guest_key: "k",
          readGuestTicket: () => null,
          keepGuestTicket: () => undefined,
        },
        isSignedIn: true,
      }),
      loadEngine: (events) => Promise.resolve(new SilentEngine(events, this.engineStatus, () => this.energy)),
      media: this.devices as unknown as MediaDevices,
      deviceList: {
        devices: signal({ microphones: [], cameras: [], speakers: [] }),
        refresh: () => Promise.resolve(),
      },
      choices: browserChoices(() => {
        throw new Error("no storage");
      }),
      timers: this.timers,
      random: () => 0.5,
      chime: () => (this.chimes += 1),
    });
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  /** As alice, unless the snapshot and `you` say otherwise. */
  enter(state: Snapshot = snapshot(1, [participant("alice", { role: "owner" })]), you = "alice"): void {
    if (this.call.phase.value.kind === "green") this.call.join({ name: "Alice" });
    if (!this.socket.sent.some((message) => message.type === "hello")) this.socket.open();
    const self = state.participants[`id-${you}`];
    this.socket.say(
      welcome(this.socket.last("hello").request_id, state, {
        you: { participant_id: `id-${you}`, identity: `identity-${you}`, role: self?.role ?? "owner" },
      }),
    );
  }

  say(version: number, ...changes: unknown[]): void {
    this.socket.say({ type: "delta", base: version - 1, version, changes });
  }

  tell(event: Record<string, unknown>): void {
    this.socket.say({ type: "event", event });
  }
}
