// Sharing the screen: the picture and, where the browser gives it, its sound.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import { SCREEN_OPTIONS } from "./constraints";
import { problemOf } from "./problems";
import type { DeviceProblem } from "./problems";

export interface SharedScreen {
  video: MediaStreamTrack;
  audio: MediaStreamTrack | null;
}

export class ScreenCapture {
  readonly #shared = signal<SharedScreen | null>(null);

  constructor(private readonly media: MediaDevices | undefined) {}

  get shared(): ReadonlySignal<SharedScreen | null> {
    return this.#shared;
  }

  /** Phones cannot share a screen: the button is then not there. */
  get isSupported(): boolean {
    return this.media !== undefined && "getDisplayMedia" in this.media;
  }

  /** Resolves to what stood in the way, or `null`. */
  async start(): Promise<DeviceProblem | null> {
    if (!this.media || !this.isSupported) return { device: "screen", kind: "unsupported" };
    try {
      const stream = await this.media.getDisplayMedia(SCREEN_OPTIONS);
      const [video] = stream.getVideoTracks();
      if (!video) return { device: "screen", kind: "unknown" };
      const audio = stream.getAudioTracks()[0] ?? null;
      video.contentHint = "detail";
      // The browser's own "Stop sharing" bar.
      video.addEventListener("ended", () => this.stop(), { once: true });
      this.stop();
      this.#shared.value = { video, audio };
      return null;
    } catch (error) {
      return problemOf("screen", error);
    }
  }

  stop(): void {
    const shared = this.#shared.value;
    this.#shared.value = null;
    shared?.video.stop();
    shared?.audio?.stop();
  }
}
