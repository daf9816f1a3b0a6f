import { describe, expect, it } from "vitest";
import { en } from "./en";
import { translator } from "./translate";

describe("texts", () => {
  it("take their places and plural forms", () => {
    const t = translator("en");
    expect(t("call.you", { name: "Amina" })).toBe("Amina (you)");
    expect(t("end.minutes", { count: 1 })).toBe("1 minute");
    expect(t("end.minutes", { count: 46 })).toBe("46 minutes");
    expect(t("call.more.count", { count: 1200 })).toBe("+1,200");
  });

  it("do not read places inside what a person typed", () => {
    expect(translator("en")("call.you", { name: "{name} {count}" })).toBe("{name} {count} (you)");
  });

  it("have words for every key", () => {
    for (const entry of Object.values(en)) {
      for (const form of typeof entry === "string" ? [entry] : Object.values(entry))
        expect(form).not.toBe("");
    }
  });
});
