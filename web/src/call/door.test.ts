import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeTimers, participant, snapshot } from "../testing/fakes";
import { CallBench } from "../testing/call_bench";
import type { WaitingPerson } from "../wire/live.gen";
import { Announcer } from "./announcer";
import { passwordFaultOf } from "./door";
import { tabTitle } from "./tab_title";

let bench: CallBench;
beforeEach(() => {
  bench = new CallBench();
});

const alice = participant("alice", { role: "owner" });
const knocker = (name: string, part: Partial<WaitingPerson> = {}): WaitingPerson => ({
  participant_id: `w-${name}`,
  identity: name,
  name,
  is_signed_in: false,
  tone: "leaf",
  since: "2026-11-20T10:00:00Z",
  asked_at: "2026-11-20T10:00:00Z",
  note: "",
  status: "asked",
  is_connected: true,
  ...part,
});
const wait = (part: object = {}) =>
  bench.socket.say({
    type: "waiting",
    request_id: bench.socket.last("hello").request_id,
    participant_id: "id-zola",
    guest_ticket: null,
    name: "Zola",
    since: "2026-11-20T10:00:00Z",
    note: "",
    status: "asked",
    heartbeat_s: 5,
    ...part,
  });

describe("at the door", () => {
  beforeEach(() => {
    bench.call.join({ name: "Zola" });
    bench.socket.open();
    wait();
  });

  it("one has a place, which is kept through a break of the line", () => {
    const { call } = bench;
    expect(call.phase.value).toMatchObject({ kind: "waiting", place: { name: "Zola", isConnected: true } });
    expect(tabTitle(call).key).toBe("page.title.waiting");
    bench.socket.break();
    expect(call.phase.value).toMatchObject({ kind: "waiting", place: { isConnected: false } });
    bench.timers.advance(5_000);
    bench.socket.open();
    wait({ status: "unanswered" });
    expect(call.phase.value).toMatchObject({ place: { status: "unanswered", isConnected: true } });
  });

  it("one leaves a word", () => {
    void bench.call.command({ kind: "knock", note: "The new librarian" });
    expect(bench.socket.last("command").command).toEqual({ kind: "knock", note: "The new librarian" });
  });

  it("one is let in and told, once, also in a tab that nobody looks at", () => {
    const { call } = bench;
    bench.enter();
    expect(call.phase.value.kind).toBe("call");
    expect(call.announcer.saidAtOnce.value?.key).toBe("say.letIn");
    expect(bench.chimes).toBe(1);
    expect(tabTitle(call).key).toBe("page.title.letIn");
    call.door.see();
    expect(tabTitle(call).key).toBe("page.title");
  });

  it("one is sent away with the words for that", () => {
    bench.socket.say({ type: "closing", reason: "denied", by: null });
    bench.socket.break(4414);
    expect(bench.call.phase.value).toMatchObject({
      kind: "ended",
      ending: { reason: "denied", visit: null },
    });
  });

  it("one sees nothing of the room, not even of a visit before", () => {
    bench.enter();
    bench.socket.break();
    bench.timers.advance(5_000);
    bench.socket.open();
    wait();
    expect(bench.call.line.snapshot.value).toBe(null);
    expect(bench.call.phase.value.kind).toBe("waiting");
  });
});

describe("the password", () => {
  const refuse = (code: string, retryable = false) =>
    bench.socket.say({
      type: "error",
      request_id: bench.socket.last("hello").request_id,
      code,
      retryable,
      params: {},
    });

  it("is asked for in the green room, and goes with the hello from then on", () => {
    const { call } = bench;
    call.join({ name: "Zola" });
    bench.socket.open();
    expect(bench.socket.last("hello").password).toBe(null);
    refuse("password_required");
    expect(call.phase.value).toEqual({ kind: "green" });
    expect(call.door.passwordFault.value).toEqual({ kind: "required" });
    call.join({ name: "Zola", password: "acorn" });
    bench.socket.open();
    expect(bench.socket.last("hello").password).toBe("acorn");
    refuse("password_wrong");
    expect(call.door.passwordFault.value).toEqual({ kind: "wrong" });
    expect(call.phase.value).toEqual({ kind: "green" });
    call.join({ name: "Zola", password: "oak" });
    bench.enter();
    expect(call.door.passwordFault.value).toBe(null);
    bench.socket.break();
    bench.timers.advance(5_000);
    bench.socket.open();
    expect(bench.socket.last("hello").password).toBe("oak");
  });

  it("is not tried again and again by the page itself", () => {
    bench.call.join({ name: "Zola", password: "acorn" });
    bench.socket.open();
    refuse("rate_limited", true);
    bench.timers.advance(60_000);
    expect(bench.sockets).toHaveLength(1);
    expect(bench.call.door.passwordFault.value).toEqual({ kind: "limited" });
  });

  it("has nothing to do with other ends", () => {
    expect(passwordFaultOf({ reason: "denied", by: null, code: "denied" })).toBe(null);
  });
});

describe("a knock", () => {
  const shown = () => bench.call.toasts.shown.value.map((toast) => toast.title);
  const put = (version: number, person: WaitingPerson) => bench.say(version, { op: "put_waiting", person });
  const drop = (version: number, name: string) =>
    bench.say(version, { op: "drop_waiting", participant_id: `w-${name}`, end: "admitted" });

  beforeEach(() => bench.enter(snapshot(1, [alice])));

  it("is shown until it is answered, and said at once", () => {
    const { call } = bench;
    put(2, knocker("Zola", { note: "The new librarian" }));
    expect(shown()).toEqual([{ key: "knock.one", params: { name: "Zola" } }]);
    expect(call.announcer.saidAtOnce.value).toMatchObject({ key: "knock.one", params: { name: "Zola" } });
    bench.timers.advance(12_000);
    expect(shown()).toHaveLength(1);
    call.toasts.shown.value[0]?.actions?.[1]?.perform();
    expect(bench.socket.last("command").command).toEqual({ kind: "admit", participant_id: "w-Zola" });
    drop(3, "Zola");
    expect(shown()).toEqual([]);
  });

  it("is told together with others, in one notice that keeps its place", () => {
    put(2, knocker("Zola"));
    const id = bench.call.toasts.shown.value[0]?.id;
    put(3, knocker("Ruth", { since: "2026-11-20T10:01:00Z" }));
    expect(shown()).toEqual([{ key: "knock.many", params: { name: "Zola", count: 1 } }]);
    expect(bench.call.toasts.shown.value[0]?.id).toBe(id);
    expect(bench.call.announcer.saidAtOnce.value).toMatchObject({ params: { name: "Ruth" } });
    expect(tabTitle(bench.call)).toMatchObject({ key: "page.title.knocks", params: { count: 2 } });
    bench.call.toasts.shown.value[0]?.actions?.[1]?.perform();
    expect(bench.socket.last("command").command).toEqual({ kind: "admit_all" });
  });

  it("that was dismissed is not shown again before somebody asks again", () => {
    const { call } = bench;
    put(2, knocker("Zola"));
    call.toasts.withdraw("knock");
    put(3, knocker("Zola", { status: "unanswered" }));
    expect(shown()).toEqual([]);
    put(4, knocker("Zola", { asked_at: "2026-11-20T10:02:00Z" }));
    expect(shown()).toHaveLength(1);
    expect(bench.chimes).toBe(2);
  });

  it("needs no notice while the list is open", () => {
    bench.call.togglePanel("people");
    put(2, knocker("Zola"));
    expect(shown()).toEqual([]);
    expect(bench.call.knocks.waiting.value).toHaveLength(1);
  });
});

describe("what is said at once", () => {
  it("does not wait for what is being said", () => {
    const announcer = new Announcer(new FakeTimers());
    const heard = vi.fn();
    announcer.saidAtOnce.subscribe((said) => {
      heard(said?.key);
    });
    announcer.say({ key: "say.muted" });
    announcer.sayAtOnce({ key: "say.letIn" });
    expect(heard).toHaveBeenLastCalledWith("say.letIn");
  });
});
