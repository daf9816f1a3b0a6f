import { beforeEach, describe, expect, it } from "vitest";
import { participant } from "../../testing/fakes";
import { Attention } from "./attention";
import { cueFor } from "./door_sounds";
import { speakingRows, SpeakingTime } from "./speaking_time";
import { bigPlaces, Spotlight } from "./spotlight";
import { Standing } from "./standing";
import { TogetherWorld } from "../../testing/together_world";
import { Together } from "./together";

let world: TogetherWorld;
const alice = (part = {}) => participant("alice", part);
const bob = participant("bob");
beforeEach(() => {
  world = new TogetherWorld();
});

describe("standing", () => {
  it("away ends with an act that shows the person is back", () => {
    const standing = new Standing(world.deps);
    world.roster(alice({ standing: "away" }), bob);
    expect([...standing.others.value]).toEqual([["id-alice", "away"]]);
    world.unmute();
    expect(world.commands).toEqual([{ kind: "set_standing", standing: "here" }]);
  });

  it("on the phone goes on with the camera and ends with the microphone", () => {
    new Standing(world.deps);
    world.roster(alice({ standing: "on_phone" }), bob);
    world.camera.value = { ...world.camera.value, isWanted: true };
    expect(world.commands).toEqual([]);
    world.unmute();
    expect(world.kinds).toEqual(["set_standing"]);
  });

  it("away may be said with an open microphone", () => {
    world.unmute();
    const standing = new Standing(world.deps);
    world.roster(alice(), bob);
    standing.set("away");
    world.roster(alice({ standing: "away" }), bob);
    expect(world.commands).toEqual([{ kind: "set_standing", standing: "away" }]);
  });
});

describe("speaking time", () => {
  it("adds up while somebody is heard, for two at once too", () => {
    const time = new SpeakingTime(world.deps);
    world.roster(alice(), bob);
    world.speaking.value = new Set(["id-bob"]);
    world.timers.advance(4_000);
    world.speaking.value = new Set(["id-bob", "id-alice"]);
    world.timers.advance(2_000);
    world.speaking.value = new Set();
    world.timers.advance(9_000);
    expect(time.rows().map((row) => [row.name, row.spoken_ms])).toEqual([
      ["bob", 6_000],
      ["alice", 2_000],
    ]);
  });

  it("stays with the person who goes and comes back, and begins anew in the next call", () => {
    const time = new SpeakingTime(world.deps);
    world.roster(alice(), bob);
    world.speaking.value = new Set(["id-bob"]);
    world.timers.advance(4_000);
    world.speaking.value = new Set();
    world.roster(alice());
    expect(time.rows()[0]).toEqual({
      identity: "identity-bob",
      name: "bob",
      spoken_ms: 4_000,
      isHere: false,
    });
    world.roster(alice(), { ...bob, participant_id: "id-bob-2" });
    world.speaking.value = new Set(["id-bob-2"]);
    world.timers.advance(1_000);
    expect(time.rows()[0]?.spoken_ms).toBe(5_000);
    world.isIn.value = false;
    world.speaking.value = new Set();
    world.isIn.value = true;
    expect(time.rows().map((row) => row.spoken_ms)).toEqual([0, 0]);
  });

  it("lists who said nothing by name", () => {
    const people = [
      { identity: "b", name: "Bob" },
      { identity: "a", name: "Ada" },
    ];
    expect(speakingRows(people, new Map(), new Map()).map((row) => row.name)).toEqual(["Ada", "Bob"]);
  });
});

describe("the spotlight", () => {
  it("gives way to own pins, and never puts oneself large", () => {
    expect(bigPlaces([], ["bob", "alice"], "alice")).toEqual(["bob"]);
    expect(bigPlaces(["carol"], ["bob"], "alice")).toEqual(["carol"]);
  });

  it("holds two: a third takes the place of the first", () => {
    const spotlight = new Spotlight(world.deps);
    world.roster(alice(), bob, participant("carol"), participant("dave"));
    world.room({ spotlight: ["id-bob", "id-carol"] });
    spotlight.toggle("id-dave");
    spotlight.toggle("id-bob");
    expect(world.commands).toEqual([
      { kind: "set_spotlight", participant_ids: ["id-carol", "id-dave"] },
      { kind: "set_spotlight", participant_ids: ["id-carol"] },
    ]);
  });

  it("tells whom it falls on, and says it to the others", () => {
    const spotlight = new Spotlight(world.deps);
    world.roster(alice(), bob);
    world.room({ spotlight: ["id-alice"] });
    expect(world.toastKeys).toEqual(["toast.spotlight"]);
    world.room({ spotlight: ["id-bob"] });
    world.room({ spotlight: [] });
    world.timers.advance(1_000);
    expect(world.said).toEqual(["say.spotlight bob", "say.spotlight.over"]);
    world.room({ spotlight: ["id-gone"] });
    expect(spotlight.keys.value).toEqual([]);
  });
});

describe("sounds at the door", () => {
  const came = { joined: ["Kofi"], left: [] };
  const went = { joined: [], left: ["Kofi"] };

  it("are for up to eight people, unless one likes it otherwise", () => {
    expect(cueFor(came, 8, "small")).toBe("join");
    expect(cueFor(came, 9, "small")).toBeNull();
    expect(cueFor(went, 30, "always")).toBe("leave");
    expect(cueFor(came, 2, "never")).toBeNull();
    expect(cueFor({ joined: [], left: [] }, 2, "always")).toBeNull();
  });

  it("ring for others, not for one's own coming", () => {
    const together = new Together(world.deps);
    const cues: string[] = [];
    together.onCue((cue) => void cues.push(cue));
    world.roster(alice(), bob);
    expect(cues).toEqual([]);
    world.roster(alice(), bob, participant("carol"), participant("dave"));
    world.roster(alice(), bob);
    expect(cues).toEqual(["join", "leave"]);
    together.setDoorSounds("never");
    world.roster(alice());
    expect(cues).toEqual(["join", "leave"]);
    expect(world.choices.read().doorSounds).toBe("never");
  });

  it("come with one line for several people, for a moment", () => {
    const together = new Together(world.deps);
    world.roster(alice(), bob);
    world.roster(alice(), bob, participant("carol"));
    world.roster(alice(), bob, participant("carol"), participant("dave"));
    world.timers.advance(1_000);
    expect(together.door.shown.value).toEqual([
      { key: "notice.joined.more", params: { name: "carol", count: 1 } },
    ]);
    world.timers.advance(4_000);
    expect(together.door.shown.value).toEqual([]);
  });
});

describe("attention", () => {
  const watch = (together: Together, isHidden: () => boolean) => {
    const notices: string[] = [];
    together.attention.watch({ isHidden, notify: (_cause, saying) => void notices.push(saying.key) });
    return notices;
  };
  const message = (part = {}) => ({
    kind: "chat_message",
    message: {
      message_id: "m1",
      sender: { identity: "identity-bob", name: "Bob" },
      mentions: [{ identity: "identity-alice", name: "Alice" }],
      reactions: [],
      edited_at: null,
      deleted: null,
      ...part,
    },
  });

  it("counts while the tab is hidden, and asks the system only when wanted", () => {
    const together = new Together(world.deps);
    let isHidden = true;
    const notices = watch(together, () => isHidden);
    world.roster(alice(), bob);
    world.news(message());
    expect([together.attention.missed.value, notices]).toEqual([1, []]);
    together.attention.setWanted(true);
    world.news(message({ message_id: "m2" }));
    expect([together.attention.missed.value, notices]).toEqual([2, ["notice.mention"]]);
    together.attention.settle();
    isHidden = false;
    world.news(message({ message_id: "m3" }));
    expect(together.attention.missed.value).toBe(0);
  });

  it("is not called by news of an old message, by others' names, or by oneself", () => {
    const together = new Together(world.deps);
    watch(together, () => true);
    world.roster(alice(), bob);
    world.news(message());
    world.news(message());
    world.news(message({ message_id: "m2", edited_at: "2026-11-20T10:00:00Z" }));
    world.news(message({ message_id: "m3", mentions: [{ identity: "identity-carol" }] }));
    world.news(message({ message_id: "m4", sender: { identity: "identity-alice", name: "Alice" } }));
    world.news({ kind: "chat_message", message: null });
    expect(together.attention.missed.value).toBe(1);
  });

  it("is called by who knocks after one has come", () => {
    const together = new Together(world.deps);
    watch(together, () => true);
    world.roster(alice({ role: "host" }), bob);
    const state = world.state.value;
    if (!state) throw new Error("no snapshot");
    const carol = {
      participant_id: "id-carol",
      identity: "identity-carol",
      name: "Carol",
      is_signed_in: false,
      tone: "leaf" as const,
      since: "2026-11-20T10:00:00Z",
      asked_at: "2026-11-20T10:00:00Z",
      note: "",
      status: "asked" as const,
      is_connected: true,
    };
    world.state.value = { ...state, waiting: { "id-carol": carol } };
    world.state.value = { ...state, waiting: { "id-carol": { ...carol, note: "Hello" } } };
    expect(together.attention.missed.value).toBe(1);
  });

  it("keeps the wish for notices", () => {
    const attention = new Attention(world.choices);
    attention.setWanted(true);
    expect(new Attention(world.choices).isWanted.value).toBe(true);
  });
});
