import { describe, expect, it } from "vitest";
import { participant, snapshot } from "../../testing/fakes";
import type { Connection } from "../../wire/live.gen";
import { readPeople } from "../person";
import { receivedOf } from "./received";

const capture = { track: null, isWanted: false, problem: null, isOpening: false, deviceId: "" };
const people = readPeople({
  snapshot: snapshot(1, [participant("alice"), participant("bob")]),
  you: { participant_id: "id-alice", identity: "identity-alice", role: "member" },
  remotes: new Map(),
  knownIdentities: new Set(["identity-alice", "identity-bob"]),
  own: { microphone: capture, camera: capture, screen: null },
});
const picture = { identity: "identity-bob", source: "camera", wholeWidth: 1280, wholeHeight: 720 } as const;

function news(trouble: Partial<Connection["troubles"][number]>): Connection {
  const usual = {
    participant_id: "id-bob",
    source: "camera",
    cause: "loss",
    is_sent: true,
    lost: 0,
  } as const;
  return {
    kind: "connection",
    sound: { state: "none", heard_by: 0, others: 1, unheard_by: [] },
    line: null,
    troubles: [{ ...usual, ...trouble }],
    weak: [],
  };
}

describe("what is received", () => {
  it("is a picture as large as it is sent, or as it is shown", () => {
    const measured = { way: "udp", pictures: [{ ...picture, width: 1280, height: 720 }] } as const;
    expect(receivedOf(people, measured, null)).toMatchObject([{ name: "bob", why: "whole", lost: 0 }]);
    const smaller = { way: "udp", pictures: [{ ...picture, width: 320, height: 180 }] } as const;
    const nothingBad = { ...news({}), troubles: [] };
    expect(receivedOf(people, smaller, nothingBad)).toMatchObject([{ why: "asked", size: { height: 180 } }]);
    // Without the server's word it may be anything.
    expect(receivedOf(people, smaller, null)).toMatchObject([{ why: null, size: { height: 180 } }]);
  });

  it("is smaller for the reason that the server gives", () => {
    const measured = { way: "udp", pictures: [{ ...picture, width: 320, height: 180 }] } as const;
    expect(receivedOf(people, measured, news({ cause: "bandwidth" }))).toMatchObject([{ why: "bandwidth" }]);
    expect(receivedOf(people, measured, news({ lost: 5 }))).toMatchObject([{ why: "asked", lost: 5 }]);
  });

  it("has no size while nothing is sent, and lists sound only when it comes badly", () => {
    const measured = { way: "udp", pictures: [{ ...picture, width: 320, height: 180 }] } as const;
    expect(receivedOf(people, measured, news({ cause: "waiting", is_sent: false }))).toMatchObject([
      { why: "waiting", size: null },
    ]);
    expect(receivedOf(people, null, null)).toEqual([]);
    expect(receivedOf(people, null, news({ source: "microphone", lost: 10 }))).toMatchObject([
      { source: "microphone", why: null, lost: 10 },
    ]);
  });
});
