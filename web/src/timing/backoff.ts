// How long to wait before the next try. Jitter keeps a thousand pages from coming back in the same instant.
const FIRST_DELAY_MS = 250;
/** A cut of a few seconds should be over before the others notice; only a long one calls for patience. */
const EARLY_MAX_DELAY_MS = 1_500;
const EARLY_ATTEMPTS = 15;
const MAX_DELAY_MS = 8_000;

/** `attempt` counts from 0; `random` is in [0, 1). The result lies between half of the step and the whole step. */
export function retryDelayMs(attempt: number, random: () => number): number {
  const max_ms = attempt < EARLY_ATTEMPTS ? EARLY_MAX_DELAY_MS : MAX_DELAY_MS;
  const step_ms = Math.min(max_ms, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(step_ms * (0.5 + random() / 2));
}
