import { describe, expect, it } from "vitest";
import type { RemoteMedia } from "../engine/media_engine";
import { participant, snapshot } from "../testing/fakes";
import { initials, readPeople } from "./person";
import type { PeopleInput } from "./person";

const idle = { isWanted: false, isOpening: false, track: null, deviceId: "", problem: null };
const remote = (identity: string, tracks: RemoteMedia["tracks"] = {}): RemoteMedia => ({
  identity,
  name: identity,
  tracks,
  isWeak: false,
  joinedAt_ms: 5,
});
const track = (isMuted = false) => ({ id: "t", isMuted, receivedId: "r", aspectRatio: 2 });

const alice = participant("alice", { role: "owner", joined_at: "2026-11-20T10:00:05Z" });
const bob = participant("bob", { role: "guest", is_signed_in: false, joined_at: "2026-11-20T10:00:01Z" });
const input: PeopleInput = {
  snapshot: snapshot(1, [alice, bob]),
  you: { participant_id: "id-alice", identity: "identity-alice", role: "owner" },
  remotes: new Map(),
  knownIdentities: new Set(["identity-alice", "identity-bob"]),
  own: { microphone: idle, camera: idle, screen: null },
};
const find = (over: Partial<PeopleInput>, name: string) =>
  readPeople({ ...input, ...over }).find((person) => person.name === name);

describe("people", () => {
  it("come in order of arrival", () => {
    expect(readPeople(input).map((person) => person.name)).toEqual(["bob", "alice"]);
  });

  it("have what the engine receives of them", () => {
    const tracks = { microphone: track(true), camera: track(), screen_share: track() };
    const remotes = new Map([["identity-bob", remote("identity-bob", tracks)]]);
    expect(find({ remotes }, "bob")).toMatchObject({
      isYou: false,
      isSignedIn: false,
      microphone: "off",
      pictureId: "r",
      screen: { receivedId: "r", aspectRatio: 2 },
    });
    expect(find({}, "bob")).toMatchObject({ microphone: "none", pictureId: null, screen: null });
  });

  it("show no picture of a muted camera", () => {
    const remotes = new Map([["identity-bob", remote("identity-bob", { camera: track(true) })]]);
    expect(find({ remotes }, "bob")?.pictureId).toBeNull();
  });

  it("are oneself with the own devices", () => {
    const microphone = { ...idle, isWanted: true, track: { id: "m" } as MediaStreamTrack };
    expect(find({ own: { ...input.own, microphone } }, "alice")).toMatchObject({
      isYou: true,
      microphone: "on",
    });
    const broken = { ...idle, problem: { device: "microphone", kind: "missing" } as const };
    expect(find({ own: { ...input.own, microphone: broken } }, "alice")?.microphone).toBe("none");
  });

  it("include those who came by the media server's own key, but no ghost of somebody who left", () => {
    const remotes = new Map([
      ["robot", remote("robot")],
      ["identity-gone", remote("identity-gone")],
    ]);
    const known = new Set([...input.knownIdentities, "identity-gone"]);
    const people = readPeople({ ...input, remotes, knownIdentities: known });
    expect(people.map((person) => person.name)).toEqual(["bob", "alice", "robot"]);
    expect(people[2]).toMatchObject({ key: "robot", role: null, isSignedIn: false });
  });

  it("are dimmed while their line is broken", () => {
    const waiting = { ...bob, presence: "reconnecting" as const };
    expect(find({ snapshot: snapshot(1, [alice, waiting]) }, "bob")?.isReconnecting).toBe(true);
  });
});

describe("initials", () => {
  it.each([
    ["Amina Diallo", "AD"],
    ["amina", "A"],
    ["Ana María de la Cruz", "AC"],
    ["  ", ""],
    ["王 小明", "王小"],
    ["𝒜lice", "𝒜"],
  ])("of %s are %s", (name, letters) => {
    expect(initials(name)).toBe(letters);
  });
});
