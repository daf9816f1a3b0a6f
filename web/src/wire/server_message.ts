// Server messages as they arrive: text in, a well-formed message out. A type that this client does not know is
// `null` (a newer server may say more); a known type with the wrong shape is a WireError.
import type {
  Delta,
  ErrorMessage,
  Media,
  Participant,
  Room,
  ServerMessage as GeneratedMessage,
  Snapshot,
  You,
} from "./live.gen";
import { flag, list, mapOf, nullable, number, object, oneOf, record, text, WireError } from "./shape";
import type { Reader } from "./shape";

export type Change = Delta["changes"][number];

/** As generated, but a code that this client does not know yet is no reason to drop the line. */
export type ServerMessage =
  Exclude<GeneratedMessage, ErrorMessage> | (Omit<ErrorMessage, "code"> & { code: string });

const role = oneOf("owner", "host", "co_host", "member", "guest", "viewer");

const participant = object<Participant>({
  participant_id: text,
  identity: text,
  name: text,
  role,
  is_signed_in: flag,
  joined_at: text,
  presence: oneOf("connected", "reconnecting"),
  tone: oneOf("leaf", "lake", "indigo", "plum", "clay", "ochre"),
});

const room = object<Room>({ meeting_id: text, slug: text, title: text, session_id: text, started_at: text });
const snapshot = object<Snapshot>({ version: number, room, participants: mapOf(participant) });
const media = object<Media>({ url: text, token: text, expires_at: text });
const you = object<You>({ participant_id: text, identity: text, role });

const change: Reader<Change> = (value, path) => {
  const source = record(value, path);
  switch (source["op"]) {
    case "put_participant":
      return {
        op: "put_participant",
        participant: participant(source["participant"], `${path}.participant`),
      };
    case "drop_participant":
      return {
        op: "drop_participant",
        participant_id: text(source["participant_id"], `${path}.participant_id`),
        reason: oneOf("left", "connection_lost", "removed")(source["reason"], `${path}.reason`),
      };
    case "put_room":
      return { op: "put_room", room: room(source["room"], `${path}.room`) };
    default:
      // An unknown change cannot be skipped: the replica would no longer be the server's state.
      throw new WireError(`${path}.op: unknown change`);
  }
};

const readers: { [K in ServerMessage["type"]]: Reader<Extract<ServerMessage, { type: K }>> } = {
  welcome: object({
    type: oneOf("welcome"),
    request_id: text,
    you,
    guest_ticket: nullable(text),
    media,
    heartbeat_s: number,
    snapshot,
  }),
  delta: object({ type: oneOf("delta"), base: number, version: number, changes: list(change) }),
  snapshot: object({ type: oneOf("snapshot"), request_id: nullable(text), snapshot }),
  heartbeat: object({ type: oneOf("heartbeat"), version: number }),
  ack: object({
    type: oneOf("ack"),
    request_id: text,
    result: nullable(object({ kind: oneOf("media_ticket"), media })),
  }),
  event: object({ type: oneOf("event"), event: record }),
  error: object({
    type: oneOf("error"),
    request_id: nullable(text),
    code: text,
    retryable: flag,
    params: mapOf<string | number>((value, path) => (typeof value === "number" ? value : text(value, path))),
  }),
  closing: object({
    type: oneOf("closing"),
    reason: oneOf(
      "ended_by_host",
      "removed",
      "taken_over",
      "server_restart",
      "meeting_deleted",
      "rate_limited",
      "protocol",
    ),
    by: nullable(text),
  }),
};

export function parseServerMessage(raw: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw new WireError("not JSON");
  }
  const type = record(value, "message")["type"];
  if (typeof type !== "string") throw new WireError("message.type: expected a string");
  return Object.hasOwn(readers, type) ? readers[type as ServerMessage["type"]](value, type) : null;
}
