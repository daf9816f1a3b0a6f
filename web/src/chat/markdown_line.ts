// One line on its way through the open blocks: a place in it, counted in columns, because a tab may be used up by half.

const TAB = 4;

export interface ListMarker {
  /** The bullet, or what follows the number. */
  mark: string;
  /** `null` for bullets. */
  start: number | null;
  length: number;
  isEmpty: boolean;
}

export class Line {
  #at = 0;
  #column = 0;
  /** Columns of a tab at the place that are not used up. */
  #leftOfTab = 0;

  constructor(private readonly source: string) {}

  /** Columns of white space at the place. */
  get indent(): number {
    return this.#next().columns;
  }
  get isBlank(): boolean {
    return this.#next().at >= this.source.length;
  }
  /** Everything from the place on, white space included. */
  get rest(): string {
    return " ".repeat(this.#leftOfTab) + this.source.slice(this.#at + (this.#leftOfTab > 0 ? 1 : 0));
  }

  at(mark: string): boolean {
    return this.source[this.#next().at] === mark;
  }

  skipQuoteMark(): void {
    this.skipColumns(this.indent);
    this.#at += 1;
    this.#column += 1;
    if (/[ \t]/.test(this.source[this.#at] ?? "")) this.skipColumns(1);
  }

  skipColumns(count: number): void {
    for (let left = count; left > 0;) {
      const character = this.source[this.#at];
      if (character === " ") {
        this.#at += 1;
        this.#column += 1;
        left -= 1;
      } else if (character === "\t") {
        const width = this.#leftOfTab || TAB - (this.#column % TAB);
        const used = Math.min(width, left);
        this.#column += used;
        left -= used;
        this.#leftOfTab = width - used;
        if (this.#leftOfTab === 0) this.#at += 1;
      } else return;
    }
  }

  /** The mark that opens a fence here. */
  get fence(): string | null {
    const found = /^(`{3,}(?=[^`]*$)|~{3,})/.exec(this.source.slice(this.#next().at));
    return found?.[1] ?? null;
  }

  closesFence(mark: string): boolean {
    if (this.indent >= 4) return false;
    const found = /^(`+|~+)[ \t]*$/.exec(this.source.slice(this.#next().at))?.[1];
    return found !== undefined && found[0] === mark[0] && found.length >= mark.length;
  }

  withoutIndent(columns: number): string {
    this.skipColumns(Math.min(columns, this.indent));
    return this.rest;
  }

  get listMarker(): ListMarker | null {
    const found = /^(?:([-+*])|(\d{1,9})([.)]))(?=[ \t]|$)/.exec(this.source.slice(this.#next().at));
    if (!found) return null;
    const after = this.source.slice(this.#next().at + found[0].length);
    return {
      mark: found[1] ?? found[3] ?? "",
      start: found[2] === undefined ? null : Number(found[2]),
      length: found[0].length,
      isEmpty: /^[ \t]*$/.test(after),
    };
  }

  /** Moves to the content of the item; returns how many columns stand before it. */
  skipListMarker(marker: ListMarker): number {
    const before = this.indent;
    this.skipColumns(before);
    this.#at += marker.length;
    this.#column += marker.length;
    const spaces = this.indent;
    const used = marker.isEmpty || spaces > 4 ? 1 : spaces;
    this.skipColumns(used);
    return before + marker.length + used;
  }

  #next(): { at: number; columns: number } {
    let at = this.#at;
    let columns = 0;
    if (this.#leftOfTab > 0) {
      columns = this.#leftOfTab;
      at += 1;
    }
    for (; at < this.source.length; at++) {
      if (this.source[at] === " ") columns += 1;
      else if (this.source[at] === "\t") columns += TAB - ((this.#column + columns) % TAB);
      else break;
    }
    return { at, columns };
  }
}
