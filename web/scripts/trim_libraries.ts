// Two libraries bring far more than a call page shows: react-aria its own words in thirty languages, Phosphor each
// icon in six weights. What the page never uses is left out here, so that it stays small on slow networks.
import type { Plugin } from "vite";

/** The languages of `src/text`; everybody else reads English there, too. */
const LANGUAGES: readonly string[] = ["en-US", "de-DE"];
/** As `components/icon.tsx` draws them. */
const WEIGHTS: readonly string[] = ["regular", "fill"];
/** Icons that are drawn in one weight only: reactions are always filled, and what merely stands in menus never is. */
const ONLY: Readonly<Record<string, string>> = {
  ThumbsUp: "fill",
  HandsClapping: "fill",
  Heart: "fill",
  SmileySticker: "fill",
  Sparkle: "fill",
  Confetti: "fill",
  Bell: "regular",
  Clock: "regular",
  Coffee: "regular",
  Eye: "regular",
  Gear: "regular",
  HourglassMedium: "regular",
  Keyboard: "regular",
  MagnifyingGlass: "regular",
  PencilSimple: "regular",
  Phone: "regular",
  Prohibit: "regular",
  Trash: "regular",
  UserCheck: "regular",
};

const ARIA_WORDS = /[\\/]react-(?:aria|stately|aria-components)[\\/].*[\\/]([a-z]{2}-[A-Z]{2})\.mjs$/;
const ICON_DRAWING = /[\\/]@phosphor-icons[\\/]react[\\/]dist[\\/]defs[\\/](\w+)\.es\.js$/;
const WEIGHT_ENTRY = /^ {2}\[\n {4}"(\w+)",\n[^]*?\n {2}\],?\n/gm;

export function trimLibraries(): Plugin {
  return {
    name: "palaver:trim-libraries",
    enforce: "pre",
    transform(code, id) {
      const language = ARIA_WORDS.exec(id)?.[1];
      if (language && !LANGUAGES.includes(language)) return 'export { default } from "./en-US.mjs";';
      const icon = ICON_DRAWING.exec(id)?.[1];
      if (icon === undefined) return null;
      const found = [...code.matchAll(WEIGHT_ENTRY)].map(([, weight]) => weight);
      // A new version of the library may be written otherwise: then this must be looked at, not silently do nothing.
      if (found.length !== 6) throw new Error(`${id}: six weights expected, found ${found.join(", ")}`);
      return code.replace(WEIGHT_ENTRY, (entry: string, weight: string) =>
        (ONLY[icon] ?? weight) === weight && WEIGHTS.includes(weight) ? entry : "",
      );
    },
  };
}
