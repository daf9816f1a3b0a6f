// Texts by key, with named places and plural forms. The catalogue is the only place where words are written.
import { en } from "./en";

export type TextKey = keyof typeof en;
type TextParams = Readonly<Record<string, string | number>>;
/** A text that is said later, in the language of whoever shows it. */
export interface Saying {
  key: TextKey;
  params?: TextParams;
}
type Forms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;
export type Catalogue = Readonly<Record<TextKey, string | Forms>>;
export type Translate = (key: TextKey, params?: TextParams) => string;

/** The words for *locale*: English comes with the page, others are loaded when somebody reads them. */
export async function loadTranslator(locale: string): Promise<Translate> {
  if (new Intl.Locale(locale).language !== "de") return translator(locale);
  // Without its words the page is still of use.
  const catalogue = await import("./de").then(
    ({ de }) => de,
    () => en,
  );
  return translator(locale, catalogue);
}

/** The plural form follows the place called `count`. */
export function translator(locale: string, catalogue: Catalogue = en): Translate {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  return (key, params = {}) => {
    const entry = catalogue[key];
    const count = params["count"];
    const form =
      typeof entry === "string"
        ? entry
        : ((typeof count === "number" ? entry[rules.select(count)] : undefined) ?? entry.other);
    return form.replace(/\{(\w+)\}/g, (place, name: string) => {
      const value = params[name];
      if (value === undefined) return place;
      return typeof value === "number" ? numbers.format(value) : value;
    });
  };
}
