// Notices that the way to the media server is gone (another network, a cut cable) long before a browser gives it up,
// which takes ten seconds and more: nothing comes any more, and checks of the way stay without an answer.
import type { Timers } from "../timing/timers";

/** Of the way in use, since it is in use. */
export interface Pulse {
  received: number;
  /** Checks of the way that were asked for and not answered. */
  unanswered: number;
}

export interface PathWatchDeps {
  /** "gone": a connection that has no way any more. `null`: there is nothing to look at. */
  look: () => Promise<Pulse | "gone" | null>;
  timers: Timers;
  onDead: () => void;
}

const LOOK_EVERY_MS = 500;
/** Speech comes fifty times a second, silence still twice, reports once. */
const DEAD_AFTER_MS = 2_000;
/** When the browser itself says that its network has changed. */
const DEAD_SOON_MS = 750;
const HURRY_FOR_MS = 5_000;
/** One may be lost, or be under way. */
const UNANSWERED = 2;

export class PathWatch {
  #alive: { at_ms: number; pulse: Pulse } | null = null;
  #hurryUntil_ms = 0;
  #generation = 0;
  #stop: () => void = () => undefined;

  constructor(private readonly deps: PathWatchDeps) {}

  /** Begins anew: a way that was found again has other counts. */
  start(): void {
    this.stop();
    void this.#look(this.#generation);
  }

  stop(): void {
    this.#generation += 1;
    this.#stop();
    this.#alive = null;
  }

  /** The network has changed, or is back. */
  hurry(): void {
    this.#hurryUntil_ms = this.deps.timers.now_ms() + HURRY_FOR_MS;
  }

  async #look(generation: number): Promise<void> {
    const { look, timers, onDead } = this.deps;
    const found = await look().catch(() => null);
    if (generation !== this.#generation) return;
    if (this.#isDead(found, timers.now_ms())) {
      // Once: whoever mends it starts the watch again.
      this.stop();
      onDead();
      return;
    }
    this.#stop = timers.after(LOOK_EVERY_MS, () => void this.#look(generation));
  }

  #isDead(found: Pulse | "gone" | null, now_ms: number): boolean {
    if (found === null) this.#alive = null;
    else if (found !== "gone" && found.received !== this.#alive?.pulse.received)
      this.#alive = { at_ms: now_ms, pulse: found };
    if (!this.#alive || found === null) return false;
    const limit_ms = now_ms < this.#hurryUntil_ms ? DEAD_SOON_MS : DEAD_AFTER_MS;
    if (now_ms - this.#alive.at_ms < limit_ms) return false;
    // Silence alone is no sign: everybody may have gone.
    return found === "gone" || found.unanswered - this.#alive.pulse.unanswered >= UNANSWERED;
  }
}
