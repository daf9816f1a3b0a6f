import { describe, expect, it, vi } from "vitest";
import { FakeSocket, FakeTimers } from "../testing/fakes";
import { Dial } from "./dial";

function dialled() {
  const timers = new FakeTimers();
  const sockets: FakeSocket[] = [];
  const events = { onOpen: vi.fn(), onData: vi.fn(), onBroken: vi.fn() };
  const open = () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  };
  const dial = new Dial(open, timers, events);
  dial.open(4_000);
  return { dial, events, timers, socket: sockets[0] as FakeSocket };
}

describe("one socket", () => {
  it("breaks when it is silent for too long, and not while it is watched anew", () => {
    const { dial, events, timers } = dialled();
    timers.advance(3_000);
    dial.watch(4_000);
    timers.advance(3_000);
    expect(events.onBroken).not.toHaveBeenCalled();
    timers.advance(1_000);
    expect(events.onBroken).toHaveBeenCalledExactlyOnceWith({ kind: "retry", min_delay_ms: 0 });
  });

  it("says nothing any more once it is dropped", () => {
    const { dial, events, timers, socket } = dialled();
    socket.open();
    socket.sayRaw("{}");
    dial.drop();
    socket.sayRaw("{}");
    socket.break();
    timers.advance(60_000);
    expect(events.onData).toHaveBeenCalledExactlyOnceWith("{}");
    expect(events.onBroken).not.toHaveBeenCalled();
    expect([socket.isClosed, dial.isUp]).toEqual([true, false]);
  });

  it("is opened later, unless nobody waits any more", () => {
    const { dial, timers } = dialled();
    const open = vi.fn();
    dial.wait(1_000, open);
    dial.stopWaiting();
    timers.advance(2_000);
    expect(open).not.toHaveBeenCalled();
    dial.wait(1_000, open);
    timers.advance(1_000);
    expect(open).toHaveBeenCalledOnce();
  });
});
