import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { area } from "./box";
import type { StageInput } from "./stage_model";
import { planStage } from "./stage_plan";

const people = (count: number) => [...Array.from({ length: count - 1 }, (_, index) => `p${index}`), "you"];

const base: StageInput = {
  room: { width: 1408, height: 740 },
  device: "desktop",
  people: people(6),
  you: "you",
  mode: "grid",
  mainSpeaker: null,
  pinned: [],
  screen: null,
  page: 0,
  corner: "end-bottom",
};
const screen = { owner: "p1", aspectRatio: 16 / 9, hasOwnerPicture: true, isOwnerHidden: false };
const phone = { device: "phone" as const, room: { width: 374, height: 690 } };
const placeOf = (input: StageInput, key: string) =>
  planStage(input).tiles.find((tile) => tile.key === key)?.place;

describe("the stage", () => {
  it("is empty without room or people", () => {
    expect(planStage({ ...base, room: { width: 0, height: 0 } }).tiles).toEqual([]);
    expect(planStage({ ...base, people: [] }).tiles).toEqual([]);
  });

  it("shows everybody in the grid, the own tile last", () => {
    const plan = planStage(base);
    expect(plan.tiles.map((tile) => tile.key)).toEqual(base.people);
    expect(plan.pages).toBe(1);
  });

  it("floats the own picture when two are there, in the chosen corner", () => {
    const input = { ...base, people: people(2) };
    expect(placeOf(input, "p0")).toBe("single");
    const bottom = planStage(input).tiles[1];
    const top = planStage({ ...input, corner: "start-top" }).tiles[1];
    expect(bottom).toMatchObject({ key: "you", place: "floating" });
    expect(bottom?.width).toBeLessThanOrEqual(240);
    expect(top?.x).toBeLessThan(bottom?.x ?? 0);
    expect(top?.y).toBeLessThan(bottom?.y ?? 0);
  });

  it("gives the speaker the big place in speaker view, and somebody even in silence", () => {
    const input: StageInput = { ...base, mode: "speaker" };
    expect(placeOf({ ...input, mainSpeaker: "p3" }, "p3")).toBe("main");
    expect(placeOf(input, "p0")).toBe("main");
    expect(placeOf({ ...input, mainSpeaker: "p3" }, "p0")).toBe("strip");
  });

  it("gives pinned people the big place whatever the view; two side by side", () => {
    const plan = planStage({ ...base, pinned: ["p2", "p4"] });
    expect(plan.tiles.filter((tile) => tile.place === "main").map((tile) => tile.key)).toEqual(["p2", "p4"]);
    expect(placeOf({ ...base, pinned: ["gone"] }, "p0")).toBe("grid");
  });

  it("gives a shared screen at least 70 % of what its shape can take", () => {
    const plan = planStage({ ...base, screen });
    const room = area(base.room);
    expect(area(plan.screen ?? { width: 0, height: 0 })).toBeGreaterThan(0.55 * room);
    expect(plan.screen?.height).toBeGreaterThan(0.7 * base.room.height);
  });

  it("floats the presenter over the screen, unless hidden or without a picture", () => {
    expect(placeOf({ ...base, screen }, "p1")).toBe("presenter");
    expect(placeOf({ ...base, screen: { ...screen, isOwnerHidden: true } }, "p1")).toBe("strip");
    expect(placeOf({ ...base, screen: { ...screen, hasOwnerPicture: false } }, "p1")).toBe("strip");
  });

  it("puts the screen on top and people two by two below on an upright phone", () => {
    const plan = planStage({ ...base, ...phone, screen });
    expect(plan.screen?.y).toBeLessThan(1);
    expect(plan.screen?.width).toBeCloseTo(374, 0);
    const below = plan.tiles.filter((tile) => tile.place === "strip");
    expect(new Set(below.map((tile) => Math.round(tile.x))).size).toBe(2);
    for (const tile of below) expect(tile.y).toBeGreaterThan(plan.screen?.height ?? 0);
  });

  it("puts two side by side below a screen where there is no room for more", () => {
    const plan = planStage({ ...base, device: "phone", room: { width: 304, height: 500 }, screen });
    const [only] = plan.tiles;
    expect(plan.tiles).toHaveLength(1);
    expect(plan.more?.count).toBe(5);
    expect(plan.more?.box.y).toBe(only?.y);
    expect(plan.more?.box.x).toBeGreaterThan((only?.x ?? 0) + (only?.width ?? 0));
  });

  it("counts those who find no place in the strip", () => {
    const plan = planStage({ ...base, people: people(30), screen });
    expect(plan.more?.count).toBe(30 - plan.tiles.length);
  });

  it("turns pages, and stays on the last one", () => {
    const input = { ...base, people: people(60) };
    const first = planStage(input);
    expect(first.pages).toBeGreaterThan(1);
    const last = planStage({ ...input, page: 99 });
    expect(last.page).toBe(last.pages - 1);
    expect(last.tiles.at(-1)?.key).toBe("you");
    expect(last.tiles[0]?.width).toBeCloseTo(first.tiles[0]?.width ?? 0, 6);
  });

  it("loses nobody and puts everything inside, whatever the circumstances", () => {
    const input = fc.record({
      room: fc.record({
        width: fc.integer({ min: 280, max: 2560 }),
        height: fc.integer({ min: 160, max: 1400 }),
      }),
      device: fc.constantFrom("desktop" as const, "tablet" as const, "phone" as const),
      count: fc.integer({ min: 1, max: 40 }),
      mode: fc.constantFrom("grid" as const, "speaker" as const),
      isShared: fc.boolean(),
      pins: fc.subarray(["p0", "p1", "you"], { maxLength: 2 }),
      page: fc.nat(5),
    });
    fc.assert(
      fc.property(input, ({ room, device, count, mode, isShared, pins, page }) => {
        const plan = planStage({
          ...base,
          room,
          device,
          mode,
          page,
          people: people(count),
          pinned: pins,
          screen: isShared && count > 2 ? screen : null,
        });
        const keys = plan.tiles.map((tile) => tile.key);
        expect(new Set(keys).size).toBe(keys.length);
        const isShortOfRoom = room.height < 360;
        if (plan.pages === 1 && !isShortOfRoom) expect(keys.length + (plan.more?.count ?? 0)).toBe(count);
        for (const box of [...plan.tiles, ...(plan.screen ? [plan.screen] : [])]) {
          expect(box.width).toBeGreaterThan(0);
          expect(box.height).toBeGreaterThan(0);
          expect(box.x).toBeGreaterThanOrEqual(-0.01);
          expect(box.x + box.width).toBeLessThanOrEqual(room.width + 0.01);
          expect(box.y).toBeGreaterThanOrEqual(-0.01);
          expect(box.y + box.height).toBeLessThanOrEqual(room.height + 0.01);
        }
      }),
    );
  });
});
