import { signal } from "@preact/signals-core";
import { beforeEach, describe, expect, it } from "vitest";
import type { RemoteMedia } from "../engine/media_engine";
import { browserChoices } from "../devices/choices";
import { RoomSocket } from "../live/room_socket";
import { FakeEngine } from "../testing/fake_engine";
import { FakeSocket, FakeTimers, participant, snapshot, welcome } from "../testing/fakes";
import type { Boot } from "../wire/page";
import { Call } from "./call";

const alice = participant("alice", { role: "owner" });
const bob = participant("bob");
const boot: Boot = {
  slug: "elm",
  title: "From the page",
  signed_in: true,
  name: "Alice",
  locale: "en",
  theme: "system",
  urls: { home: "/", ws: "/ws", preview: "/preview", sign_in: "/in", settings: null },
  links: [],
};

let timers: FakeTimers;
let sockets: FakeSocket[];
let engine: FakeEngine;
let call: Call;
let said: string[];

beforeEach(async () => {
  timers = new FakeTimers();
  sockets = [];
  said = [];
  call = new Call({
    boot,
    line: new RoomSocket({
      openSocket: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      },
      timers,
      random: () => 0.5,
      tickets: { tab_id: "t", guest_key: "k", readGuestTicket: () => null, keepGuestTicket: () => undefined },
      isSignedIn: true,
    }),
    loadEngine: (events) => {
      engine = new FakeEngine(events);
      return Promise.resolve(engine);
    },
    media: undefined,
    deviceList: {
      devices: signal({ microphones: [], cameras: [], speakers: [] }),
      refresh: () => Promise.resolve(),
    },
    choices: browserChoices(() => {
      throw new Error("no storage");
    }),
    timers,
    random: () => 0.5,
  });
  call.announcer.said.subscribe((one) => {
    if (one) said.push(one.key);
  });
  await call.link.load();
});

const socket = (): FakeSocket => sockets.at(-1) as FakeSocket;
function enter(token = "token-1", version = 1, people = [alice, bob]): void {
  if (call.phase.value.kind === "green") call.join({ name: "Alice" });
  socket().open();
  socket().say(
    welcome(socket().last("hello").request_id, snapshot(version, people), {
      media: { url: "u", token, expires_at: "" },
    }),
  );
}
const say = (version: number, ...changes: unknown[]) =>
  socket().say({ type: "delta", base: version - 1, version, changes });

describe("the way in", () => {
  it("goes from the green room into the call", () => {
    expect(call.phase.value).toEqual({ kind: "green" });
    expect(call.title.value).toBe("From the page");
    call.join({ name: "Alice" });
    expect(call.phase.value).toEqual({ kind: "joining", isTakingLong: false });
    enter();
    expect(call.phase.value).toEqual({ kind: "call" });
    expect(call.title.value).toBe("Autumn term planning");
    expect(engine.tickets).toEqual(["token-1"]);
    expect(said).toEqual(["say.inCall"]);
  });

  it("waits in the green room while the server cannot be reached", () => {
    call.join({ name: "Alice" });
    socket().break();
    expect(call.phase.value).toEqual({ kind: "joining", isTakingLong: true });
  });

  it("is closed while another tab is inside, unless that one is taken over", async () => {
    call.join({ name: "Alice" });
    socket().open();
    socket().say({
      type: "error",
      request_id: socket().last("hello").request_id,
      code: "already_here",
      retryable: false,
      params: {},
    });
    expect(call.phase.value).toMatchObject({
      kind: "ended",
      ending: { reason: "already_here", visit: null },
    });
    await call.rejoin({ takeOver: true });
    socket().open();
    expect(socket().last("hello")).toMatchObject({ take_over: true, name: "Alice" });
  });
});

describe("the media connection", () => {
  it("is left alone when only the room's line was cut", () => {
    enter();
    socket().break();
    expect(call.phase.value).toEqual({ kind: "call" });
    expect(call.brokenSince_ms.value).not.toBeNull();
    timers.advance(1_000);
    enter("token-2", 2);
    expect(engine.tickets).toEqual(["token-1"]);
    expect(call.brokenSince_ms.value).toBeNull();
  });

  it("is made anew with the new ticket when it broke as well", () => {
    enter();
    engine.status.value = "reconnecting";
    socket().break();
    timers.advance(1_000);
    enter("token-2", 2);
    expect(engine.tickets).toEqual(["token-1", "token-2"]);
  });

  it("is made anew with a fresh ticket after the engine has given up", async () => {
    enter();
    engine.lose();
    timers.advance(1_000);
    const { request_id, command } = socket().last("command");
    expect(command).toEqual({ kind: "media_ticket" });
    socket().say({
      type: "ack",
      request_id,
      result: { kind: "media_ticket", media: { url: "u", token: "fresh", expires_at: "" } },
    });
    await Promise.resolve();
    expect(engine.tickets).toEqual(["token-1", "fresh"]);
  });

  it("is asked for again and again, ever more slowly, while it cannot be had", async () => {
    enter();
    engine.lose();
    // The chat asks for things of its own.
    const asked = () =>
      socket().sent.flatMap((one) =>
        one.type === "command" && one.command.kind === "media_ticket" ? [one] : [],
      );
    for (let attempt = 0; attempt < 4; attempt++) {
      timers.advance(8_000);
      const request_id = asked().at(-1)?.request_id ?? "";
      socket().say({ type: "error", request_id, code: "not_allowed", retryable: false, params: {} });
      await new Promise((resolve) => setTimeout(resolve));
    }
    expect(asked()).toHaveLength(4);
  });

  it("ends with the call", () => {
    enter();
    call.leave();
    expect(engine.status.value).toBe("off");
  });
});

describe("people", () => {
  it("are announced when they come and go", () => {
    enter();
    say(2, { op: "put_participant", participant: participant("carol") });
    say(3, { op: "drop_participant", participant_id: "id-bob", reason: "left" });
    timers.advance(3_000);
    expect(said).toEqual(["say.inCall", "say.joined", "say.left"]);
  });

  it("who leave the room are no ghosts while the engine still has them", () => {
    enter();
    const media = { identity: "identity-bob", name: "bob", tracks: {}, isWeak: false, joinedAt_ms: 0 };
    engine.remotes.value = new Map([["identity-bob", media]]);
    say(2, { op: "drop_participant", participant_id: "id-bob", reason: "left" });
    expect(call.people.value.map((person) => person.name)).toEqual(["alice"]);
  });

  it("keep their places while the page has no size", () => {
    enter();
    call.stage.setRoom({ width: 1400, height: 700 }, { width: 1440, height: 900 });
    const before = call.stage.plan.value;
    expect(before.tiles).toHaveLength(2);
    call.stage.setRoom({ width: 0, height: 0 }, { width: 0, height: 0 });
    expect(call.stage.plan.value).toBe(before);
  });

  it("who share a screen get the big place and are announced; the newest one wins", () => {
    enter();
    call.stage.setRoom({ width: 1400, height: 700 }, { width: 1440, height: 900 });
    const sharing = (identity: string): [string, RemoteMedia] => [
      identity,
      {
        identity,
        name: identity,
        isWeak: false,
        joinedAt_ms: 0,
        tracks: { screen_share: { id: "s", isMuted: false, receivedId: "s", aspectRatio: 2 } },
      },
    ];
    say(2, { op: "put_participant", participant: participant("carol") });
    engine.remotes.value = new Map([sharing("identity-carol")]);
    expect(call.stage.screens.shown.value?.name).toBe("carol");
    engine.remotes.value = new Map([sharing("identity-bob"), sharing("identity-carol")]);
    expect(call.stage.screens.shown.value?.name).toBe("bob");
    engine.remotes.value = new Map([sharing("identity-carol")]);
    expect(call.stage.screens.shown.value?.name).toBe("carol");
    expect(call.stage.plan.value.screen?.height).toBeCloseTo(572, 0);
    engine.remotes.value = new Map();
    expect(call.stage.plan.value.screen).toBeNull();
    timers.advance(10_000);
    expect(said.filter((key) => key.startsWith("say.presents"))).toEqual([
      "say.presents",
      "say.presents",
      "say.presentsNoMore",
      "say.presentsNoMore",
    ]);
  });

  it("who speak are marked by their key, and lose the mark when they fall silent", () => {
    enter();
    engine.speakers.value = new Map([["identity-bob", 0.4]]);
    expect([...call.stage.speaking.value]).toEqual(["id-bob"]);
    timers.advance(30_000);
    expect([...call.stage.speaking.value]).toEqual(["id-bob"]);
    engine.speakers.value = new Map();
    expect([...call.stage.speaking.value]).toEqual(["id-bob"]);
    timers.advance(600);
    expect([...call.stage.speaking.value]).toEqual([]);
  });

  it("are unpinned when they leave; a third pin takes the place of the first", () => {
    enter("t", 1, [alice, bob, participant("carol")]);
    for (const person of call.people.value) call.pin(person);
    expect(call.stage.pins.value).toHaveLength(2);
    say(2, { op: "drop_participant", participant_id: "id-carol", reason: "left" });
    expect(call.stage.pins.value).not.toContain("id-carol");
  });
});

describe("the end", () => {
  it("says why, who did it, and what the visit was", () => {
    enter();
    timers.advance(10_000);
    socket().say({ type: "closing", reason: "removed", by: "Kofi" });
    socket().break(4411);
    expect(call.phase.value).toMatchObject({ kind: "ended", ending: { reason: "removed", by: "Kofi" } });
  });

  it("counts who came and who stayed", () => {
    enter();
    timers.advance(5_000);
    say(2, { op: "put_participant", participant: participant("carol") });
    call.leave();
    expect(call.phase.value).toEqual({
      kind: "ended",
      ending: {
        reason: "left",
        by: null,
        code: null,
        visit: { duration_ms: 5_000, peopleCount: 3, stillInsideCount: 2 },
      },
    });
  });

  it("is one's own doing for whoever ended it for everyone", async () => {
    enter();
    const ended = call.endForAll();
    socket().say({ type: "ack", request_id: socket().last("command").request_id, result: null });
    socket().say({ type: "closing", reason: "ended_by_host", by: "alice" });
    socket().break(4410);
    await ended;
    expect(call.phase.value).toMatchObject({ ending: { reason: "ended_by_you" } });
  });

  it("by the Back button leads to the green room, from where one may join again", () => {
    enter();
    call.returnToGreenRoom();
    expect(call.phase.value).toEqual({ kind: "green" });
    expect(socket().last("command").command).toEqual({ kind: "leave", is_for_good: false });
    expect(engine.status.value).toBe("off");
    expect(call.people.value).toEqual([]);
    enter("token-2");
    expect(call.phase.value).toEqual({ kind: "call" });
    expect(engine.tickets).toEqual(["token-1", "token-2"]);
    timers.advance(5_000);
    expect(said).toEqual(["say.inCall", "end.left.title", "say.inCall"]);
  });

  it("is left behind by the Back button as well", () => {
    enter();
    call.leave();
    call.returnToGreenRoom();
    expect(call.phase.value).toEqual({ kind: "green" });
  });

  it("is followed by a way back", async () => {
    enter();
    call.leave();
    await call.rejoin({ takeOver: false });
    enter("token-2");
    expect(call.phase.value).toEqual({ kind: "call" });
    expect(engine.tickets).toEqual(["token-1", "token-2"]);
  });
});

describe("commands to the room", () => {
  it("tell the person when the server refused", async () => {
    enter();
    const done = call.command({ kind: "remove_participant", participant_id: "id-bob" });
    const { request_id } = socket().last("command");
    socket().say({ type: "error", request_id, code: "not_allowed", retryable: false, params: {} });
    expect(await done).toBe(false);
    expect(call.toasts.shown.value.map((toast) => toast.title.key)).toEqual(["toast.commandFailed"]);
  });

  it("a new name is used for the next hello as well", async () => {
    enter();
    const done = call.rename("Alicia");
    socket().say({ type: "ack", request_id: socket().last("command").request_id, result: null });
    await done;
    socket().break();
    timers.advance(1_000);
    socket().open();
    expect(socket().last("hello").name).toBe("Alicia");
  });
});

describe("devices", () => {
  it("that the browser hides leave joining possible, and say why", async () => {
    await call.local.allow({ microphone: true, camera: true });
    expect(call.local.camera.value.problem?.kind).toBe("insecure");
    expect(call.openProblems.value.map((problem) => problem.device)).toEqual(["camera", "microphone"]);
    enter();
    expect(call.phase.value).toEqual({ kind: "call" });
    expect(call.you?.microphone).toBe("none");
    // Whoever went in all the same is not told again, until trying again.
    expect(call.openProblems.value).toEqual([]);
    await call.local.setCamera(true);
    expect(call.openProblems.value).toHaveLength(1);
  });

  it("that the server muted are off, and it is said", () => {
    enter();
    engine.events.onMutedByServer("microphone");
    expect(call.local.microphone.value.isWanted).toBe(false);
    timers.advance(1_000);
    expect(call.toasts.shown.value[0]?.title.key).toBe("toast.mutedByServer.microphone");
  });
});
