// The small Markdown of messages as a tree: no HTML is ever made of it, views put its texts into text nodes. Rules:
// CHAT-061 to CHAT-066 in docs/protocol/chat.md; schema/markdown.json holds server and browser to the same result.
import { readBlocks } from "./markdown_blocks";
import { readInline } from "./markdown_inline";
import type { Inline } from "./markdown_inline";

export type Block =
  | { kind: "paragraph"; isTight: boolean; children: readonly Inline[] }
  | { kind: "quote"; children: readonly Block[] }
  | { kind: "list"; start: number | null; items: readonly (readonly Block[])[] }
  | { kind: "code"; text: string };

export function readMarkdown(text: string): readonly Block[] {
  const blocks = readBlocks(text);
  return blocks ? blocks.map((block) => finished(block, false)) : [asTyped(text)];
}

function finished(raw: NonNullable<ReturnType<typeof readBlocks>>[number], isTight: boolean): Block {
  switch (raw.kind) {
    case "paragraph":
      return { kind: "paragraph", isTight, children: readInline(raw.lines.join("\n").trim()) };
    case "quote":
      return { kind: "quote", children: raw.children.map((child) => finished(child, false)) };
    case "list":
      return {
        kind: "list",
        start: raw.start,
        items: raw.items.map((item) => item.children.map((child) => finished(child, !raw.isLoose))),
      };
    case "code":
      return { kind: "code", text: raw.text };
  }
}

/** CHAT-065: too deep for anybody to read. */
function asTyped(text: string): Block {
  const children = text
    .split("\n")
    .flatMap((line, index): Inline[] => [
      ...(index > 0 ? [{ kind: "break" as const }] : []),
      { kind: "text", text: line },
    ]);
  return { kind: "paragraph", isTight: false, children };
}
