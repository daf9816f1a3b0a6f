import fc from "fast-check";
import { expect, it } from "vitest";
import { retryDelayMs } from "./backoff";

it("lies between half a step and a step, and never above eight seconds", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (attempt, random) => {
      const delay_ms = retryDelayMs(attempt, () => random);
      const step_ms = Math.min(attempt < 15 ? 1_500 : 8_000, 250 * 2 ** Math.min(attempt, 10));
      expect(delay_ms).toBeGreaterThanOrEqual(step_ms / 2);
      expect(delay_ms).toBeLessThanOrEqual(step_ms);
    }),
  );
});
