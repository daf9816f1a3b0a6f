import { describe, expect, it } from "vitest";
import { de } from "./de";
import { en } from "./en";
import { loadTranslator, translator } from "./translate";
import type { Catalogue, TextKey } from "./translate";

const forms = (entry: Catalogue[keyof Catalogue]): string[] =>
  typeof entry === "string" ? [entry] : Object.values(entry);
/** The places of all forms but the count, which a form for one may spell out. */
const places = (entry: Catalogue[keyof Catalogue]): string[] =>
  [...new Set(forms(entry).flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();

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
    for (const catalogue of [en, de] as Catalogue[]) {
      for (const key of Object.keys(en) as TextKey[]) {
        for (const form of forms(catalogue[key])) expect(form).not.toBe("");
      }
    }
  });

  it("write no key twice", () => {
    const parts = import.meta.glob<Record<string, object>>("./*.{en,de}.ts", { eager: true });
    for (const language of ["en", "de"]) {
      const keys = Object.entries(parts)
        .filter(([path]) => path.endsWith(`.${language}.ts`))
        .flatMap(([, part]) => Object.values(part).flatMap((words) => Object.keys(words)));
      expect(keys.length).toBeGreaterThan(400);
      expect(keys.filter((key, index) => keys.indexOf(key) < index)).toEqual([]);
    }
  });

  it("have the same keys, places and plurals in both languages", () => {
    expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort());
    const english: Catalogue = en;
    for (const key of Object.keys(en) as TextKey[]) {
      const [entry, original] = [de[key], english[key]];
      expect(places(entry), key).toEqual(places(original));
      expect(typeof entry, key).toBe(typeof original);
    }
  });

  it("come in the language of the page", async () => {
    expect((await loadTranslator("de"))("end.minutes", { count: 1200 })).toBe("1.200 Minuten");
    expect((await loadTranslator("de-AT"))("command.leave")).toBe("Verlassen");
    expect((await loadTranslator("en-gb"))("command.leave")).toBe("Leave");
    // A language without words of its own falls back to English.
    expect((await loadTranslator("fr"))("command.leave")).toBe("Leave");
  });
});
