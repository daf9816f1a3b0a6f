// What stands in the round brackets of a link: where it leads, and a title that is read over.
import { linkAddress } from "./address";

const MAX_BRACKETS = 32;

/** `href` is empty for a link to nowhere; `null` where this is no link. */
export function readDestination(
  source: string,
  from: number,
  to: number,
): { href: string; end: number } | null {
  let at = skipSpace(source, from, to);
  if (at >= to) return null;
  let href = "";
  const typed = source[at] === "<" ? inAngles(source, at, to) : plain(source, at, to);
  if (typed) {
    const address = linkAddress(typed.text);
    if (address === null) return null;
    href = address;
    at = skipSpace(source, typed.end, to);
    const title = at > typed.end ? titleEnd(source, at, to) : null;
    if (title !== null) at = skipSpace(source, title, to);
  }
  return at < to && source[at] === ")" ? { href, end: at + 1 } : null;
}

function skipSpace(source: string, from: number, to: number): number {
  let at = from;
  while (at < to && /[ \t\n]/.test(source[at] ?? "")) at += 1;
  return at;
}

function inAngles(source: string, from: number, to: number): { text: string; end: number } | null {
  for (let at = from + 1; at < to; at++) {
    const character = source[at];
    if (character === "\n" || character === "<") return null;
    if (character === ">") return { text: unescaped(source.slice(from + 1, at)), end: at + 1 };
    if (character === "\\" && at + 1 < to) at += 1;
  }
  return null;
}

function plain(source: string, from: number, to: number): { text: string; end: number } | null {
  let level = 0;
  let at = from;
  for (; at < to; at++) {
    const character = source[at] ?? "";
    if (character <= " " || character === "\x7f") break;
    if (character === "\\" && at + 1 < to) {
      if (source[at + 1] === " ") break;
      at += 1;
    } else if (character === "(" && ++level > MAX_BRACKETS) return null;
    else if (character === ")" && level-- === 0) break;
  }
  const isBalanced = level <= 0;
  return at === from || !isBalanced ? null : { text: unescaped(source.slice(from, at)), end: at };
}

function titleEnd(source: string, from: number, to: number): number | null {
  const open = source[from] ?? "";
  const close = { '"': '"', "'": "'", "(": ")" }[open];
  if (close === undefined) return null;
  for (let at = from + 1; at < to; at++) {
    if (source[at] === close) return at + 1;
    if (source[at] === "(" && close === ")") return null;
    if (source[at] === "\\") at += 1;
  }
  return null;
}

const unescaped = (text: string) => text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
