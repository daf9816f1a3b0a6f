// The browser makes of a message what the server makes of it: both are held to schema/markdown.json.
import { readFileSync } from "node:fs";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Markdown } from "./markdown";

interface Corpus {
  rendering: { name: string; text: string; html: string }[];
}
const corpus = JSON.parse(
  readFileSync(new URL("../../../../../schema/markdown.json", import.meta.url), "utf8"),
) as Corpus;

const rendered = (text: string) => plain(renderToStaticMarkup(<Markdown text={text} />));
/** Quotes may be written as entities or not. */
const plain = (html: string) =>
  html.replaceAll("&#x27;", "'").replaceAll("&quot;", '"').replaceAll("<br/>", "<br>");

describe("the Markdown of messages", () => {
  it.each(corpus.rendering)("$name", ({ text, html }) => {
    expect(rendered(text)).toBe(plain(html));
  });

  it("comes to an end with what is made to take long", () => {
    for (const text of [
      "[".repeat(4000),
      "*a_".repeat(1300),
      "`".repeat(4000),
      "![](".repeat(1000),
      "> ".repeat(2000),
    ])
      expect(rendered(text)).toContain("</");
  });
});
