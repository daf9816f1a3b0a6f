// What we publish: a wish for each source, and one worker for each that brings the publication there.
import { ConnectionState, VideoPreset, VideoPresets } from "livekit-client";
import type { LocalTrack, LocalTrackPublication, Room, TrackPublishOptions } from "livekit-client";
import type { LocalSend, Source } from "./media_engine";
import { reconciler } from "./reconcile";
import { liveKitSource } from "./remote_media";

/** Three layers of a 1280×720 camera: these two below the camera's own size. */
const CAMERA_LAYERS = [VideoPresets.h180, VideoPresets.h360];
const CAMERA_ENCODING = { maxBitrate: 1_700_000, maxFramerate: 30 };
/** Text stays sharp and slides stay cheap. */
const SCREEN_ENCODING = { maxBitrate: 2_500_000, maxFramerate: 15 };
const SCREEN_LAYERS = [new VideoPreset(960, 540, 500_000, 5)];
const MAX_TRIES = 3;

function publishOptions(source: Source): TrackPublishOptions {
  const options: TrackPublishOptions = { source: liveKitSource(source), backupCodec: false };
  switch (source) {
    case "camera":
      return {
        ...options,
        simulcast: true,
        videoEncoding: CAMERA_ENCODING,
        videoSimulcastLayers: CAMERA_LAYERS,
      };
    case "screen_share":
      return {
        ...options,
        simulcast: true,
        screenShareEncoding: SCREEN_ENCODING,
        screenShareSimulcastLayers: SCREEN_LAYERS,
      };
    case "microphone":
      return options;
    case "screen_share_audio":
      // Music and film sound: no silence suppression, both channels.
      return { ...options, dtx: false, red: false, forceStereo: true };
  }
}

export class Sending {
  #wish: LocalSend | null = null;
  #room: Room | null = null;
  #failures = 0;
  readonly #worker = reconciler(() => this.#step());

  constructor(
    private readonly source: Source,
    private readonly onGivenUp: (source: Source, error: unknown) => void,
  ) {}

  wish(what: LocalSend | null): void {
    this.#wish = what;
    this.#failures = 0;
    void this.#worker.kick();
  }

  /**
   * `null` while there is no connection; the wish is kept and carried out on the next room. Called again after each
   * reconnection: meanwhile livekit-client publishes anew by itself, so we must not.
   */
  useRoom(room: Room | null): void {
    this.#room = room;
    this.#failures = 0;
    if (room) void this.#worker.kick();
  }

  get wishes(): LocalSend | null {
    return this.#wish;
  }

  async #step(): Promise<"done" | "again"> {
    const room = this.#room;
    const wish = this.#wish;
    if (room?.state !== ConnectionState.Connected || this.#failures >= MAX_TRIES) return "done";
    try {
      const step = await this.#towards(room, wish);
      if (step === "again") return "again";
      return this.#wish === wish && this.#room === room ? "done" : "again";
    } catch (error) {
      if (this.#room !== room || this.#wish !== wish) return "again";
      this.#failures += 1;
      if (this.#failures < MAX_TRIES) return "again";
      this.onGivenUp(this.source, error);
      return "done";
    }
  }

  async #towards(room: Room, wish: LocalSend | null): Promise<"done" | "again"> {
    const publication: LocalTrackPublication | undefined = room.localParticipant.getTrackPublication(
      liveKitSource(this.source),
    );
    if (!publication?.track) {
      if (!wish) return "done";
      await room.localParticipant.publishTrack(wish.track, publishOptions(this.source));
      return "again";
    }
    const track: LocalTrack = publication.track;
    if (!wish) {
      if (isScreen(this.source)) {
        await room.localParticipant.unpublishTrack(track, false);
      } else if (!publication.isMuted) {
        // Kept but muted: the picture returns without a new negotiation.
        await publication.mute();
      }
      return "done";
    }
    if (track.mediaStreamTrack !== wish.track) {
      await track.replaceTrack(wish.track, true);
      return "again";
    }
    if (publication.isMuted !== wish.isMuted) {
      await (wish.isMuted ? publication.mute() : publication.unmute());
      return "again";
    }
    return "done";
  }
}

const isScreen = (source: Source) => source === "screen_share" || source === "screen_share_audio";
