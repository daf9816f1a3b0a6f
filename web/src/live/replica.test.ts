import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { participant, snapshot } from "../testing/fakes";
import type { Delta, Snapshot } from "../wire/live.gen";
import type { Change } from "../wire/server_message";
import { applyDelta } from "./replica";

const alice = participant("alice");
const bob = participant("bob");
const delta = (base: number, version: number, changes: Change[]): Delta => ({
  type: "delta",
  base,
  version,
  changes,
});

describe("the replica", () => {
  it("puts, changes and drops people", () => {
    const renamed = { ...bob, name: "Robert" };
    const applied = applyDelta(
      snapshot(1, [alice]),
      delta(1, 3, [
        { op: "put_participant", participant: bob },
        { op: "put_participant", participant: renamed },
      ]),
    );
    expect(applied).toEqual({ kind: "applied", snapshot: snapshot(3, [alice, renamed]) });
    const dropped = applyDelta(
      snapshot(3, [alice, renamed]),
      delta(3, 4, [{ op: "drop_participant", participant_id: bob.participant_id, reason: "left" }]),
    );
    expect(dropped).toEqual({ kind: "applied", snapshot: snapshot(4, [alice]) });
  });

  it("notices a gap, and ignores what it already knows", () => {
    expect(applyDelta(snapshot(3, [alice]), delta(4, 5, [])).kind).toBe("gap");
    expect(applyDelta(snapshot(3, [alice]), delta(1, 3, [])).kind).toBe("known");
  });

  it("does not touch the snapshot it was given", () => {
    const before = snapshot(1, [alice, bob]);
    const copy = structuredClone(before);
    applyDelta(
      before,
      delta(1, 2, [{ op: "drop_participant", participant_id: bob.participant_id, reason: "left" }]),
    );
    expect(before).toEqual(copy);
  });

  it("equals the server's state whatever prefix of the deltas came in the snapshot (the replica law)", () => {
    const names = fc.constantFrom("alice", "bob", "carol", "dave");
    const change: fc.Arbitrary<Change> = fc.oneof(
      fc.record({
        op: fc.constant("put_participant" as const),
        participant: fc
          .tuple(names, fc.string({ maxLength: 3 }))
          .map(([key, name]) => participant(key, { name })),
      }),
      fc.record({
        op: fc.constant("drop_participant" as const),
        participant_id: names.map((name) => `id-${name}`),
        reason: fc.constant("left" as const),
      }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 12 }),
        fc.nat(12),
        fc.nat(3),
        (steps, cut, overlap) => {
          const states: Snapshot[] = [snapshot(0, [])];
          steps.forEach((changes, index) => {
            const applied = applyDelta(states[index] as Snapshot, delta(index, index + 1, changes));
            if (applied.kind !== "applied") throw new Error(applied.kind);
            states.push(applied.snapshot);
          });
          const from = Math.min(cut, steps.length);
          // One delta may span several versions and start before the version that we have.
          const base = Math.max(0, from - overlap);
          const applied = applyDelta(
            states[from] as Snapshot,
            delta(base, steps.length, steps.slice(base).flat()),
          );
          const end = applied.kind === "applied" ? applied.snapshot : states[from];
          expect(end).toEqual(states.at(-1));
        },
      ),
    );
  });
});
