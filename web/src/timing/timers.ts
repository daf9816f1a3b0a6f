// The clock as an argument, so that tests own it.
export interface Timers {
  now_ms(): number;
  /** Calls `run` once after `delay_ms`; the result cancels it. */
  after(delay_ms: number, run: () => void): () => void;
}

export const browserTimers: Timers = {
  now_ms: () => Date.now(),
  after: (delay_ms, run) => {
    const id = window.setTimeout(run, delay_ms);
    return () => window.clearTimeout(id);
  },
};
