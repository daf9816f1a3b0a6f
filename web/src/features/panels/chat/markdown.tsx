// The tree of a message as elements: every text of it becomes a text node, and no HTML is made of anything.
import { Fragment, memo } from "react";
import type { ReactNode } from "react";
import { readMarkdown } from "../../../chat/markdown";
import type { Block } from "../../../chat/markdown";
import type { Inline } from "../../../chat/markdown_inline";

export interface MarkdownProps {
  text: string;
  /** Draws a piece of plain text, to set mentions off. */
  drawText?: ((text: string) => ReactNode) | undefined;
}

export const Markdown = memo(function Markdown({ text, drawText = asIs }: MarkdownProps) {
  return blocks(readMarkdown(text), drawText);
});

type DrawText = (text: string) => ReactNode;
const asIs: DrawText = (text) => text;

const blocks = (given: readonly Block[], draw: DrawText): ReactNode =>
  given.map((block, index) => <Fragment key={index}>{blockView(block, draw)}</Fragment>);

function blockView(block: Block, draw: DrawText): ReactNode {
  switch (block.kind) {
    case "paragraph":
      return block.isTight ? inlines(block.children, draw) : <p>{inlines(block.children, draw)}</p>;
    case "quote":
      return <blockquote>{blocks(block.children, draw)}</blockquote>;
    case "code":
      return (
        <pre>
          <code>{block.text}</code>
        </pre>
      );
    case "list": {
      const items = block.items.map((item, index) => <li key={index}>{blocks(item, draw)}</li>);
      if (block.start === null) return <ul>{items}</ul>;
      return block.start === 1 ? <ol>{items}</ol> : <ol start={block.start}>{items}</ol>;
    }
  }
}

const inlines = (given: readonly Inline[], draw: DrawText): ReactNode =>
  given.map((inline, index) => <Fragment key={index}>{inlineView(inline, draw)}</Fragment>);

function inlineView(inline: Inline, draw: DrawText): ReactNode {
  switch (inline.kind) {
    case "text":
      return draw(inline.text);
    case "break":
      return <br />;
    case "code":
      return <code>{inline.text}</code>;
    case "strong":
      return <strong>{inlines(inline.children, draw)}</strong>;
    case "emphasis":
      return <em>{inlines(inline.children, draw)}</em>;
    case "link":
      return (
        <a href={inline.href} target="_blank" rel="noopener noreferrer nofollow">
          {inlines(inline.children, draw)}
        </a>
      );
  }
}
