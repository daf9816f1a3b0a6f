import { describe, expect, it } from "vitest";
import { mentionAt, mentionable, mentionedIn, splitMentions, suggest } from "./mentions";

const PEOPLE = [
  { identity: "a", name: "Ana" },
  { identity: "b", name: "Ana María" },
  { identity: "c", name: "José Ferreira" },
];

describe("mentions", () => {
  it("are looked for after an @ that begins a word", () => {
    expect(mentionAt("hi @An", 6)).toEqual({ start: 3, query: "An" });
    expect(mentionAt("mail a@b", 8)).toBeNull();
  });

  it("are found by any part of a name, without accents", () => {
    expect(suggest(PEOPLE, "fer").map((one) => one.identity)).toEqual(["c"]);
    expect(suggest(PEOPLE, "mari").map((one) => one.identity)).toEqual(["b"]);
  });

  it("are offered of those who wrote and have left, too, each once and after those inside", () => {
    const said = ["d", "b", "e", "d", "me"].map((identity) => ({
      sender: { identity, name: `N ${identity}` },
    }));
    const again = { sender: { identity: "old", name: "Ana" } };
    expect(mentionable(PEOPLE, [again, ...said], "me").map((one) => one.identity)).toEqual([
      "a",
      "b",
      "c",
      "d",
      "e",
    ]);
  });

  it("are those whose name stands in the text", () => {
    expect(mentionedIn("@José Ferreira, look", PEOPLE)).toEqual(["c"]);
  });

  it("take the longest name", () => {
    expect(splitMentions("x @Ana María!", ["Ana", "Ana María"])).toEqual([
      { text: "x ", isMention: false },
      { text: "@Ana María", isMention: true },
      { text: "!", isMention: false },
    ]);
  });
});
