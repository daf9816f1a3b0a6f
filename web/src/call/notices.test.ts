import { beforeEach, describe, expect, it } from "vitest";
import { FakeTimers } from "../testing/fakes";
import { Announcer } from "./announcer";
import { clockText } from "./clock";
import { Toasts } from "./toasts";

let timers: FakeTimers;
beforeEach(() => {
  timers = new FakeTimers();
});

describe("toasts", () => {
  const wish = (key: "toast.copied" | "toast.copyFailed" | "toast.screen.failed") => ({
    icon: "check" as const,
    title: { key },
  });
  const keys = (toasts: Toasts) => toasts.shown.value.map((toast) => toast.title.key);

  it("go after six seconds, but not while somebody looks", () => {
    const toasts = new Toasts(timers);
    toasts.show(wish("toast.copied"));
    timers.advance(5_000);
    toasts.pause(toasts.shown.value[0]?.id ?? 0);
    timers.advance(60_000);
    expect(keys(toasts)).toEqual(["toast.copied"]);
    toasts.resume(toasts.shown.value[0]?.id ?? 0);
    timers.advance(6_000);
    expect(keys(toasts)).toEqual([]);
  });

  it("are two at most, and the same one only once", () => {
    const toasts = new Toasts(timers);
    toasts.show(wish("toast.copied"));
    toasts.show(wish("toast.copied"));
    expect(keys(toasts)).toEqual(["toast.copied"]);
    toasts.show(wish("toast.copyFailed"));
    toasts.show(wish("toast.screen.failed"));
    expect(keys(toasts)).toEqual(["toast.copyFailed", "toast.screen.failed"]);
  });
});

describe("the announcer", () => {
  const listen = (announcer: Announcer) => {
    const said: string[] = [];
    announcer.said.subscribe((one) => {
      if (one) said.push(`${one.key} ${JSON.stringify(one.params ?? {})}`);
    });
    return said;
  };

  it("says one thing after the other, with a pause", () => {
    const announcer = new Announcer(timers);
    const said = listen(announcer);
    announcer.say({ key: "say.muted" });
    announcer.say({ key: "say.unmuted" });
    expect(said).toEqual(["say.muted {}"]);
    timers.advance(400);
    expect(said).toEqual(["say.muted {}", "say.unmuted {}"]);
  });

  it("tells arrivals of one moment together", () => {
    const announcer = new Announcer(timers);
    const said = listen(announcer);
    announcer.move("joined", ["Bob"]);
    announcer.move("joined", ["Carol"]);
    announcer.move("left", ["Dave"]);
    timers.advance(1_000);
    timers.advance(400);
    expect(said).toEqual(['say.joined.many {"count":2}', 'say.left {"name":"Dave"}']);
  });
});

describe("the clock", () => {
  it.each([
    [0, "0:00"],
    [65_900, "1:05"],
    [3_605_000, "1:00:05"],
    [-5, "0:00"],
  ])("shows %i ms as %s", (duration_ms, text) => {
    expect(clockText(duration_ms)).toBe(text);
  });
});
