// Code, emphasis, links and breaks inside a paragraph.
import { bareAddress, linkAddress } from "./address";
import { pairUp } from "./markdown_emphasis";
import type { Piece } from "./markdown_emphasis";
import { readDestination } from "./markdown_destination";

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "break" }
  | { kind: "code"; text: string }
  | { kind: "strong" | "emphasis"; children: readonly Inline[] }
  | { kind: "link"; href: string; children: readonly Inline[] };

/** Brackets inside each other that are looked into; beyond it they are text. */
const MAX_NESTING = 12;
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const MARKS = /[\n\\`*_[\]<:]/g;

export function readInline(source: string): readonly Inline[] {
  return new InlineReader(source).read(0, source.length, false, 0);
}

interface Link {
  labelEnd: number;
  href: string;
  end: number;
}

class InlineReader {
  /** Where the token at a place ends, as found while looking for the end of a label. */
  readonly #ends = new Map<number, number>();

  constructor(private readonly source: string) {}

  read(from: number, to: number, isInLink: boolean, depth: number): readonly Inline[] {
    const { source } = this;
    const pieces: Piece[] = [];
    let pending = "";
    const flush = () => {
      if (pending) pieces.push({ kind: "node", node: { kind: "text", text: pending } });
      pending = "";
    };
    const add = (node: Inline) => {
      flush();
      pieces.push({ kind: "node", node });
    };
    for (let at = from; at < to;) {
      const character = source[at] ?? "";
      if (character === "\n") {
        pending = pending.replace(/ +$/, "");
        add({ kind: "break" });
        at = this.#skipSpace(at + 1, to);
      } else if (character === "\\" && at + 1 < to) {
        const next = String.fromCodePoint(source.codePointAt(at + 1) ?? 0);
        if (next === "\n") {
          add({ kind: "break" });
          at = this.#skipSpace(at + 2, to);
        } else {
          add({ kind: "text", text: PUNCTUATION.test(next) ? next : `\\${next}` });
          at += 1 + next.length;
        }
      } else if (character === "`") {
        const code = this.#code(at, to);
        if (code.text === null) pending += source.slice(at, code.end);
        else add({ kind: "code", text: code.text });
        at = code.end;
      } else if (character === "*" || character === "_") {
        flush();
        const run = this.#run(at, to);
        pieces.push(run);
        at += run.length;
      } else if (character === "[" && depth < MAX_NESTING) {
        const link = this.#link(at, to, 0);
        if (!link) pending += character;
        else {
          flush();
          const children = this.read(at + 1, link.labelEnd, isInLink || link.href !== "", depth + 1);
          if (link.href === "") pieces.push(...children.map((node) => ({ kind: "node" as const, node })));
          else pieces.push({ kind: "node", node: { kind: "link", href: link.href, children } });
        }
        at = link?.end ?? at + 1;
      } else if (character === "<") {
        const found = this.#autolink(at, to);
        if (!found) pending += character;
        else if (isInLink) add({ kind: "text", text: found.text });
        else add({ kind: "link", href: found.href, children: [{ kind: "text", text: found.text }] });
        at = found?.end ?? at + 1;
      } else if (character === ":" && !isInLink) {
        const bare = bareAddress(source.slice(0, to), at, pending);
        if (bare) {
          pending = pending.slice(0, -bare.schemeLength);
          add({ kind: "link", href: bare.address, children: [{ kind: "text", text: bare.typed }] });
          at += bare.typed.length - bare.schemeLength;
        } else {
          pending += character;
          at += 1;
        }
      } else {
        MARKS.lastIndex = at + 1;
        const next = Math.min(MARKS.exec(source)?.index ?? to, to);
        pending += source.slice(at, next);
        at = next;
      }
    }
    flush();
    return pairUp(pieces);
  }

  #skipSpace(at: number, to: number): number {
    let next = at;
    while (next < to && (this.source[next] === " " || this.source[next] === "\t")) next += 1;
    return next;
  }

  /** A code span; without a text where it is not closed and only its ticks are used up. */
  #code(at: number, to: number): { text: string | null; end: number } {
    const { source } = this;
    let start = at;
    while (start < to && source[start] === "`") start += 1;
    const length = start - at;
    for (let place = start; ;) {
      const tick = source.indexOf("`", place);
      if (tick < 0 || tick >= to) return { text: null, end: start };
      let end = tick;
      while (end < to && source[end] === "`") end += 1;
      if (end - tick === length) {
        const text = source.slice(start, tick).replaceAll("\n", " ");
        return { text: text.replace(/^ (.+) $/, "$1"), end };
      }
      place = end;
    }
  }

  #run(at: number, to: number): Extract<Piece, { kind: "run" }> {
    const { source } = this;
    const mark = source[at] as "*" | "_";
    let end = at;
    while (end < to && source[end] === mark) end += 1;
    const before = at > 0 ? previousCharacter(source, at) : " ";
    const after = end < to ? String.fromCodePoint(source.codePointAt(end) ?? 32) : " ";
    const isOpen = !isSpace(after) && (!isPunctuation(after) || isSpace(before) || isPunctuation(before));
    const isClose = !isSpace(before) && (!isPunctuation(before) || isSpace(after) || isPunctuation(after));
    return {
      kind: "run",
      mark,
      length: end - at,
      left: end - at,
      canOpen: isOpen && (mark === "*" || !isClose || isPunctuation(before)),
      canClose: isClose && (mark === "*" || !isOpen || isPunctuation(after)),
    };
  }

  #link(at: number, to: number, depth: number): Link | null {
    const labelEnd = this.#labelEnd(at, to, depth);
    if (labelEnd === null || this.source[labelEnd + 1] !== "(") return null;
    const found = readDestination(this.source, labelEnd + 2, to);
    return found && { labelEnd, ...found };
  }

  /** Where the bracket that opens at *at* closes; `null` without, and where a link is in between. */
  #labelEnd(at: number, to: number, depth: number): number | null {
    let level = 1;
    for (let place = at + 1; place < to;) {
      if (this.source[place] === "]" && --level === 0) return place;
      const end = this.#tokenEnd(place, to, depth);
      if (this.source[place] === "[") {
        if (end !== place + 1) return null;
        level += 1;
      }
      place = end;
    }
    return null;
  }

  #tokenEnd(at: number, to: number, depth: number): number {
    const known = this.#ends.get(at);
    if (known !== undefined) return known;
    const end = depth >= MAX_NESTING ? to : this.#findTokenEnd(at, to, depth);
    this.#ends.set(at, end);
    return end;
  }

  #findTokenEnd(at: number, to: number, depth: number): number {
    switch (this.source[at]) {
      case "\\":
        return at + 1 < to
          ? at + 1 + String.fromCodePoint(this.source.codePointAt(at + 1) ?? 0).length
          : at + 1;
      case "`":
        return this.#code(at, to).end;
      case "[":
        return this.#link(at, to, depth + 1)?.end ?? at + 1;
      case "<":
        return this.#autolink(at, to)?.end ?? at + 1;
      default:
        return at + 1;
    }
  }

  #autolink(at: number, to: number): { href: string; text: string; end: number } | null {
    const close = this.source.indexOf(">", at);
    if (close < 0 || close >= to) return null;
    const text = this.source.slice(at + 1, close);
    const isAddress = /^[a-z][a-z0-9+.-]{1,31}:[^<>\0-\x20]*$/i.test(text);
    if (!isAddress && !MAIL.test(text)) return null;
    const href = linkAddress(isAddress ? text : `mailto:${text}`);
    return href === null ? null : { href, text, end: close + 1 };
  }
}

const MAIL =
  /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/i;

const isSpace = (character: string) => /[\p{Zs}\t-\r]/u.test(character);
const isPunctuation = (character: string) => PUNCTUATION.test(character) || /[\p{P}\p{S}]/u.test(character);

function previousCharacter(source: string, at: number): string {
  const low = source[at - 1] ?? " ";
  return /[\udc00-\udfff]/.test(low) ? source.slice(Math.max(0, at - 2), at) : low;
}
