// Server messages as they arrive: text in, a well-formed message out. A type that this client does not know is
// `null` (a newer server may say more); a known type with the wrong shape is a WireError.
import type {
  Ack,
  Delta,
  ErrorMessage,
  Event,
  Media,
  Participant,
  Room,
  RightsWire,
  ServerMessage as GeneratedMessage,
  Snapshot,
  WaitingPerson,
  You,
} from "./live.gen";
import { flag, list, mapOf, nullable, number, object, oneOf, record, text, WireError } from "./shape";
import type { Reader } from "./shape";

export type Change = Delta["changes"][number];

/** As generated, but a code that this client does not know yet is no reason to drop the line. */
export type ServerMessage =
  | Exclude<GeneratedMessage, ErrorMessage | Ack | Event>
  | (Omit<ErrorMessage, "code"> & { code: string })
  | (Omit<Ack, "result"> & { result: Opaque | null })
  | (Omit<Event, "event"> & { event: Opaque });

/** A result or a piece of news: told apart by `kind`, and read by the feature that knows it. */
export type Opaque = Record<string, unknown>;

const tone = oneOf("leaf", "lake", "indigo", "plum", "clay", "ochre");
const role = oneOf("owner", "host", "co_host", "member", "guest", "viewer");

const participant = object<Participant>({
  participant_id: text,
  identity: text,
  name: text,
  role,
  is_signed_in: flag,
  joined_at: text,
  presence: oneOf("connected", "reconnecting"),
  tone,
  is_acting: flag,
  hand_at: nullable(text),
  standing: oneOf("here", "away", "on_phone"),
  asks_to_share_at: nullable(text),
  avatar_url: nullable(text),
});

const waitingStatus = oneOf("asked", "unanswered");
const waitingPerson = object<WaitingPerson>({
  participant_id: text,
  identity: text,
  name: text,
  is_signed_in: flag,
  tone,
  since: text,
  asked_at: text,
  note: text,
  status: waitingStatus,
  is_connected: flag,
});

const rights = object<RightsWire>({
  microphone: flag,
  camera: flag,
  screen_share: flag,
  chat: flag,
  private_chat: flag,
  reactions: flag,
  rename: flag,
});
const room = object<Room>({
  meeting_id: text,
  slug: text,
  title: text,
  session_id: text,
  started_at: text,
  is_locked: flag,
  is_suspended: flag,
  waiting_room: oneOf("nobody", "guests", "everyone"),
  rights,
  one_presenter: flag,
  presenter_id: nullable(text),
  spotlight: list(text),
});
const snapshot = object<Snapshot>({
  version: number,
  room,
  participants: mapOf(participant),
  waiting: mapOf(waitingPerson),
});
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
    case "put_waiting":
      return { op: "put_waiting", person: waitingPerson(source["person"], `${path}.person`) };
    case "drop_waiting":
      return {
        op: "drop_waiting",
        participant_id: text(source["participant_id"], `${path}.participant_id`),
        end: oneOf("admitted", "denied", "left")(source["end"], `${path}.end`),
      };
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
  waiting: object({
    type: oneOf("waiting"),
    request_id: text,
    participant_id: text,
    guest_ticket: nullable(text),
    name: text,
    since: text,
    note: text,
    status: waitingStatus,
    heartbeat_s: number,
  }),
  delta: object({ type: oneOf("delta"), base: number, version: number, changes: list(change) }),
  snapshot: object({ type: oneOf("snapshot"), request_id: nullable(text), snapshot }),
  heartbeat: object({ type: oneOf("heartbeat"), version: number }),
  ack: object({
    type: oneOf("ack"),
    request_id: text,
    result: nullable(record),
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
      "banned",
      "denied",
      "taken_over",
      "server_restart",
      "meeting_deleted",
      "signed_out",
      "rate_limited",
      "protocol",
    ),
    by: nullable(text),
  }),
};

/** The ticket in the result of the command `media_ticket`; `null` for any other result. */
export function readMediaTicket(result: Opaque | null): Media | null {
  return result?.["kind"] === "media_ticket" ? media(result["media"], "result.media") : null;
}

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
