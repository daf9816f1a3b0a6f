import { describe, expect, it } from "vitest";
import { promote, reseat } from "./seats";

describe("seats", () => {
  it("keep their order; who is new comes after, you are last", () => {
    expect(reseat(["b", "a", "you"], ["a", "b", "c", "you"], "you")).toEqual(["b", "a", "c", "you"]);
    expect(reseat(["b", "a", "you"], ["a", "you"], "you")).toEqual(["a", "you"]);
  });

  it("change for a speaker from another page, who takes the place of the longest silent one", () => {
    const spoke = new Map([
      ["a", 300],
      ["b", 100],
      ["c", 200],
    ]);
    expect(promote(["a", "b", "c", "d", "e", "you"], ["a", "b", "c"], "e", "you", spoke)).toEqual([
      "a",
      "e",
      "c",
      "d",
      "b",
      "you",
    ]);
  });

  it("do not change for somebody who is visible, and never take yours", () => {
    const seats = ["a", "b", "you"];
    expect(promote(seats, ["a"], "a", "you", new Map())).toBe(seats);
    expect(promote(seats, ["you"], "b", "you", new Map())).toBe(seats);
  });

  it("prefer somebody who never spoke", () => {
    expect(promote(["a", "b", "c"], ["a", "b"], "c", "you", new Map([["a", 1]]))).toEqual(["a", "c", "b"]);
  });
});
