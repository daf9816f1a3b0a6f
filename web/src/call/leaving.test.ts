import { signal } from "@preact/signals-core";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Phase } from "./states";
import { askBeforeUnload, keepWayBack } from "./leaving";
import type { LeavableCall, PageHistory } from "./leaving";

class FakeHistory implements PageHistory {
  entries: unknown[] = ["home", null];
  at = 1;

  constructor(private readonly page: EventTarget) {}
  get state(): unknown {
    return this.entries[this.at];
  }
  pushState(state: unknown): void {
    this.entries = [...this.entries.slice(0, ++this.at), state];
  }
  back(): void {
    this.at -= 1;
    this.page.dispatchEvent(new Event("popstate"));
  }
  forward(): void {
    this.at += 1;
    this.page.dispatchEvent(new Event("popstate"));
  }
}

const green: Phase = { kind: "green" };
const inCall: Phase = { kind: "call" };
const ended: Phase = { kind: "ended", ending: { reason: "left", by: null, code: null, visit: null } };

let page: EventTarget;
let history: FakeHistory;
const phase = signal<Phase>(green);
const people = signal<readonly { isYou: boolean }[]>([]);
const device = (isOn: boolean) => signal({ isWanted: isOn, track: isOn ? {} : null });
let microphone: ReturnType<typeof device>;
let shared: ReturnType<typeof signal<object | null>>;
let call: LeavableCall;

beforeEach(() => {
  page = new EventTarget();
  history = new FakeHistory(page);
  phase.value = green;
  people.value = [{ isYou: true }, { isYou: false }];
  microphone = device(false);
  shared = signal<object | null>(null);
  call = {
    phase,
    people,
    local: { microphone, camera: device(false), screen: { shared } },
    returnToGreenRoom: vi.fn(() => {
      phase.value = green;
    }),
  } as unknown as LeavableCall;
});

describe("the Back button", () => {
  beforeEach(() => keepWayBack(call, history, page));

  it("leaves the call for the green room, and from there goes where one came from", () => {
    phase.value = inCall;
    history.back();
    expect(call.returnToGreenRoom).toHaveBeenCalledOnce();
    expect(phase.value).toEqual(green);
    expect(history.at).toBe(1);
    history.back();
    expect(history.state).toBe("home");
    expect(call.returnToGreenRoom).toHaveBeenCalledOnce();
  });

  it("leads from the page after the call to the green room, too", () => {
    phase.value = inCall;
    phase.value = ended;
    history.back();
    expect(phase.value).toEqual(green);
  });

  it("needs one press, however often somebody came back into the call", () => {
    phase.value = inCall;
    phase.value = ended;
    phase.value = inCall;
    expect(history.entries).toHaveLength(3);
    history.back();
    phase.value = inCall;
    expect(history.entries).toHaveLength(3);
    expect(history.at).toBe(2);
  });

  it("has a Forward beside it that leads nobody in unasked", () => {
    phase.value = inCall;
    history.back();
    history.forward();
    expect(phase.value).toEqual(green);
    phase.value = inCall;
    history.back();
    expect(phase.value).toEqual(green);
  });

  it("is left alone while somebody stands at the door", () => {
    phase.value = { kind: "joining", isTakingLong: false };
    expect(history.entries).toHaveLength(2);
  });
});

it("a page that was loaded again in the call goes down to the entry of its green room", () => {
  keepWayBack(call, history, page);
  phase.value = inCall;
  const entries = history.entries;
  history = new FakeHistory(page);
  Object.assign(history, { entries, at: 2 });
  phase.value = green;
  keepWayBack(call, history, page);
  expect(history.at).toBe(1);
});

describe("closing the tab", () => {
  const isAsked = () => !page.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  beforeEach(() => askBeforeUnload(call, page));

  it("asks while others get something from here", () => {
    phase.value = inCall;
    expect(isAsked()).toBe(false);
    microphone.value = { isWanted: true, track: {} };
    expect(isAsked()).toBe(true);
    microphone.value = { isWanted: false, track: {} };
    expect(isAsked()).toBe(false);
    shared.value = {};
    expect(isAsked()).toBe(true);
  });

  it("does not ask somebody who is alone, before the call or after it", () => {
    microphone.value = { isWanted: true, track: {} };
    expect(isAsked()).toBe(false);
    phase.value = inCall;
    expect(isAsked()).toBe(true);
    people.value = [{ isYou: true }];
    expect(isAsked()).toBe(false);
    people.value = [{ isYou: true }, { isYou: false }];
    phase.value = ended;
    expect(isAsked()).toBe(false);
  });
});
