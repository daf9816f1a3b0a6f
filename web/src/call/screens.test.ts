import { signal } from "@preact/signals-core";
import { beforeEach, describe, expect, it } from "vitest";
import type { Person } from "./person";
import { Screens } from "./screens";

const people = signal<readonly Person[]>([]);
let screens: Screens;

const person = (name: string, isSharing = false): Person => ({
  key: name,
  identity: name,
  name,
  isYou: name === "alice",
  role: "member",
  isSignedIn: true,
  avatarUrl: null,
  tone: "leaf",
  microphone: "on",
  pictureId: null,
  screen: isSharing ? { id: name, receivedId: name, aspectRatio: 2 } : null,
  isWeak: false,
  isReconnecting: false,
});
const share = (...sharing: string[]) => {
  people.value = ["alice", "bob", "carol", "dan"].map((name) => person(name, sharing.includes(name)));
};
const sharers = () => screens.sharers.value.map(({ name }) => name);

beforeEach(() => {
  share();
  screens = new Screens(people);
});

describe("shared screens", () => {
  it("are listed in the order in which they were shared; the newest has the big place", () => {
    share("carol");
    share("bob", "carol");
    expect(sharers()).toEqual(["carol", "bob"]);
    expect(screens.shown.value?.name).toBe("bob");
    share("carol");
    expect(screens.shown.value?.name).toBe("carol");
    share();
    expect(screens.shown.value).toBeNull();
  });

  it("stay as somebody chose them, also when one more comes", () => {
    share("bob");
    share("bob", "carol");
    screens.show("bob");
    expect(screens.shown.value?.name).toBe("bob");
    share("bob", "carol", "dan");
    expect(screens.shown.value?.name).toBe("bob");
  });

  it("forget the choice with the screen that was chosen", () => {
    share("bob", "carol");
    screens.show("bob");
    share("carol");
    share("bob", "carol", "dan");
    expect(screens.shown.value?.name).toBe("dan");
  });

  it("do not count one's own", () => {
    share("alice");
    expect(sharers()).toEqual([]);
    expect(screens.shown.value).toBeNull();
  });
});
