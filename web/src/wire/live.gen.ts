// Written by tools/gen_schema.py from palaver.live.wire. Do not edit.

export const PROTOCOL = 1;

export const CLOSE_CODE = {
  server_restart: 1012,
  protocol: 4400,
  sign_in_required: 4401,
  not_allowed: 4403,
  password_required: 4405,
  password_wrong: 4406,
  banned: 4412,
  not_found: 4404,
  timeout: 4408,
  taken_over: 4409,
  ended_by_host: 4410,
  removed: 4411,
  too_large: 4413,
  rate_limited: 4429,
  left: 4499,
} as const;

/** The request was carried out. */
export interface Ack {
  type: "ack";
  request_id: string;
  result: MediaTicketResult | null;
}

export type ClientMessage = Hello | CommandMessage | Sync | Pong;

/** Why the server is about to close the socket. `by` is a name, when a person did it. */
export interface Closing {
  type: "closing";
  reason: "ended_by_host" | "removed" | "taken_over" | "server_restart" | "meeting_deleted" | "rate_limited" | "protocol";
  by: string | null;
}

export type Command = RenameSelf | Leave | EndForAll | RemoveParticipant | RequestMediaTicket;

/** A wish to change the room. `command` is one of the registered commands, told apart by `kind`. */
export interface CommandMessage {
  type: "command";
  request_id: string;
  command: Command;
}

/** What changed between two versions. */
export interface Delta {
  type: "delta";
  base: number;
  version: number;
  changes: (PutParticipant | DropParticipant | PutRoom)[];
}

/** Somebody is no longer in the room. */
export interface DropParticipant {
  op: "drop_participant";
  participant_id: string;
  reason: "left" | "connection_lost" | "removed";
}

/** End the meeting session for everybody. */
export interface EndForAll {
  kind: "end_for_all";
}

export type ErrorCode =
  | "already_here"
  | "banned"
  | "cannot_remove_self"
  | "engine_unavailable"
  | "internal"
  | "invalid_message"
  | "meeting_not_found"
  | "not_allowed"
  | "participant_not_found"
  | "password_required"
  | "password_wrong"
  | "protocol"
  | "rate_limited"
  | "removed"
  | "room_full"
  | "sign_in_required"
  | "timeout"
  | "too_large"
  | "unavailable"
  | "unknown_command";

/** The request, or a message without a readable request id, was refused. `code` is in `schema/errors.json`. */
export interface ErrorMessage {
  type: "error";
  request_id: string | null;
  code: ErrorCode;
  retryable: boolean;
  params: Record<string, string | number>;
}

/** News of a feature (chat, files, …), told apart by `kind`. Not part of the snapshot: the feature has its own way to ask what was missed. */
export interface Event {
  type: "event";
  event: Record<string, unknown>;
}

/** The room is at `version`; answer with a pong, and sync if behind. */
export interface Heartbeat {
  type: "heartbeat";
  version: number;
}

/** The first message: who wants to come in, and from which tab. */
export interface Hello {
  type: "hello";
  request_id: string;
  protocol: 1;
  name?: string | null;
  guest_ticket?: string | null;
  password?: string | null;
  tab_id: string;
  take_over?: boolean;
  resume?: Resume | null;
}

/** Go away at once; the socket is closed with 4499. */
export interface Leave {
  kind: "leave";
}

/** A media ticket: connect a LiveKit client to `url` with `token`, before `expires_at`. */
export interface Media {
  url: string;
  token: string;
  expires_at: string;
}

/** The result of the command media_ticket. */
export interface MediaTicketResult {
  kind: "media_ticket";
  media: Media;
}

/** One person in the room. `participant_id` names this join, `identity` the person in this meeting. */
export interface Participant {
  participant_id: string;
  identity: string;
  name: string;
  role: Role;
  is_signed_in: boolean;
  joined_at: string;
  presence: Presence;
  tone: Tone;
}

/** The answer to a heartbeat. */
export interface Pong {
  type: "pong";
}

/** Whether somebody's room socket is up, as the others see it. */
export type Presence = "connected" | "reconnecting";

/** Somebody came, or something about them changed. */
export interface PutParticipant {
  op: "put_participant";
  participant: Participant;
}

/** Something about the room itself changed. */
export interface PutRoom {
  op: "put_room";
  room: Room;
}

/** Put somebody out; they cannot come back in this meeting session. */
export interface RemoveParticipant {
  kind: "remove_participant";
  participant_id: string;
}

/** Take another name. */
export interface RenameSelf {
  kind: "rename_self";
  name: string;
}

/** Ask for a fresh media ticket. */
export interface RequestMediaTicket {
  kind: "media_ticket";
}

/** Where this page was before its socket broke. */
export interface Resume {
  participant_id: string;
  version: number;
}

/** What a participant may do. The table is in `permissions.py`. */
export type Role = "owner" | "host" | "co_host" | "member" | "guest" | "viewer";

/** The running meeting session. */
export interface Room {
  meeting_id: string;
  slug: string;
  title: string;
  session_id: string;
  started_at: string;
}

export type ServerMessage =
  | Welcome
  | Delta
  | SnapshotMessage
  | Heartbeat
  | Ack
  | Event
  | ErrorMessage
  | Closing;

/** All that a participant may know, at one version. */
export interface Snapshot {
  version: number;
  room: Room;
  participants: Record<string, Participant>;
}

/** A whole new state: the client was too far behind for deltas. */
export interface SnapshotMessage {
  type: "snapshot";
  request_id: string | null;
  snapshot: Snapshot;
}

/** The client has `version` and wants what is missing. */
export interface Sync {
  type: "sync";
  request_id: string;
  version: number;
}

/** The ground behind initials; the names are those of the design tokens `tone-*`. */
export type Tone = "leaf" | "lake" | "indigo" | "plum" | "clay" | "ochre";

/** The answer to a hello that was let in. */
export interface Welcome {
  type: "welcome";
  request_id: string;
  you: You;
  guest_ticket: string | null;
  media: Media;
  heartbeat_s: number;
  snapshot: Snapshot;
}

/** Who the receiver is. */
export interface You {
  participant_id: string;
  identity: string;
  role: Role;
}
