import { beforeEach, describe, expect, it } from "vitest";
import { FakeSocket, FakeTimers, participant, snapshot, welcome } from "../testing/fakes";
import type { Participant } from "../wire/live.gen";
import { RequestError } from "./requests";
import { RoomSocket } from "./room_socket";

const alice = participant("alice", { role: "owner" });
const bob = participant("bob", { role: "guest" });

let timers: FakeTimers;
let sockets: FakeSocket[];
let kept: string[];
let line: RoomSocket;

beforeEach(() => {
  timers = new FakeTimers();
  sockets = [];
  kept = [];
  line = new RoomSocket({
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    timers,
    random: () => 0.5,
    tickets: {
      tab_id: "tab-1",
      guest_key: "key-1",
      readGuestTicket: () => kept.at(-1) ?? null,
      keepGuestTicket: (ticket) => void kept.push(ticket),
    },
    isSignedIn: false,
  });
});

const socket = (): FakeSocket => {
  const newest = sockets.at(-1);
  if (!newest) throw new Error("no socket was opened");
  return newest;
};

function enter(version = 1, people: Participant[] = [alice, bob]): void {
  if (line.state.value.kind === "idle") line.join({ name: "Alice", takeOver: false });
  socket().open();
  socket().say(welcome(socket().last("hello").request_id, snapshot(version, people)));
}

/** Lets time pass until `isSo`; returns how long that took. */
function waitFor(isSo: () => boolean): number {
  const start_ms = timers.now_ms();
  while (!isSo() && timers.now_ms() - start_ms < 60_000) timers.advance(10);
  return timers.now_ms() - start_ms;
}

const names = () => Object.values(line.snapshot.value?.participants ?? {}).map((one) => one.name);

describe("joining", () => {
  it("says hello, and is in the room after the welcome", () => {
    enter();
    expect(socket().last("hello")).toMatchObject({
      name: "Alice",
      tab_id: "tab-1",
      take_over: false,
      resume: null,
    });
    expect(line.state.value).toEqual({ kind: "joined" });
    expect(names()).toEqual(["alice", "bob"]);
    expect(line.media.value?.token).toBe("token-1");
  });

  it("is the same guest when it dials again because no welcome came", () => {
    line.join({ name: "Bob", takeOver: false });
    socket().open();
    const first = socket().last("hello");
    waitFor(() => sockets.length === 2);
    socket().open();
    expect(first).toMatchObject({ guest_ticket: null, guest_key: "key-1" });
    expect(socket().last("hello")).toEqual({ ...first, request_id: socket().last("hello").request_id });
  });

  it("keeps the guest ticket and shows it at the next hello", () => {
    line.join({ name: "Alice", takeOver: false });
    socket().open();
    socket().say(
      welcome(socket().last("hello").request_id, snapshot(1, [alice]), { guest_ticket: "ticket" }),
    );
    socket().break();
    timers.advance(1_000);
    socket().open();
    expect(socket().last("hello").guest_ticket).toBe("ticket");
  });

  it("ends at a refusal that no further try can change", () => {
    line.join({ name: null, takeOver: false });
    socket().open();
    socket().say({
      type: "error",
      request_id: socket().last("hello").request_id,
      code: "already_here",
      retryable: false,
      params: {},
    });
    expect(line.state.value).toEqual({
      kind: "ended",
      end: { reason: "already_here", by: null, code: "already_here" },
    });
    expect(socket().isClosed).toBe(true);
    line.join({ name: null, takeOver: true });
    socket().open();
    expect(socket().last("hello").take_over).toBe(true);
  });

  it("tries again when the refusal may pass, and when no welcome comes", () => {
    line.join({ name: null, takeOver: false });
    socket().open();
    socket().say({
      type: "error",
      request_id: socket().last("hello").request_id,
      code: "engine_unavailable",
      retryable: true,
      params: {},
    });
    expect(line.state.value.kind).toBe("reconnecting");
    timers.advance(1_000);
    expect(sockets).toHaveLength(2);
    socket().open();
    timers.advance(8_000);
    expect(sockets[1]?.isClosed).toBe(true);
  });
});

describe("the replica", () => {
  it("follows deltas", () => {
    enter();
    socket().say({
      type: "delta",
      base: 1,
      version: 2,
      changes: [{ op: "drop_participant", participant_id: "id-bob", reason: "left" }],
    });
    expect(names()).toEqual(["alice"]);
  });

  it("asks for what is missing at a gap, once, and again when no answer comes", () => {
    enter();
    socket().say({ type: "delta", base: 4, version: 5, changes: [] });
    socket().say({ type: "delta", base: 5, version: 6, changes: [] });
    const syncs = () => socket().sent.filter((message) => message.type === "sync");
    expect(syncs()).toMatchObject([{ version: 1 }]);
    timers.advance(4_000);
    expect(syncs()).toHaveLength(2);
    socket().say({ type: "snapshot", request_id: null, snapshot: snapshot(6, [alice]) });
    expect(names()).toEqual(["alice"]);
    timers.advance(4_000);
    expect(syncs()).toHaveLength(2);
  });

  it("answers heartbeats and syncs when they are ahead", () => {
    enter();
    socket().say({ type: "heartbeat", version: 1 });
    expect(socket().last("pong")).toEqual({ type: "pong" });
    expect(socket().sent.some((message) => message.type === "sync")).toBe(false);
    socket().say({ type: "heartbeat", version: 2 });
    expect(socket().last("sync").version).toBe(1);
  });

  it("knows the own role from the roster", () => {
    enter();
    socket().say({
      type: "delta",
      base: 1,
      version: 2,
      changes: [{ op: "put_participant", participant: { ...alice, role: "member" } }],
    });
    expect(line.you.value?.role).toBe("member");
  });
});

describe("a broken line", () => {
  it("comes back by itself, says where it was, and keeps what the screen shows meanwhile", () => {
    enter(7);
    socket().break();
    expect(line.state.value.kind).toBe("reconnecting");
    expect(names()).toEqual(["alice", "bob"]);
    timers.advance(1_000);
    socket().open();
    expect(socket().last("hello").resume).toEqual({ participant_id: "id-alice", version: 7 });
    socket().say(welcome(socket().last("hello").request_id, snapshot(9, [alice])));
    expect(line.state.value).toEqual({ kind: "joined" });
    expect(names()).toEqual(["alice"]);
  });

  it("waits longer after each failure, but never longer than eight seconds, and counts from the first", () => {
    enter();
    const since_ms = timers.now_ms();
    for (let attempt = 0; attempt < 12; attempt++) {
      socket().break();
      expect(line.state.value).toMatchObject({ kind: "reconnecting", since_ms, attempt });
      const before = sockets.length;
      const waited_ms = waitFor(() => sockets.length > before);
      expect(waited_ms).toBeLessThanOrEqual(8_000);
    }
  });

  it("is noticed when heartbeats stay away", () => {
    enter();
    timers.advance(5_000);
    socket().say({ type: "heartbeat", version: 1 });
    timers.advance(12_900);
    expect(line.state.value.kind).toBe("joined");
    timers.advance(200);
    expect(line.state.value.kind).toBe("reconnecting");
  });

  it("is broken by an error too, even when no close follows", () => {
    enter();
    socket().onerror?.call(socket() as unknown as WebSocket, new Event("error"));
    expect(line.state.value.kind).toBe("reconnecting");
    timers.advance(300);
    expect(sockets).toHaveLength(2);
  });

  it("does not sit out its delay when the network returns", () => {
    enter();
    for (let i = 0; i < 6; i++) {
      socket().break();
      timers.advance(8_000);
    }
    socket().break();
    const before = sockets.length;
    line.wake();
    expect(sockets.length).toBe(before + 1);
  });

  it("starts again after a message that cannot be read", () => {
    enter();
    socket().sayRaw("{ not json");
    expect(line.state.value.kind).toBe("reconnecting");
  });

  it("ignores messages of a kind that it does not know", () => {
    enter();
    socket().say({ type: "confetti", amount: 3 });
    expect(line.state.value.kind).toBe("joined");
  });

  it("waits at least ten seconds when told to slow down", () => {
    enter();
    socket().break(4429);
    timers.advance(9_900);
    expect(sockets).toHaveLength(1);
    timers.advance(200);
    expect(sockets).toHaveLength(2);
  });
});

describe("ends", () => {
  it.each([
    [4400, "protocol"],
    [4401, "sign_in_required"],
    [4403, "not_allowed"],
    [4404, "not_found"],
    [4409, "taken_over"],
    [4410, "ended_by_host"],
    [4411, "removed"],
    [4412, "banned"],
    [4416, "signed_out"],
    [4413, "protocol"],
    [4499, "left"],
  ])("a close with %i is final: %s", (code, reason) => {
    enter();
    socket().break(code);
    expect(line.state.value).toEqual({ kind: "ended", end: { reason, by: null, code: null } });
    timers.advance(60_000);
    expect(sockets).toHaveLength(1);
  });

  it("a closing message says who did it", () => {
    enter();
    socket().say({ type: "closing", reason: "ended_by_host", by: "Kofi" });
    socket().break(4410);
    expect(line.state.value).toEqual({
      kind: "ended",
      end: { reason: "ended_by_host", by: "Kofi", code: null },
    });
  });

  it("a restart of the server is not an end", () => {
    enter();
    socket().say({ type: "closing", reason: "server_restart", by: null });
    socket().break(1012);
    expect(line.state.value.kind).toBe("reconnecting");
  });

  it("leaving tells the server and does not wait", () => {
    enter();
    const room = socket();
    line.leave();
    expect(room.last("command").command).toEqual({ kind: "leave", is_for_good: true });
    expect(room.isClosed).toBe(true);
    expect(line.state.value).toMatchObject({ kind: "ended", end: { reason: "left" } });
  });
});

describe("requests", () => {
  it("are answered by their acknowledgement", async () => {
    enter();
    const ticket = line.command({ kind: "media_ticket" });
    const media = { url: "u", token: "token-2", expires_at: "" };
    socket().say({
      type: "ack",
      request_id: socket().last("command").request_id,
      result: { kind: "media_ticket", media },
    });
    await expect(ticket).resolves.toEqual({ kind: "media_ticket", media });
    expect(line.media.value?.token).toBe("token-2");
  });

  it("are sent again after a reconnection, under the same id", async () => {
    enter();
    const renamed = line.command({ kind: "rename_self", name: "Al" });
    const { request_id } = socket().last("command");
    socket().break();
    timers.advance(1_000);
    enter();
    expect(socket().last("command")).toMatchObject({
      request_id,
      command: { kind: "rename_self", name: "Al" },
    });
    socket().say({ type: "ack", request_id, result: null });
    await expect(renamed).resolves.toBeNull();
  });

  it("wait while the line is broken, and fail when nothing answers in time", async () => {
    enter();
    socket().break();
    const request = line.command({ kind: "end_for_all" });
    const failed = expect(request).rejects.toEqual(new RequestError("timeout"));
    timers.advance(15_000);
    await failed;
  });

  it("are repeated when the refusal may pass, and fail when it may not", async () => {
    enter();
    const request = line.command({ kind: "media_ticket" });
    const failed = expect(request).rejects.toMatchObject({ code: "not_allowed" });
    const { request_id } = socket().last("command");
    socket().say({ type: "error", request_id, code: "engine_unavailable", retryable: true, params: {} });
    timers.advance(1_000);
    expect(socket().sent.filter((message) => message.type === "command")).toHaveLength(2);
    socket().say({ type: "error", request_id, code: "not_allowed", retryable: false, params: {} });
    await failed;
    expect(line.state.value.kind).toBe("joined");
  });
});
