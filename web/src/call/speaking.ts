// Who speaks. The mark stays on for a moment after the last sound; the big place changes hands only to somebody
// who has spoken for two seconds, so that a cough does not turn every head.

export const HOLD_MS = 600;
export const TAKES_BIG_PLACE_MS = 2_000;

export interface SpeakingState {
  /** When each one began to speak, and was last heard. */
  voices: ReadonlyMap<string, { since_ms: number; heard_ms: number; level: number }>;
  lastSpoke_ms: ReadonlyMap<string, number>;
  main: string | null;
}

export const SILENCE: SpeakingState = { voices: new Map(), lastSpoke_ms: new Map(), main: null };

/** `levels` holds who is heard right now. */
export function hear(
  state: SpeakingState,
  levels: ReadonlyMap<string, number>,
  now_ms: number,
): SpeakingState {
  const voices = new Map<string, { since_ms: number; heard_ms: number; level: number }>();
  const lastSpoke_ms = new Map(state.lastSpoke_ms);
  for (const [key, voice] of state.voices) {
    if (now_ms - voice.heard_ms < HOLD_MS) voices.set(key, { ...voice, level: 0 });
  }
  for (const [key, level] of levels) {
    voices.set(key, { since_ms: state.voices.get(key)?.since_ms ?? now_ms, heard_ms: now_ms, level });
    lastSpoke_ms.set(key, now_ms);
  }
  return { voices, lastSpoke_ms, main: nextMain(state.main, voices, now_ms) };
}

/** When `hear` should be called again although no new sound was reported; `null` when nothing is pending. */
export function nextChange_ms(state: SpeakingState, now_ms: number): number | null {
  const times = [...state.voices].flatMap(([key, voice]) => [
    voice.heard_ms + HOLD_MS,
    ...(key === state.main ? [] : [voice.since_ms + TAKES_BIG_PLACE_MS]),
  ]);
  const later = times.filter((time) => time > now_ms);
  return later.length > 0 ? Math.min(...later) : null;
}

function nextMain(
  main: string | null,
  voices: ReadonlyMap<string, { since_ms: number; level: number }>,
  now_ms: number,
): string | null {
  if (main !== null && voices.has(main)) return main;
  const ready = [...voices].filter(
    ([, voice]) => now_ms - voice.since_ms >= TAKES_BIG_PLACE_MS || main === null,
  );
  ready.sort(([, a], [, b]) => a.since_ms - b.since_ms);
  return ready[0]?.[0] ?? main;
}
