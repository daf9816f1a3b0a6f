import { describe, expect, it } from "vitest";
import { browserChoices, DEFAULT_CHOICES, parseChoices } from "./choices";

describe("remembered choices", () => {
  it("fall back to the defaults, value by value", () => {
    expect(parseChoices(null)).toEqual(DEFAULT_CHOICES);
    expect(parseChoices("{ broken")).toEqual(DEFAULT_CHOICES);
    expect(parseChoices("[]")).toEqual(DEFAULT_CHOICES);
    expect(parseChoices(JSON.stringify({ name: "Bob", isCameraOn: "yes", pictureQuality: "low" }))).toEqual({
      ...DEFAULT_CHOICES,
      name: "Bob",
      pictureQuality: "low",
    });
  });

  it("capture 720p unless somebody chose less", () => {
    expect(DEFAULT_CHOICES.pictureQuality).toBe("high");
  });

  it("are kept, and live on in memory when storage is shut", () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    };
    browserChoices(() => storage as unknown as Storage).change({ name: "Carol" });
    expect(browserChoices(() => storage as unknown as Storage).read().name).toBe("Carol");
    const shut = browserChoices(() => {
      throw new Error("shut");
    });
    shut.change({ name: "Dave" });
    expect(shut.read().name).toBe("Dave");
  });
});
