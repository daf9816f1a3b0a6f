// Keys to commands. Chords always work; single letters only for those who asked for them, and never while typing.

export interface Shortcut {
  /** As in KeyboardEvent.key, lower case. */
  key: string;
  /** Ctrl, or ⌘ on a Mac. */
  isChord: boolean;
  isShift?: boolean;
}

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  repeat: boolean;
  isTyping: boolean;
  isInDialog: boolean;
}

export interface KeyRules {
  isMac: boolean;
  hasLetters: boolean;
}

export function matches(press: KeyPress, shortcut: Shortcut, rules: KeyRules): boolean {
  if (press.repeat || press.altKey || press.key.toLowerCase() !== shortcut.key) return false;
  const isModified = rules.isMac ? press.metaKey && !press.ctrlKey : press.ctrlKey && !press.metaKey;
  if (shortcut.isChord)
    return isModified && press.shiftKey === (shortcut.isShift ?? false) && !press.isInDialog;
  if (press.ctrlKey || press.metaKey || press.isTyping || press.isInDialog) return false;
  // "?" is typed with Shift on most keyboards, and without on some: its own key says enough.
  const isLetter = /^[a-z]$/.test(shortcut.key);
  return isLetter ? rules.hasLetters && !press.shiftKey : true;
}

/** How a shortcut is written for people: "Ctrl D", "⌘ D", "M". */
export function shortcutText(shortcut: Shortcut, isMac: boolean): string {
  const key =
    shortcut.key.length === 1 ? shortcut.key.toUpperCase() : (KEY_NAMES[shortcut.key] ?? shortcut.key);
  const parts = [shortcut.isChord ? (isMac ? "⌘" : "Ctrl") : "", shortcut.isShift ? "Shift" : "", key];
  return parts.filter(Boolean).join(" ");
}

const KEY_NAMES: Readonly<Record<string, string>> = { pageup: "PageUp", pagedown: "PageDown", f6: "F6" };
