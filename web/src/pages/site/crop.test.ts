import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { dragged, seen } from "./crop";

const sizes = fc.integer({ min: 1, max: 20_000 });
const position = fc.double({ min: 0, max: 1, noNaN: true });
const view = fc.record({ zoom: fc.double({ min: 1, max: 4, noNaN: true }), x: position, y: position });

describe("seen", () => {
  it("takes the middle of a wide picture at first", () => {
    expect(seen(400, 200, { zoom: 1, x: 0.5, y: 0.5 })).toEqual({ left: 100, top: 0, side: 200 });
  });

  it("takes a quarter at twice the size", () => {
    expect(seen(200, 200, { zoom: 2, x: 0, y: 1 })).toEqual({ left: 0, top: 100, side: 100 });
  });

  it("never leaves the picture", () => {
    fc.assert(
      fc.property(sizes, sizes, view, (width, height, someView) => {
        const { left, top, side } = seen(width, height, someView);
        expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
        expect(left + side).toBeLessThanOrEqual(width + 1e-6);
        expect(top + side).toBeLessThanOrEqual(height + 1e-6);
      }),
    );
  });
});

describe("dragged", () => {
  it("moves what is under the pointer with it", () => {
    const before = seen(400, 200, { zoom: 1, x: 0.5, y: 0.5 });
    const after = seen(400, 200, dragged(400, 200, { zoom: 1, x: 0.5, y: 0.5 }, 30, 50));
    expect(after).toEqual({ ...before, left: before.left - 30 });
  });

  it("stops at the edges", () => {
    fc.assert(
      fc.property(sizes, sizes, view, fc.integer(), fc.integer(), (width, height, someView, right, down) => {
        const { x, y } = dragged(width, height, someView, right, down);
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
        expect(Math.max(x, y)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
