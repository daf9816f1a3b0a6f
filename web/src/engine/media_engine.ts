// The port between the call and whatever carries sound and picture. Nothing here knows LiveKit.
import type { ReadonlySignal } from "@preact/signals-core";

export type Source = "microphone" | "camera" | "screen_share" | "screen_share_audio";

export interface MediaTicket {
  url: string;
  token: string;
}

export type EngineStatus = "off" | "connecting" | "connected" | "reconnecting" | "failed";

/** What reaches us from one other participant. A track that is not listed is not published. */
export interface RemoteMedia {
  identity: string;
  name: string;
  tracks: Readonly<Partial<Record<Source, RemoteTrack>>>;
  isWeak: boolean;
  joinedAt_ms: number;
}

export interface RemoteTrack {
  id: string;
  isMuted: boolean;
  /** Names the media that can be attached now; another name after a reconnection; `null` while nothing comes. */
  receivedId: string | null;
  /** As published, so that a shared screen can be given its shape before the first frame. */
  aspectRatio: number | null;
}

/** What we send from one source: the track, and whether the others should take it as muted. */
export interface LocalSend {
  track: MediaStreamTrack;
  isMuted: boolean;
}

/** How packets travel: straight, or by a relay. */
export type Way = "udp" | "tcp" | "turn-udp" | "turn-tcp" | "turn-tls";

export interface MeasuredPicture {
  identity: string;
  source: Source;
  width: number;
  height: number;
  /** As it is published. */
  wholeWidth: number;
  wholeHeight: number;
}

/** What the browser measures by itself. */
export interface Measured {
  way: Way | null;
  pictures: readonly MeasuredPicture[];
}

export interface MediaEngine {
  readonly status: ReadonlySignal<EngineStatus>;
  readonly remotes: ReadonlySignal<ReadonlyMap<string, RemoteMedia>>;
  /** Level from 0 to 1 of each identity that speaks now, ours included. */
  readonly speakers: ReadonlySignal<ReadonlyMap<string, number>>;
  readonly isOwnConnectionWeak: ReadonlySignal<boolean>;
  /** The browser plays no sound until the person has pressed something. */
  readonly isSoundBlocked: ReadonlySignal<boolean>;

  /** Connects, or connects anew when the ticket is another one. */
  connect(ticket: MediaTicket): void;
  disconnect(): void;
  /** `null` stops sending from this source. */
  send(source: Source, what: LocalSend | null): void;
  /** Shows a remote picture in `element`; the result takes it away again. */
  attach(identity: string, source: Source, element: HTMLVideoElement): () => void;
  setSpeaker(deviceId: string): void;
  allowSound(): Promise<void>;
  measure(): Promise<Measured>;
  /** What came from our microphone so far, in a unit of its own; `null` when that cannot be told. */
  soundEnergy(): Promise<number | null>;
}

/** What the engine tells its owner; everything else is in the signals. */
export interface EngineEvents {
  /** The connection is gone and does not come back with the ticket it had. */
  onLost(): void;
  /** The server muted or ended what we send from this source. */
  onMutedByServer(source: Source): void;
}
