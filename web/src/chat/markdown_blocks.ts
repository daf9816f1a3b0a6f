// Paragraphs, quotes, lists and fences: line by line, with the stack of blocks that are still open.
import { Line } from "./markdown_line";

interface Paragraph {
  kind: "paragraph";
  lines: string[];
  endsBlank: boolean;
}
interface Code {
  kind: "code";
  text: string;
  mark: string;
  indent: number;
  isClosed: boolean;
  endsBlank: boolean;
}
interface Quote {
  kind: "quote";
  children: RawBlock[];
  endsBlank: boolean;
}
interface Item {
  kind: "item";
  children: RawBlock[];
  /** Columns before its content. */
  indent: number;
  endsBlank: boolean;
}
interface List {
  kind: "list";
  /** What all its items begin with: a bullet, or the mark after the number. */
  mark: string;
  start: number | null;
  items: Item[];
  isLoose: boolean;
  endsBlank: boolean;
}
export type RawBlock = Paragraph | Code | Quote | List;
type Container = { kind: "document"; children: RawBlock[]; endsBlank: boolean } | Quote | Item;

/** Quotes, lists and list items inside each other. */
const MAX_DEPTH = 10;

/** `null` for a text with more blocks inside each other than anybody reads. */
export function readBlocks(text: string): RawBlock[] | null {
  const reader = new BlockReader();
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    reader.take(new Line(line), index === lines.length - 1);
    if (reader.isTooDeep) return null;
  }
  for (const block of reader.blocks) settle(block);
  return reader.blocks;
}

class BlockReader {
  readonly blocks: RawBlock[] = [];
  isTooDeep = false;
  #open: Container[] = [{ kind: "document", children: this.blocks, endsBlank: false }];
  /** The open paragraph or fence; it belongs to the innermost open container. */
  #leaf: Paragraph | Code | null = null;

  take(line: Line, isLast: boolean): void {
    const matched = this.#match(line);
    const isAllMatched = matched === this.#open.length;
    if (isAllMatched && this.#leaf?.kind === "code") {
      continueCode(this.#leaf, line, isLast);
      if (this.#leaf.isClosed) this.#leaf = null;
      return;
    }
    const couldContinue = this.#leaf?.kind === "paragraph" ? this.#leaf : null;
    const opened = { any: false };
    const begin = () => {
      if (!opened.any) this.#close(matched);
      opened.any = true;
    };
    while (line.indent < 4 && !line.isBlank) {
      const interrupts = couldContinue !== null && isAllMatched && !opened.any;
      if (line.at(">")) {
        begin();
        line.skipQuoteMark();
        this.#push({ kind: "quote", children: [], endsBlank: false });
      } else if (line.fence) {
        begin();
        const indent = line.indent;
        this.#addLeaf({
          kind: "code",
          text: "",
          mark: line.fence,
          indent,
          isClosed: false,
          endsBlank: false,
        });
        return;
      } else if (!this.#openItem(line, interrupts, begin)) break;
    }
    if (line.isBlank) this.#blank(matched, opened.any);
    else if (couldContinue && !opened.any) couldContinue.lines.push(line.rest);
    else {
      begin();
      this.#addLeaf({ kind: "paragraph", lines: [line.rest], endsBlank: false });
    }
  }

  /** How many of the open containers go on in this line; the line is moved past their marks. */
  #match(line: Line): number {
    for (const [index, container] of this.#open.entries()) {
      if (container.kind === "quote") {
        if (line.indent >= 4 || !line.at(">")) return index;
        line.skipQuoteMark();
      } else if (container.kind === "item") {
        if (line.isBlank) {
          if (container.children.length === 0) return index;
        } else if (line.indent >= container.indent) line.skipColumns(container.indent);
        else return index;
      }
    }
    return this.#open.length;
  }

  #openItem(line: Line, interrupts: boolean, begin: () => void): boolean {
    const marker = line.listMarker;
    if (!marker) return false;
    if (interrupts && (marker.isEmpty || (marker.start !== null && marker.start !== 1))) return false;
    begin();
    const indent = line.skipListMarker(marker);
    const siblings = this.#innermost.children;
    const last = siblings.at(-1);
    let list = last?.kind === "list" && last.mark === marker.mark && this.#leaf === null ? last : null;
    if (!list) {
      list = {
        kind: "list",
        mark: marker.mark,
        start: marker.start,
        items: [],
        isLoose: false,
        endsBlank: false,
      };
      siblings.push(list);
    }
    const item: Item = { kind: "item", children: [], indent, endsBlank: false };
    list.items.push(item);
    this.#open.push(item);
    this.#checkDepth();
    return true;
  }

  #blank(matched: number, hasOpened: boolean): void {
    if (!hasOpened) this.#close(matched);
    const container = this.#innermost;
    const isNewItem = container.kind === "item" && container.children.length === 0 && hasOpened;
    const last = container.children.at(-1);
    if (last && last.kind !== "quote" && last.kind !== "code") last.endsBlank = true;
    else if (last?.kind === "code" && last.isClosed) last.endsBlank = true;
    else if (last?.kind === "quote")
      last.endsBlank = matched < this.#open.length || container.kind !== "quote";
    if (container.kind !== "quote" && !isNewItem) container.endsBlank = true;
    this.#leaf = null;
  }

  get #innermost(): Container {
    return this.#open[this.#open.length - 1] as Container;
  }

  #push(quote: Quote): void {
    this.#innermost.children.push(quote);
    this.#open.push(quote);
    this.#checkDepth();
  }

  #addLeaf(leaf: Paragraph | Code): void {
    for (const container of this.#open) container.endsBlank = false;
    this.#innermost.children.push(leaf);
    this.#leaf = leaf;
  }

  #close(count: number): void {
    this.#open = this.#open.slice(0, count);
    this.#leaf = null;
  }

  #checkDepth(): void {
    const depth = this.#open.reduce(
      (sum, { kind }) => sum + (kind === "item" ? 2 : kind === "quote" ? 1 : 0),
      0,
    );
    if (depth > MAX_DEPTH) this.isTooDeep = true;
  }
}

function continueCode(code: Code, line: Line, isLast: boolean): void {
  if (line.closesFence(code.mark)) code.isClosed = true;
  else code.text += line.withoutIndent(code.indent) + (isLast ? "" : "\n");
}

/** A list is loose when a blank line is between two of its items, or between two blocks of one of them. */
function settle(block: RawBlock): void {
  if (block.kind === "quote") block.children.forEach(settle);
  if (block.kind !== "list") return;
  for (const item of block.items) item.children.forEach(settle);
  block.isLoose = block.items.some((item, index) => {
    const isLastItem = index === block.items.length - 1;
    return (
      (!isLastItem && endsBlank(item)) ||
      item.children.some((child, at) => at < item.children.length - 1 && endsBlank(child))
    );
  });
}

function endsBlank(block: RawBlock | Item): boolean {
  if (block.endsBlank) return true;
  const last =
    block.kind === "list" ? block.items.at(-1) : block.kind === "item" ? block.children.at(-1) : null;
  return last ? endsBlank(last) : false;
}
