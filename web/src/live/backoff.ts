// How long to wait before the next try. Jitter keeps a thousand pages from coming back in the same instant.
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 8_000;

/** `attempt` counts from 0; `random` is in [0, 1). The result lies between half of the step and the whole step. */
export function retryDelayMs(attempt: number, random: () => number): number {
  const step_ms = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(step_ms * (0.5 + random() / 2));
}
