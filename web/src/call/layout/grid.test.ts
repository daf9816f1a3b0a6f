import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { area } from "./box";
import type { Box } from "./box";
import { gridBoxes, pageCapacity } from "./grid";
import { gridRules } from "./stage_model";

const desktop = gridRules("desktop", { width: 1408, height: 740 });
const room = (width: number, height: number): Box => ({ x: 0, y: 0, width, height });

const rooms = fc.record({
  width: fc.integer({ min: 200, max: 2600 }),
  height: fc.integer({ min: 150, max: 1600 }),
  device: fc.constantFrom("desktop" as const, "tablet" as const, "phone" as const),
});

function overlaps(a: Box, b: Box): boolean {
  const slack = 0.01;
  return (
    a.x + a.width > b.x + slack &&
    b.x + b.width > a.x + slack &&
    a.y + a.height > b.y + slack &&
    b.y + b.height > a.y + slack
  );
}

describe("the grid", () => {
  it("puts six people three by two in a wide room, as drawn", () => {
    const boxes = gridBoxes(6, room(1408, 740), desktop);
    expect(new Set(boxes.map((box) => Math.round(box.y))).size).toBe(2);
    expect(new Set(boxes.map((box) => Math.round(box.x))).size).toBe(3);
  });

  it("puts six people two by three on an upright phone", () => {
    const boxes = gridBoxes(6, room(374, 690), gridRules("phone", { width: 374, height: 690 }));
    expect(new Set(boxes.map((box) => Math.round(box.y))).size).toBe(3);
    expect(boxes[0]?.width).toBeCloseTo(183, 0);
  });

  it("puts two side by side in a wide room and above each other in a tall one", () => {
    const wide = gridBoxes(2, room(1400, 800), desktop);
    expect(wide[0]?.y).toBe(wide[1]?.y);
    const tall = gridBoxes(2, room(800, 800), desktop);
    expect(tall[0]?.x).toBe(tall[1]?.x);
  });

  it("keeps one tile within 1120 px and 72 % of the room", () => {
    const [big] = gridBoxes(1, room(2400, 1300), desktop);
    expect(big?.width).toBe(1120);
    const [small] = gridBoxes(1, room(800, 500), desktop);
    expect(area(small as Box)).toBeLessThanOrEqual(0.72 * 800 * 500 + 1);
  });

  it("centres the last row", () => {
    const boxes = gridBoxes(5, room(1408, 740), desktop);
    const last = boxes.slice(3);
    const middle = ((last[0]?.x ?? 0) + (last[1]?.x ?? 0) + (last[1]?.width ?? 0)) / 2;
    expect(middle).toBeCloseTo(704, 0);
  });

  it("keeps all tiles equal, inside, apart and in shape, whatever the room", () => {
    fc.assert(
      fc.property(rooms, fc.integer({ min: 1, max: 25 }), ({ width, height, device }, count) => {
        const rules = gridRules(device, { width, height });
        const boxes = gridBoxes(count, room(width, height), rules);
        expect(boxes).toHaveLength(count);
        boxes.forEach((box, index) => {
          expect(box.x).toBeGreaterThanOrEqual(-0.01);
          expect(box.y).toBeGreaterThanOrEqual(-0.01);
          expect(box.x + box.width).toBeLessThanOrEqual(width + 0.01);
          expect(box.y + box.height).toBeLessThanOrEqual(height + 0.01);
          expect(box.width).toBeCloseTo(boxes[0]?.width ?? 0, 6);
          expect(box.width / box.height).toBeGreaterThanOrEqual(rules.aspect.min - 0.001);
          expect(box.width / box.height).toBeLessThanOrEqual(rules.aspect.max + 0.001);
          for (const other of boxes.slice(index + 1)) expect(overlaps(box, other)).toBe(false);
        });
      }),
    );
  });

  it("finds no other column count with larger tiles", () => {
    fc.assert(
      fc.property(rooms, fc.integer({ min: 3, max: 25 }), ({ width, height, device }, count) => {
        const rules = gridRules(device, { width, height });
        const [chosen] = gridBoxes(count, room(width, height), rules);
        for (let columns = 1; columns <= count; columns++) {
          const rows = Math.ceil(count / columns);
          const cell = {
            width: (width - rules.gap * (columns - 1)) / columns,
            height: (height - rules.gap * (rows - 1)) / rows,
          };
          if (cell.width <= 1 || cell.height <= 1) continue;
          const w = Math.min(cell.width, cell.height * rules.aspect.max);
          const h = Math.min(cell.height, w / rules.aspect.min);
          expect(area(chosen as Box)).toBeGreaterThanOrEqual(w * h - 1.5);
        }
      }),
    );
  });

  it("pages before a tile becomes smaller than allowed", () => {
    fc.assert(
      fc.property(rooms, fc.integer({ min: 2, max: 60 }), ({ width, height, device }, count) => {
        const rules = gridRules(device, { width, height });
        const capacity = pageCapacity(count, { width, height }, rules);
        expect(capacity).toBeGreaterThanOrEqual(1);
        expect(capacity).toBeLessThanOrEqual(rules.maxPerPage);
        if (capacity === 1) return;
        const [box] = gridBoxes(capacity, room(width, height), rules);
        expect(box?.width).toBeGreaterThanOrEqual(rules.smallest.width - 0.01);
        expect(box?.height).toBeGreaterThanOrEqual(rules.smallest.height - 0.01);
      }),
    );
  });
});
