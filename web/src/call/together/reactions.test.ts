import { beforeEach, describe, expect, it } from "vitest";
import { participant, snapshot } from "../../testing/fakes";
import type { PlacedTile } from "../layout/stage_model";
import { nextCell } from "./picker_keys";
import { bundle, Reactions, SHOWN_MS } from "./reactions";
import { TogetherWorld } from "../../testing/together_world";

let world: TogetherWorld;
let reactions: Reactions;
const rights = snapshot(1, []).room.rights;
const people = ["alice", "bob", "carol", "dave"].map((name) => participant(name));
const reacted = (name: string, reaction: string) =>
  world.news({ kind: "reacted", participant_id: `id-${name}`, reaction });
const shown = () => [...reactions.shown.value].map(([key, one]) => `${key} ${one.reaction}`);

beforeEach(() => {
  world = new TogetherWorld();
  reactions = new Reactions(world.deps);
  world.roster(...people);
});

describe("a reaction", () => {
  it("is shown at its sender for three seconds", () => {
    reacted("bob", "clap");
    world.timers.advance(SHOWN_MS - 1);
    expect(shown()).toEqual(["id-bob clap"]);
    world.timers.advance(1);
    expect(shown()).toEqual([]);
  });

  it("gives way to a newer one of the same person, which has its own three seconds", () => {
    reacted("bob", "clap");
    world.timers.advance(2_000);
    reacted("bob", "heart");
    world.timers.advance(2_000);
    expect(shown()).toEqual(["id-bob heart"]);
    world.timers.advance(1_000);
    expect(shown()).toEqual([]);
  });

  it("is ignored when it, or its sender, is unknown", () => {
    reacted("bob", "fireworks");
    reacted("stranger", "clap");
    world.news({ kind: "reacted", participant_id: 7, reaction: null });
    expect(shown()).toEqual([]);
  });

  it("of somebody without a tile is bundled for the corner", () => {
    world.plan.value = { ...world.plan.value, tiles: [{ key: "id-bob" } as PlacedTile] };
    reacted("bob", "clap");
    reacted("carol", "clap");
    reacted("dave", "clap");
    reacted("alice", "heart");
    expect(reactions.elsewhere.value).toEqual([
      { reaction: "clap", names: ["carol", "dave"] },
      { reaction: "heart", names: ["alice"] },
    ]);
  });

  it("is said once for a wave, with one name and a number; one's own not at all", () => {
    reacted("bob", "clap");
    reacted("carol", "clap");
    reacted("bob", "clap");
    reacted("alice", "clap");
    reacted("dave", "heart");
    reacted("carol", "clap");
    world.timers.advance(5_000);
    expect(world.said).toEqual(["say.react.clap.more bob 1", "say.react.heart dave"]);
  });
});

describe("bundles", () => {
  it("have each name once, and the order of the picker", () => {
    const all = [
      { reaction: "heart" as const, name: "Kofi" },
      { reaction: "agree" as const, name: "Leila" },
      { reaction: "heart" as const, name: "Kofi" },
    ];
    expect(bundle(all)).toEqual([
      { reaction: "agree", names: ["Leila"] },
      { reaction: "heart", names: ["Kofi"] },
    ]);
  });
});

describe("what one likes", () => {
  it("switches all of them off, and is kept", () => {
    reacted("bob", "clap");
    reactions.setShowing(false);
    reacted("carol", "heart");
    world.timers.advance(5_000);
    expect(shown()).toEqual([]);
    expect(world.choices.read().showsReactions).toBe(false);
    expect(new Reactions(world.deps).isShowing.value).toBe(false);
  });

  it("switches the reading off alone", () => {
    reactions.setReading(false);
    reacted("bob", "clap");
    world.timers.advance(2_000);
    expect(shown()).toEqual(["id-bob clap"]);
    expect(world.said).toEqual([]);
  });
});

describe("sending", () => {
  it("drops what is pressed faster than the server takes it", () => {
    reactions.send("clap");
    world.timers.advance(300);
    reactions.send("clap");
    world.timers.advance(300);
    reactions.send("heart");
    expect(world.commands).toEqual([
      { kind: "react", reaction: "clap" },
      { kind: "react", reaction: "heart" },
    ]);
    expect(reactions.last).toBe("heart");
  });

  it("says nothing of a refusal", async () => {
    world.refusal = "too_fast";
    reactions.send("clap");
    await Promise.resolve();
    await Promise.resolve();
    expect(world.toastKeys).toEqual([]);
    expect(world.said).toEqual([]);
  });

  it("is not for those for whom it is switched off, but for moderators", () => {
    reactions.setPickerOpen(true);
    world.room({ rights: { ...rights, reactions: false } });
    expect(reactions.isAllowed.value).toBe(false);
    expect(reactions.isPickerOpen.value).toBe(false);
    world.roster(participant("alice", { role: "co_host" }));
    expect(reactions.isAllowed.value).toBe(true);
    world.roster(participant("alice", { role: "host", is_acting: true }));
    expect(reactions.isAllowed.value).toBe(true);
  });

  it("rests while everything is suspended", () => {
    world.room({ is_suspended: true });
    expect(reactions.isAllowed.value).toBe(false);
  });
});

describe("the keys of the picker", () => {
  const walk = (from: number, ...keys: string[]) =>
    keys.reduce((cell, key) => nextCell(cell, key, 6, false) ?? cell, from);

  it("walk in both directions and stop at the edges", () => {
    expect(walk(0, "ArrowRight", "ArrowDown")).toBe(4);
    expect(walk(4, "ArrowUp", "ArrowUp")).toBe(1);
    expect(walk(0, "ArrowLeft")).toBe(0);
    expect(walk(1, "End")).toBe(5);
    expect(walk(5, "ArrowRight", "Home")).toBe(0);
    expect(nextCell(0, "a", 6, false)).toBeNull();
  });

  it("follow the direction of writing", () => {
    expect(nextCell(0, "ArrowLeft", 6, true)).toBe(1);
  });
});
