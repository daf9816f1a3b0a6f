import { beforeEach, describe, expect, it } from "vitest";
import { participant } from "../../testing/fakes";
import { Attention } from "./attention";
import { handOrder, Hands, LOWERS_AFTER_MS } from "./hands";
import { TogetherWorld } from "../../testing/together_world";

const at = (second: number) => ({ hand_at: `2026-11-20T10:00:0${second}Z` });
const alice = (part = {}) => participant("alice", part);
const bob = (part = {}) => participant("bob", part);
const carol = (part = {}) => participant("carol", part);

describe("the order of hands", () => {
  it("is that in which they went up, whatever the order of the people", () => {
    const order = handOrder([alice(at(3)), bob(), carol(at(1))]);
    expect([...order]).toEqual([
      ["id-carol", 1],
      ["id-alice", 2],
    ]);
  });

  it("is the same on every page when two went up at once", () => {
    const [first, second] = [alice(at(1)), bob(at(1))];
    expect([...handOrder([first, second])]).toEqual([...handOrder([second, first])]);
  });

  it("closes up when a hand goes down", () => {
    expect(handOrder([alice(), bob(at(2)), carol(at(1))]).get("id-bob")).toBe(2);
    expect(handOrder([alice(), bob(at(2)), carol()]).get("id-bob")).toBe(1);
  });

  it("compares times with and without fractions of a second", () => {
    const order = handOrder([alice({ hand_at: "2026-11-20T10:00:01.500Z" }), bob(at(2)), carol(at(1))]);
    expect([...order.keys()]).toEqual(["id-carol", "id-alice", "id-bob"]);
  });
});

describe("one's own hand", () => {
  let world: TogetherWorld;
  let hands: Hands;
  beforeEach(() => {
    world = new TogetherWorld();
    hands = new Hands(world.deps, new Attention(world.choices));
    world.roster(alice(), bob());
  });
  const speaks = (...keys: string[]) => (world.speaking.value = new Set(keys));

  it("goes up and down by the same command", async () => {
    hands.toggle();
    world.roster(alice(at(1)), bob());
    hands.toggle();
    await Promise.resolve();
    expect(world.kinds).toEqual(["raise_hand", "lower_hand"]);
    world.timers.advance(1_000);
    expect(world.said).toEqual(["say.hand.up 1", "say.hand.down"]);
  });

  it("is lowered by itself after three seconds of speaking", async () => {
    world.roster(alice(at(1)), bob());
    speaks("id-alice");
    world.timers.advance(LOWERS_AFTER_MS - 1);
    expect(world.kinds).toEqual([]);
    world.timers.advance(1);
    expect(world.kinds).toEqual(["lower_hand"]);
    await Promise.resolve();
    world.timers.advance(1_000);
    expect(world.said).toContain("say.hand.spoke");
  });

  it("stays up through a shorter word, and begins to count anew", () => {
    world.roster(alice(at(1)), bob());
    speaks("id-alice");
    world.timers.advance(2_000);
    speaks();
    world.timers.advance(10_000);
    speaks("id-alice");
    world.timers.advance(2_000);
    expect(world.kinds).toEqual([]);
  });

  it("stays up while others speak, and goes on counting when they join in", () => {
    world.roster(alice(at(1)), bob());
    speaks("id-bob");
    world.timers.advance(10_000);
    expect(world.kinds).toEqual([]);
    speaks("id-bob", "id-alice");
    world.timers.advance(2_000);
    speaks("id-alice");
    world.timers.advance(1_000);
    expect(world.kinds).toEqual(["lower_hand"]);
  });

  it("is not lowered twice when it went down meanwhile", () => {
    world.roster(alice(at(1)), bob());
    speaks("id-alice");
    world.timers.advance(2_000);
    world.roster(alice(), bob());
    world.timers.advance(5_000);
    expect(world.kinds).toEqual([]);
  });

  it("tells who lowered it", () => {
    world.news({ kind: "hand_lowered_by", by: "Leila" });
    expect(world.toasts.shown.value[0]?.title).toEqual({
      key: "toast.handLowered",
      params: { name: "Leila" },
    });
  });
});

describe("the hands of others", () => {
  it("are told together, to moderators as a notice", () => {
    const world = new TogetherWorld();
    const attention = new Attention(world.choices);
    const missed: string[] = [];
    attention.watch({ isHidden: () => true, notify: (cause) => void missed.push(cause) });
    attention.setWanted(true);
    new Hands(world.deps, attention);
    world.roster(alice({ role: "host" }), bob(at(1)), carol());
    world.timers.advance(5_000);
    // Who had a hand up before one came is no news.
    expect(world.toastKeys).toEqual([]);
    world.roster(alice({ role: "host" }), bob(), carol(at(2)));
    world.roster(alice({ role: "host" }), bob(at(3)), carol(at(2)));
    world.timers.advance(1_000);
    expect(world.toasts.shown.value.map((toast) => toast.title)).toEqual([
      { key: "say.hand.others", params: { name: "carol", count: 1 } },
    ]);
    expect(missed).toEqual(["hand"]);
    expect(attention.missed.value).toBe(1);
  });

  it("are said to everybody in small rooms, and only shown in large ones", () => {
    for (const [size, expected] of [
      [8, ["say.hand.other bob"]],
      [9, []],
    ] as const) {
      const world = new TogetherWorld();
      new Hands(world.deps, new Attention(world.choices));
      const crowd = Array.from({ length: size - 2 }, (_, index) => participant(`p${index}`));
      world.roster(alice(), bob(), ...crowd);
      world.roster(alice(), bob(at(1)), ...crowd);
      world.timers.advance(2_000);
      expect(world.said).toEqual(expected);
    }
  });
});
