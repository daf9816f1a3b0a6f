import { expect, it } from "vitest";
import { levelOf } from "./level_meter";

const tone = (amplitude: number) =>
  Float32Array.from({ length: 1024 }, (_, index) => amplitude * Math.sin(index / 5));

it("goes from 0 in silence to 1 in loud speech, and grows with the sound", () => {
  expect(levelOf(tone(0))).toBe(0);
  expect(levelOf(new Float32Array())).toBe(0);
  expect(levelOf(tone(1))).toBe(1);
  const levels = [0.002, 0.01, 0.05, 0.2].map((amplitude) => levelOf(tone(amplitude)));
  expect(levels).toEqual([...levels].sort((a, b) => a - b));
  expect(levels[1]).toBeGreaterThan(0);
});
