import { describe, expect, it } from "vitest";
import { matches, shortcutText } from "./shortcuts";
import type { KeyPress } from "./shortcuts";

const press = (key: string, part: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  repeat: false,
  isTyping: false,
  isInDialog: false,
  ...part,
});
const chord = { key: "d", isChord: true };
const letter = { key: "m", isChord: false };
const help = { key: "?", isChord: false };
const pc = { isMac: false, hasLetters: false };
const mac = { isMac: true, hasLetters: false };
const letters = { isMac: false, hasLetters: true };

describe("shortcuts", () => {
  it("chords take Ctrl on a PC and ⌘ on a Mac, also while typing, but not in a dialog", () => {
    expect(matches(press("d", { ctrlKey: true }), chord, pc)).toBe(true);
    expect(matches(press("D", { ctrlKey: true, isTyping: true }), chord, pc)).toBe(true);
    expect(matches(press("d", { metaKey: true }), chord, pc)).toBe(false);
    expect(matches(press("d", { metaKey: true }), chord, mac)).toBe(true);
    expect(matches(press("d", { ctrlKey: true, shiftKey: true }), chord, pc)).toBe(false);
    expect(matches(press("d", { ctrlKey: true, isInDialog: true }), chord, pc)).toBe(false);
    expect(matches(press("d", { ctrlKey: true, repeat: true }), chord, pc)).toBe(false);
  });

  it("single letters work only for those who asked, and never while typing", () => {
    expect(matches(press("m"), letter, pc)).toBe(false);
    expect(matches(press("m"), letter, letters)).toBe(true);
    expect(matches(press("m", { isTyping: true }), letter, letters)).toBe(false);
    expect(matches(press("m", { ctrlKey: true }), letter, letters)).toBe(false);
  });

  it("the question mark asks for help with or without Shift", () => {
    expect(matches(press("?", { shiftKey: true }), help, pc)).toBe(true);
    expect(matches(press("?"), help, pc)).toBe(true);
    expect(matches(press("?", { shiftKey: true, isTyping: true }), help, pc)).toBe(false);
  });

  it("are written as people know them", () => {
    expect(shortcutText(chord, false)).toBe("Ctrl D");
    expect(shortcutText(chord, true)).toBe("⌘ D");
    expect(shortcutText({ key: "pagedown", isChord: false }, false)).toBe("PageDown");
  });
});
