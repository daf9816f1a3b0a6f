import { describe, expect, it, vi } from "vitest";
import { FakeTimers } from "../testing/fakes";
import { PathWatch } from "./path_watch";
import type { Pulse } from "./path_watch";

function watching() {
  const timers = new FakeTimers();
  const onDead = vi.fn();
  const way: { now: Pulse | "gone" | null } = { now: { received: 1, unanswered: 0 } };
  const watch = new PathWatch({ look: () => Promise.resolve(way.now), timers, onDead });
  const settle = () => new Promise((done) => setImmediate(done));
  const pass = async (duration_ms: number, each: () => void = () => undefined) => {
    await settle();
    for (let passed = 0; passed < duration_ms; passed += 250) {
      each();
      timers.advance(250);
      await settle();
    }
  };
  const come = (unanswered = 0) => {
    const before = way.now === null || way.now === "gone" ? 0 : way.now.received;
    way.now = { received: before + 100, unanswered };
  };
  watch.start();
  return { watch, onDead, way, pass, come };
}

describe("the watch on the way", () => {
  it("gives a way up when nothing comes and nothing is answered", async () => {
    const { onDead, way, pass, come } = watching();
    await pass(3_000, () => come());
    way.now = { received: 5_000, unanswered: 0 };
    await pass(1_000);
    way.now = { received: 5_000, unanswered: 3 };
    await pass(500);
    expect(onDead).not.toHaveBeenCalled();
    await pass(1_500);
    expect(onDead).toHaveBeenCalledOnce();
    await pass(5_000);
    expect(onDead).toHaveBeenCalledOnce();
  });

  it("waits where it is only quiet, or packets come in spite of lost checks", async () => {
    const { onDead, way, pass, come } = watching();
    await pass(2_000, () => come());
    way.now = { received: 9_000, unanswered: 0 };
    await pass(30_000);
    await pass(5_000, () => come(7));
    expect(onDead).not.toHaveBeenCalled();
  });

  it("looks sooner when the browser says that its network has changed", async () => {
    const { watch, onDead, way, pass, come } = watching();
    await pass(2_000, () => come());
    watch.hurry();
    way.now = "gone";
    await pass(1_250);
    expect(onDead).toHaveBeenCalledOnce();
  });

  it("makes nothing of a call in which there is nothing to hear yet", async () => {
    const { onDead, way, pass } = watching();
    way.now = null;
    await pass(5_000);
    way.now = "gone";
    await pass(5_000);
    expect(onDead).not.toHaveBeenCalled();
  });

  it("rests once it is stopped, and takes a new way as it comes", async () => {
    const { watch, onDead, way, pass, come } = watching();
    await pass(1_000, () => come());
    watch.stop();
    way.now = "gone";
    await pass(9_000);
    way.now = { received: 3, unanswered: 40 };
    watch.start();
    await pass(1_000, () => come(40));
    expect(onDead).not.toHaveBeenCalled();
  });
});
