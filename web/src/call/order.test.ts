import { beforeEach, describe, expect, it, vi } from "vitest";
import { CallBench } from "../testing/call_bench";
import { participant, snapshot } from "../testing/fakes";
import type { Room, Snapshot } from "../wire/live.gen";
import { commands, give } from "./commands";

const bob = participant("bob");
const alice = participant("alice", { role: "owner" });
const base = snapshot(1, [alice, bob]);
const withRoom = (part: Partial<Room>): Room => ({ ...base.room, ...part });
const rights = (part: Partial<Room["rights"]>) => withRoom({ rights: { ...base.room.rights, ...part } });

let bench: CallBench;
const keys = () => bench.call.toasts.shown.value.map((toast) => toast.title.key);
const setRoom = (version: number, room: Room) => bench.say(version, { op: "put_room", room });
const setBob = (version: number, part: Partial<typeof bob>) =>
  bench.say(version, { op: "put_participant", participant: { ...bob, ...part } });
const enterAsBob = (state: Snapshot = base) => bench.enter(state, "bob");
const microphone = () => bench.call.local.microphone.value;

beforeEach(async () => {
  bench = new CallBench();
  await bench.call.link.load();
  await bench.call.local.allow({ microphone: true, camera: true });
});

describe("being stopped by a moderator", () => {
  beforeEach(() => enterAsBob());

  it("mutes here too, says who did it, and may be undone", async () => {
    bench.tell({ kind: "stopped_by", source: "microphone", by: "Alice", may_resume: true });
    expect(microphone().isWanted).toBe(false);
    expect(bench.call.toasts.shown.value[0]).toMatchObject({
      title: { key: "toast.stoppedBy.microphone", params: { by: "Alice" } },
      body: { key: "toast.stoppedBy.microphone.body" },
    });
    give(commands.microphone, bench.call);
    await vi.waitFor(() => expect(microphone().isWanted).toBe(true));
  });

  it("is told once, whichever word comes first", () => {
    bench.call.order.mutedByEngine("camera");
    expect(bench.call.local.camera.value.isWanted).toBe(false);
    bench.tell({ kind: "stopped_by", source: "camera", by: "Alice", may_resume: false });
    bench.timers.advance(2_000);
    expect(keys()).toEqual(["toast.stoppedBy.camera"]);
  });

  it("is told in plain words when only the engine knows", () => {
    bench.call.order.mutedByEngine("microphone");
    bench.timers.advance(2_000);
    expect(keys()).toEqual(["toast.mutedByServer.microphone"]);
  });

  it("is no news to whoever was quiet already", () => {
    void bench.call.local.setMicrophone(false);
    bench.tell({ kind: "stopped_by", source: "microphone", by: "Alice", may_resume: true });
    expect(keys()).toEqual([]);
  });
});

describe("a right that is taken", () => {
  beforeEach(() => enterAsBob());

  it("stops the capture, and the control says why it rests", () => {
    setRoom(2, rights({ microphone: false }));
    expect(microphone()).toMatchObject({ isWanted: false, track: null });
    expect(bench.devices.tracks.filter((track) => track.kind === "audio")[0]?.readyState).toBe("ended");
    expect(commands.microphone.blocked?.(bench.call)).toBe("blocked.switched_off");
    expect(commands.camera.blocked?.(bench.call)).toBe(null);
    give(commands.microphone, bench.call);
    expect(microphone().isWanted).toBe(false);
    bench.timers.advance(1_000);
    expect(keys()).toEqual(["toast.off.microphone"]);
  });

  it("is told once when somebody muted all with it", () => {
    bench.tell({ kind: "stopped_by", source: "microphone", by: "Alice", may_resume: false });
    setRoom(2, rights({ microphone: false }));
    bench.timers.advance(2_000);
    expect(keys()).toEqual(["toast.stoppedBy.microphone"]);
  });

  it("is told when it is given back, and nothing starts by itself", () => {
    setRoom(2, rights({ microphone: false }));
    setRoom(3, rights({}));
    expect(keys()).toEqual(["toast.on.microphone"]);
    expect(microphone().isWanted).toBe(false);
    expect(commands.microphone.blocked?.(bench.call)).toBe(null);
  });

  it("holds against devices that are switched on by another way", async () => {
    setRoom(2, rights({ camera: false }));
    await bench.call.local.setCamera(true);
    expect(bench.call.local.camera.value).toMatchObject({ isWanted: false, track: null });
  });

  it("does not touch those who moderate", () => {
    setBob(2, { role: "co_host" });
    setRoom(3, rights({ microphone: false }));
    expect(microphone().isWanted).toBe(true);
  });
});

it("suspension stops everything and is said; its end is said too", () => {
  enterAsBob();
  const said: string[] = [];
  bench.call.announcer.said.subscribe((one) => {
    if (one) said.push(one.key);
  });
  setRoom(2, withRoom({ is_suspended: true }));
  expect([microphone().track, bench.call.local.camera.value.track]).toEqual([null, null]);
  expect(commands.share.blocked?.(bench.call)).toBe("blocked.suspended");
  setRoom(3, withRoom({}));
  bench.timers.advance(5_000);
  expect(said).toContain("say.suspended");
  expect(said).toContain("say.resumed");
  expect(keys()).toEqual([]);
});

describe("a role", () => {
  it("that changes is told", () => {
    enterAsBob();
    setBob(2, { role: "co_host" });
    expect(keys()).toEqual(["toast.role.co_host"]);
    expect(bench.call.isModerator).toBe(true);
    setBob(3, { role: "viewer" });
    expect(keys()).toEqual(["toast.role.viewer"]);
    expect(microphone().track).toBe(null);
  });

  it("of a viewer is told on the way in", () => {
    enterAsBob(snapshot(1, [alice, { ...bob, role: "viewer" }]));
    expect(keys()).toEqual(["toast.role.viewer"]);
  });

  it("of acting host is told with the name of whom one stands in for, and given back", () => {
    enterAsBob();
    bench.say(
      2,
      { op: "drop_participant", participant_id: "id-alice", reason: "left" },
      { op: "put_participant", participant: { ...bob, role: "host", is_acting: true } },
    );
    expect(bench.call.toasts.shown.value[0]?.title).toEqual({
      key: "toast.acting",
      params: { name: "alice" },
    });
    bench.say(3, { op: "put_participant", participant: alice }, { op: "put_participant", participant: bob });
    expect(bench.call.toasts.shown.value[0]?.title).toEqual({
      key: "toast.acting.over",
      params: { name: "alice" },
    });
  });
});

describe("being asked to unmute", () => {
  beforeEach(() => enterAsBob());

  it("waits for an answer, and is over when the microphone is on", async () => {
    await bench.call.local.setMicrophone(false);
    bench.tell({ kind: "asked_to_unmute", by: "Alice" });
    bench.timers.advance(60_000);
    expect(keys()).toEqual(["toast.askedToUnmute"]);
    bench.call.toasts.shown.value[0]?.actions?.[0]?.perform();
    await vi.waitFor(() => expect(microphone().isWanted).toBe(true));
    expect(keys()).toEqual([]);
  });

  it("is nothing while one can be heard", () => {
    bench.tell({ kind: "asked_to_unmute", by: "Alice" });
    expect(keys()).toEqual([]);
  });
});

it("a hand that was lowered by somebody else is told once, with the name", () => {
  enterAsBob();
  bench.tell({ kind: "hand_lowered_by", by: "Alice" });
  expect(bench.call.toasts.shown.value.map((toast) => toast.title)).toEqual([
    { key: "toast.handLowered", params: { name: "Alice" } },
  ]);
});

describe("a hand", () => {
  it("is not raised while everything is suspended, but taken down", () => {
    enterAsBob();
    setRoom(2, withRoom({ is_suspended: true }));
    expect(commands.hand.blocked?.(bench.call)).toBe("blocked.suspended");
    setBob(3, { hand_at: "2026-03-02T12:00:00Z" });
    expect(commands.hand.blocked?.(bench.call)).toBeNull();
  });
});
