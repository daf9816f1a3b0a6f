// The replica of the room: a snapshot, moved on by deltas. A delta that does not start at our version is a gap.
import type { Delta, Snapshot } from "../wire/live.gen";
import type { Change } from "../wire/server_message";

export type Applied = { kind: "applied"; snapshot: Snapshot } | { kind: "known" } | { kind: "gap" };

export function applyDelta(snapshot: Snapshot, delta: Delta): Applied {
  if (delta.version <= snapshot.version) return { kind: "known" };
  if (delta.base > snapshot.version) return { kind: "gap" };
  // Changes put or drop whole values, so a delta that starts before our version may be applied again safely.
  return {
    kind: "applied",
    snapshot: { ...delta.changes.reduce(applyChange, snapshot), version: delta.version },
  };
}

function applyChange(snapshot: Snapshot, change: Change): Snapshot {
  switch (change.op) {
    case "put_participant":
      return {
        ...snapshot,
        participants: { ...snapshot.participants, [change.participant.participant_id]: change.participant },
      };
    case "drop_participant": {
      const { [change.participant_id]: _dropped, ...participants } = snapshot.participants;
      return { ...snapshot, participants };
    }
    case "put_room":
      return { ...snapshot, room: change.room };
    case "put_waiting":
      return { ...snapshot, waiting: { ...snapshot.waiting, [change.person.participant_id]: change.person } };
    case "drop_waiting": {
      const { [change.participant_id]: _dropped, ...waiting } = snapshot.waiting;
      return { ...snapshot, waiting };
    }
  }
}
