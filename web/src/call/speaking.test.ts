import { describe, expect, it } from "vitest";
import { hear, HOLD_MS, nextChange_ms, SILENCE, TAKES_BIG_PLACE_MS } from "./speaking";

const says = (...keys: string[]) => new Map(keys.map((key) => [key, 0.5]));

describe("speaking", () => {
  it("is marked at once and for 600 ms after the last sound", () => {
    let state = hear(SILENCE, says("alice"), 0);
    expect([...state.voices.keys()]).toEqual(["alice"]);
    state = hear(state, says(), HOLD_MS - 1);
    expect([...state.voices.keys()]).toEqual(["alice"]);
    expect(nextChange_ms(state, HOLD_MS - 1)).toBe(HOLD_MS);
    state = hear(state, says(), HOLD_MS);
    expect(state.voices.size).toBe(0);
    expect(nextChange_ms(state, HOLD_MS)).toBeNull();
  });

  it("moves the big place only after two seconds, and only from somebody who is silent", () => {
    let state = hear(SILENCE, says("alice"), 0);
    expect(state.main).toBe("alice");
    state = hear(state, says("alice", "bob"), 1_000);
    state = hear(state, says("bob"), 1_500);
    expect(state.main).toBe("alice");
    state = hear(state, says("bob"), 2_200);
    expect(state.main).toBe("alice");
    state = hear(state, says("bob"), 1_000 + TAKES_BIG_PLACE_MS);
    expect(state.main).toBe("bob");
  });

  it("keeps the last speaker large in silence", () => {
    const spoke = hear(SILENCE, says("alice"), 0);
    expect(hear(spoke, says(), 10_000).main).toBe("alice");
  });

  it("does not turn every head for a cough", () => {
    let state = hear(SILENCE, says("alice"), 0);
    state = hear(state, says("bob"), 5_000);
    state = hear(state, says(), 5_600);
    expect(state.main).toBe("alice");
  });
});
