// Two libraries bring far more than a call page shows: react-aria its own words in thirty languages, Phosphor each
// icon in six weights. What the page never uses is left out here, so that it stays small on slow networks.
import type { Plugin } from "vite";

/** The languages of `src/text`; everybody else reads English there, too. */
const LANGUAGES: readonly string[] = ["en-US", "de-DE"];
/** Icons that are filled where something is on, and those that are always filled; all others stand in outline only. */
const BOTH: ReadonlySet<string> = new Set([
  "ChatCircleDots",
  "Hand",
  "Info",
  "LockSimple",
  "PhoneDisconnect",
  "PushPin",
  "PushPinSlash",
  "Screencast",
  "ShieldCheck",
  "Smiley",
  "Star",
  "UsersThree",
]);
const FILLED: ReadonlySet<string> = new Set([
  "Confetti",
  "HandsClapping",
  "Heart",
  "PaperPlaneRight",
  "SmileyMeh",
  "SmileyNervous",
  "SmileySticker",
  "Sparkle",
  "ThumbsUp",
]);
const keeps = (icon: string, weight: string): boolean =>
  BOTH.has(icon)
    ? weight === "fill" || weight === "regular"
    : weight === (FILLED.has(icon) ? "fill" : "regular");

const ARIA_WORDS = /[\\/]react-(?:aria|stately|aria-components)[\\/].*[\\/]([a-z]{2}-[A-Z]{2})\.mjs$/;
const ICON_DRAWING = /[\\/]@phosphor-icons[\\/]react[\\/]dist[\\/]defs[\\/](\w+)\.es\.js$/;
const ICON_BASE = /[\\/]@phosphor-icons[\\/]react[\\/]dist[\\/]lib[\\/]IconBase\.es\.js$/;
const ICON_NAME = /[\\/]@phosphor-icons[\\/]react[\\/]dist[\\/]csr[\\/]\w+\.es\.js$/;
/** For React before 18; ours has it. */
const STORE_SHIM = "use-sync-external-store/shim/index.js";
const WEIGHT_CHOICE = "m.get(o != null ? o : f)";
const WEIGHT_ENTRY = /^ {2}\[\n {4}"(\w+)",\n[^]*?\n {2}\],?\n/gm;

export function trimLibraries(): Plugin {
  return {
    name: "palaver:trim-libraries",
    enforce: "pre",
    resolveId: (source) => (source === STORE_SHIM ? `\0${STORE_SHIM}` : null),
    load: (id) => (id === `\0${STORE_SHIM}` ? 'export { useSyncExternalStore } from "react";' : null),
    transform(code, id) {
      const language = ARIA_WORDS.exec(id)?.[1];
      if (language && !LANGUAGES.includes(language)) return 'export { default } from "./en-US.mjs";';
      if (ICON_NAME.test(id)) return code.replace(/^\w+\.displayName = .*$/m, "");
      if (ICON_BASE.test(id)) return withAnyWeight(code, id);
      const icon = ICON_DRAWING.exec(id)?.[1];
      if (icon === undefined) return null;
      const found = [...code.matchAll(WEIGHT_ENTRY)].map(([, weight]) => weight);
      // A new version of the library may be written otherwise: then this must be looked at, not silently do nothing.
      if (found.length !== 6) throw new Error(`${id}: six weights expected, found ${found.join(", ")}`);
      return code.replace(WEIGHT_ENTRY, (entry: string, weight: string) =>
        keeps(icon, weight) ? entry : "",
      );
    },
  };
}

/** A weight that was left out by mistake shows the other drawing, not an empty place. */
function withAnyWeight(code: string, id: string): string {
  if (!code.includes(WEIGHT_CHOICE)) throw new Error(`${id}: ${WEIGHT_CHOICE} expected`);
  return code.replace(WEIGHT_CHOICE, `(${WEIGHT_CHOICE} ?? m.values().next().value)`);
}
