// One device in use: whether it is wanted, the track while it runs, and what stands in the way. Level-triggered:
// wishes change at any time, one worker opens and closes the device until it is as wished.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import { problemOf } from "./problems";
import type { DeviceKind, DeviceProblem } from "./problems";

export interface CaptureState {
  isWanted: boolean;
  isOpening: boolean;
  track: MediaStreamTrack | null;
  /** The id that the browser really opened: it may differ from the one wished for. */
  deviceId: string;
  problem: DeviceProblem | null;
}

export interface CaptureOptions {
  kind: DeviceKind;
  open: () => Promise<MediaStreamTrack>;
  /** A microphone keeps running while muted (unmuting is instant); a camera is released (its light goes out). */
  keepsRunning: boolean;
  /** The device went away during use; called after the default one has been tried. */
  onUnplugged?: (isReplaced: boolean) => void;
}

const IDLE: CaptureState = { isWanted: false, isOpening: false, track: null, deviceId: "", problem: null };

export class Capture {
  readonly #state = signal<CaptureState>(IDLE);
  #generation = 0;
  #openGeneration = -1;
  #stops = 0;
  #isRunning = false;
  #running = Promise.resolve();

  constructor(private readonly options: CaptureOptions) {}

  get state(): ReadonlySignal<CaptureState> {
    return this.#state;
  }

  want(isWanted: boolean): Promise<void> {
    this.#change({ isWanted, problem: isWanted ? null : this.#state.value.problem });
    return this.#kick();
  }

  /** Opens the device anew: another one was chosen, or something may have changed for the better. */
  reopen(): Promise<void> {
    this.#generation += 1;
    this.#change({ problem: null });
    return this.#kick();
  }

  /** A track that was opened elsewhere (one question to the person for camera and microphone together). */
  adopt(track: MediaStreamTrack, isWanted: boolean): Promise<void> {
    this.#openGeneration = this.#generation;
    this.#change({ isWanted });
    this.#take(track);
    return this.#kick();
  }

  fail(problem: DeviceProblem): void {
    this.#change({ problem, isWanted: false });
  }

  /** Unlike a wish, this also lets go of a device that stays open while it is not wanted, or is being opened. */
  stop(): void {
    this.#stops += 1;
    this.#change({ isWanted: false });
    this.#release();
  }

  #kick(): Promise<void> {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#running = this.#run();
    }
    return this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const { isWanted, track, problem } = this.#state.value;
      const isStale = this.#openGeneration !== this.#generation;
      if (isWanted && !problem && (!track || isStale)) {
        await this.#open();
      } else if (!isWanted && track && (!this.options.keepsRunning || isStale)) {
        this.#release();
      } else {
        if (track) track.enabled = isWanted;
        // In the same breath as the last look: a wish after this finds no worker, and starts one.
        this.#isRunning = false;
        return;
      }
    }
  }

  async #open(): Promise<void> {
    const generation = this.#generation;
    const stops = this.#stops;
    this.#change({ isOpening: true });
    try {
      const track = await this.options.open();
      this.#openGeneration = generation;
      if (stops === this.#stops) this.#take(track);
      else track.stop();
    } catch (error) {
      if (stops !== this.#stops) return;
      this.#openGeneration = generation;
      this.#release();
      this.#change({ isWanted: false, problem: problemOf(this.options.kind, error) });
    } finally {
      this.#change({ isOpening: false });
    }
  }

  #take(track: MediaStreamTrack): void {
    const old = this.#state.value.track;
    track.addEventListener("ended", () => this.#ended(track), { once: true });
    this.#change({ track, deviceId: track.getSettings().deviceId ?? "", problem: null });
    if (old && old !== track) old.stop();
  }

  #release(): void {
    this.#state.value.track?.stop();
    this.#change({ track: null, deviceId: "" });
  }

  /** Only the browser ends a track this way; our own stop() makes no event. */
  #ended(track: MediaStreamTrack): void {
    if (this.#state.value.track !== track) return;
    const wasWanted = this.#state.value.isWanted;
    this.#change({ track: null, deviceId: "" });
    if (!wasWanted) return;
    void this.#kick().then(() => {
      const isReplaced = this.#state.value.track !== null;
      if (!isReplaced) this.#change({ problem: { device: this.options.kind, kind: "unplugged" } });
      this.options.onUnplugged?.(isReplaced);
    });
  }

  #change(part: Partial<CaptureState>): void {
    this.#state.value = { ...this.#state.value, ...part };
  }
}
