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
  signed_out: 4416,
  too_large: 4413,
  rate_limited: 4429,
  denied: 4414,
  meeting_locked: 4423,
  left: 4499,
} as const;

/** The request was carried out. */
export interface Ack {
  type: "ack";
  request_id: string;
  result: MediaTicketResult | ChatSent | ChatChanged | ChatPage | ChatChanges | ChatFound | ChatReadUpTo | null;
}

/** Let somebody in. */
export interface Admit {
  kind: "admit";
  participant_id: string;
}

/** Let everybody in who is at the door. */
export interface AdmitAll {
  kind: "admit_all";
}

/** Say that one would like to hear somebody. */
export interface AskToUnmute {
  kind: "ask_to_unmute";
  participant_id: string;
}

/** A moderator would like to hear you. */
export interface AskedToUnmute {
  kind: "asked_to_unmute";
  by: string;
}

/** Put somebody out of this and all later runs. Without `days`: an account until it is lifted, a guest for a day. */
export interface BanParticipant {
  kind: "ban_participant";
  participant_id: string;
  reason?: string;
  days?: number | null;
}

/** The message as it is now. */
export interface ChatChanged {
  kind: "chat_changed";
  message: ChatMessage;
  mine: ("thumbs_up" | "heart" | "laugh" | "surprise" | "celebrate" | "thinking")[];
}

/** What changed, in the order of `change`. With `reload` nothing is told: ask for a page. */
export interface ChatChanges {
  kind: "chat_changes";
  messages: ChatMessage[];
  quoted: ChatMessage[];
  mine: Record<string, ("thumbs_up" | "heart" | "laugh" | "surprise" | "celebrate" | "thinking")[]>;
  change: number;
  reload: boolean;
}

/** Ask what changed after the change `since`. */
export interface ChatChangesRequest {
  kind: "chat_changes";
  since: number;
}

/** Delete an own message, or as a moderator any that one may read. */
export interface ChatDelete {
  kind: "chat_delete";
  message_id: string;
}

/** The trace that a deleted message leaves. */
export interface ChatDeletion {
  at: string;
  by: ChatPerson;
}

/** Give an own message to everyone, or to those who moderate, another text. */
export interface ChatEdit {
  kind: "chat_edit";
  message_id: string;
  text: string;
  mentions?: string[];
}

/** Give an own private message another text. */
export interface ChatEditPrivate {
  kind: "chat_edit_private";
  message_id: string;
  text: string;
  mentions?: string[];
}

/** What a search found, newest first. */
export interface ChatFound {
  kind: "chat_found";
  messages: ChatMessage[];
  mine: Record<string, ("thumbs_up" | "heart" | "laugh" | "surprise" | "celebrate" | "thinking")[]>;
  has_more: boolean;
}

/** One message, whole. Of two with the same `message_id` the one with the greater `change` is true. */
export interface ChatMessage {
  message_id: string;
  seq: number;
  change: number;
  session_id: string;
  sender: ChatSender;
  audience: "everyone" | "private" | "hosts";
  to: ChatPerson | null;
  text: string;
  reply_to: string | null;
  mentions: ChatPerson[];
  file_ids: string[];
  pictures: ChatPicture[];
  reactions: ChatReactions[];
  sent_at: string;
  edited_at: string | null;
  deleted: ChatDeletion | null;
}

/** A message is new, or something about it changed. */
export interface ChatMessageEvent {
  kind: "chat_message";
  message: ChatMessage;
}

/** Messages in the order of `seq`, true at least up to `change`. */
export interface ChatPage {
  kind: "chat_page";
  messages: ChatMessage[];
  quoted: ChatMessage[];
  mine: Record<string, ("thumbs_up" | "heart" | "laugh" | "surprise" | "celebrate" | "thinking")[]>;
  change: number;
  has_more: boolean;
  read_seq: number | null;
  retention_days: number | null;
}

/** Ask for the newest messages, those before `before_seq`, or those after `after_seq`. */
export interface ChatPageRequest {
  before_seq?: number | null;
  after_seq?: number | null;
  limit?: number;
  kind: "chat_page";
}

/** Somebody, with the name they had then. */
export interface ChatPerson {
  identity: string;
  name: string;
}

/** One of a message's files that is a picture; the room for it can be kept before it is there. */
export interface ChatPicture {
  file_id: string;
  width: number;
  height: number;
}

/** Put an emoji under a message. */
export interface ChatReact {
  kind: "chat_react";
  message_id: string;
  emoji: "thumbs_up" | "heart" | "laugh" | "surprise" | "celebrate" | "thinking";
}

/** One emoji under a message. `by` has the first few; `count` is of all. */
export interface ChatReactions {
  emoji: "thumbs_up" | "heart" | "laugh" | "surprise" | "celebrate" | "thinking";
  count: number;
  by: string[];
}

/** Everything up to `seq` was read. Kept for signed-in people. */
export interface ChatRead {
  kind: "chat_read";
  seq: number;
}

/** The mark as it is kept; it never goes back. */
export interface ChatReadUpTo {
  kind: "chat_read";
  seq: number;
}

/** Look for a text, newest first, before `before_seq` if given. */
export interface ChatSearch {
  kind: "chat_search";
  text: string;
  before_seq?: number | null;
}

/** Write to everyone, or to those who moderate. `client_id` is new for each message, and the same for a retry. */
export interface ChatSend {
  kind: "chat_send";
  client_id: string;
  text: string;
  audience?: "everyone" | "hosts";
  reply_to?: string | null;
  mentions?: string[];
  file_ids?: string[];
}

/** Write to one person in the room. */
export interface ChatSendPrivate {
  kind: "chat_send_private";
  client_id: string;
  text: string;
  to: string;
  reply_to?: string | null;
  mentions?: string[];
  file_ids?: string[];
}

/** Who wrote a message, as they were called then. */
export interface ChatSender {
  identity: string;
  name: string;
  is_signed_in: boolean;
  tone: Tone;
}

/** The message as it is kept, also when this was a retry. */
export interface ChatSent {
  kind: "chat_sent";
  client_id: string;
  message: ChatMessage;
}

/** Old messages are gone by the meeting's retention: ask for a page. */
export interface ChatTrimmedEvent {
  kind: "chat_trimmed";
  change: number;
}

/** Take an own emoji away. */
export interface ChatUnreact {
  kind: "chat_unreact";
  message_id: string;
  emoji: "thumbs_up" | "heart" | "laugh" | "surprise" | "celebrate" | "thinking";
}

export type ClientMessage = Hello | CommandMessage | Sync | Pong;

/** Why the server is about to close the socket. `by` is a name, when a person did it. */
export interface Closing {
  type: "closing";
  reason: "ended_by_host" | "removed" | "banned" | "denied" | "taken_over" | "server_restart" | "meeting_deleted" | "signed_out" | "rate_limited" | "protocol";
  by: string | null;
}

export type Command =
  | RenameSelf
  | Leave
  | EndForAll
  | RequestMediaTicket
  | Knock
  | Admit
  | AdmitAll
  | Deny
  | DenyAll
  | SetLock
  | SetWaitingRoom
  | RemoveParticipant
  | BanParticipant
  | SetRole
  | RenameParticipant
  | MuteParticipant
  | MuteAll
  | AskToUnmute
  | SetRights
  | SetSuspended
  | SetSpotlight
  | SetOnePresenter
  | ShareTake
  | ShareRelease
  | ShareAsk
  | ShareHandOver
  | ShareRevoke
  | RaiseHand
  | LowerHand
  | LowerHandOf
  | LowerAllHands
  | React
  | SetStanding
  | ChatSend
  | ChatSendPrivate
  | ChatEdit
  | ChatEditPrivate
  | ChatDelete
  | ChatReact
  | ChatUnreact
  | ChatPageRequest
  | ChatChangesRequest
  | ChatSearch
  | ChatRead;

/** A wish to change the room. `command` is one of the registered commands, told apart by `kind`. */
export interface CommandMessage {
  type: "command";
  request_id: string;
  command: Command;
}

/** How you are received, and what you receive; all of it, each time something changed. Only servers that know it send this: without it nothing is known. */
export interface Connection {
  kind: "connection";
  sound: OwnSound;
  line: OwnLine | null;
  troubles: StreamTrouble[];
  weak: WeakLine[];
}

/** What changed between two versions. */
export interface Delta {
  type: "delta";
  base: number;
  version: number;
  changes: (PutParticipant | DropParticipant | PutRoom | PutWaiting | DropWaiting)[];
}

/** Do not let somebody in; they may ask again after a minute. */
export interface Deny {
  kind: "deny";
  participant_id: string;
}

/** Send everybody away who is at the door. */
export interface DenyAll {
  kind: "deny_all";
}

/** Somebody is no longer in the room. */
export interface DropParticipant {
  op: "drop_participant";
  participant_id: string;
  reason: "left" | "connection_lost" | "removed";
}

/** Somebody is at the door no more. Told to moderators only. */
export interface DropWaiting {
  op: "drop_waiting";
  participant_id: string;
  end: WaitingEnd;
}

/** End the meeting session for everybody. */
export interface EndForAll {
  kind: "end_for_all";
}

export type ErrorCode =
  | "already_here"
  | "banned"
  | "cannot_remove_self"
  | "denied"
  | "engine_unavailable"
  | "file_not_found"
  | "internal"
  | "invalid_message"
  | "meeting_locked"
  | "meeting_not_found"
  | "message_empty"
  | "message_not_found"
  | "message_too_long"
  | "not_allowed"
  | "not_saved"
  | "outranked"
  | "participant_not_found"
  | "password_required"
  | "password_wrong"
  | "presenter_taken"
  | "protocol"
  | "rate_limited"
  | "removed"
  | "room_full"
  | "sign_in_required"
  | "switched_off"
  | "timeout"
  | "too_fast"
  | "too_large"
  | "too_many"
  | "too_many_reactions"
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
  event: FeatureEvent;
}

export type FeatureEvent =
  | StoppedBy
  | AskedToUnmute
  | HandLoweredBy
  | Reacted
  | ChatMessageEvent
  | ChatTrimmedEvent
  | Connection;

/** A moderator lowered your hand. */
export interface HandLoweredBy {
  kind: "hand_lowered_by";
  by: string;
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
  guest_key?: string | null;
  password?: string | null;
  tab_id: string;
  take_over?: boolean;
  resume?: Resume | null;
}

/** Ask again to be let in, with a word to the hosts or without. For people at the door. */
export interface Knock {
  kind: "knock";
  note?: string;
}

/** Go away at once; the socket is closed with 4499. A page that is closed, or perhaps only loaded anew, does not mean it for good. */
export interface Leave {
  kind: "leave";
  is_for_good?: boolean;
}

/** Lower every hand. */
export interface LowerAllHands {
  kind: "lower_all_hands";
}

/** Lower one's own hand. */
export interface LowerHand {
  kind: "lower_hand";
}

/** Lower somebody else's hand. */
export interface LowerHandOf {
  kind: "lower_hand_of";
  participant_id: string;
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

/** Mute all who do not moderate, with or without the right to unmute. */
export interface MuteAll {
  kind: "mute_all";
  may_unmute: boolean;
}

/** Stop a source of somebody; they may start it again. */
export interface MuteParticipant {
  kind: "mute_participant";
  participant_id: string;
  source: Source;
}

/** Your line to the server; losses in percent, up is towards the server. */
export interface OwnLine {
  way: "udp" | "tcp";
  trouble: "cut" | "loss" | "delay" | null;
  rtt_ms: number | null;
  lost_up: number;
  lost_down: number;
}

/** What of your microphone reaches the server (`silent`: it is open, and nothing comes), and how many of the others hear it. Some of those who do not are named, by `participant_id`. */
export interface OwnSound {
  state: "none" | "muted" | "silent" | "arriving";
  heard_by: number;
  others: number;
  unheard_by: string[];
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
  is_acting: boolean;
  hand_at: string | null;
  standing: Standing;
  asks_to_share_at: string | null;
  avatar_url: string | null;
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

/** Somebody is at the door, or something about them changed. Told to moderators only. */
export interface PutWaiting {
  op: "put_waiting";
  person: WaitingPerson;
}

/** Ask to speak. */
export interface RaiseHand {
  kind: "raise_hand";
}

/** Show a reaction; at most two a second. */
export interface React {
  kind: "react";
  reaction: Reaction;
}

/** Somebody shows a reaction. */
export interface Reacted {
  kind: "reacted";
  participant_id: string;
  reaction: Reaction;
}

/** The small set; each is one of our icons, so that all systems show the same. */
export type Reaction = "agree" | "clap" | "heart" | "laugh" | "surprise" | "celebrate";

/** Put somebody out; they cannot come back in this meeting session. */
export interface RemoveParticipant {
  kind: "remove_participant";
  participant_id: string;
}

/** Give somebody else another name. */
export interface RenameParticipant {
  kind: "rename_participant";
  participant_id: string;
  name: string;
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

/** The switches for everybody who does not moderate. */
export interface RightsWire {
  microphone: boolean;
  camera: boolean;
  screen_share: boolean;
  chat: boolean;
  private_chat: boolean;
  reactions: boolean;
  rename: boolean;
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
  is_locked: boolean;
  is_suspended: boolean;
  waiting_room: WaitingRoom;
  rights: RightsWire;
  one_presenter: boolean;
  presenter_id: string | null;
  spotlight: string[];
}

export type ServerMessage =
  | Welcome
  | Waiting
  | Delta
  | SnapshotMessage
  | Heartbeat
  | Ack
  | Event
  | ErrorMessage
  | Closing;

/** Close the room to newcomers, or open it. */
export interface SetLock {
  kind: "set_lock";
  is_locked: boolean;
}

/** Whether only one person may share a screen at a time. */
export interface SetOnePresenter {
  kind: "set_one_presenter";
  is_on: boolean;
}

/** The switches for everybody who does not moderate, all at once, for this run. */
export interface SetRights {
  kind: "set_rights";
  rights: RightsWire;
}

/** Give somebody another role for the rest of the run. */
export interface SetRole {
  kind: "set_role";
  participant_id: string;
  role: Role;
}

/** Who has the big place on everybody's screen, at most two; nobody clears it. */
export interface SetSpotlight {
  kind: "set_spotlight";
  participant_ids: string[];
}

/** Say whether one is following. */
export interface SetStanding {
  kind: "set_standing";
  standing: Standing;
}

/** Stop everything for all who do not moderate, or let it go on. */
export interface SetSuspended {
  kind: "set_suspended";
  is_suspended: boolean;
}

/** Who waits at the door, for this run. */
export interface SetWaitingRoom {
  kind: "set_waiting_room";
  waiting_room: WaitingRoom;
}

/** Ask the presenter and the moderators to present, or take that back. */
export interface ShareAsk {
  kind: "share_ask";
  is_asking: boolean;
}

/** Make somebody the presenter: by the presenter or a moderator. */
export interface ShareHandOver {
  kind: "share_hand_over";
  participant_id: string;
}

/** Give the right to share back. */
export interface ShareRelease {
  kind: "share_release";
}

/** Take presenting away from whoever presents. */
export interface ShareRevoke {
  kind: "share_revoke";
}

/** Ask for the right to share now; to be given before a screen is shared. */
export interface ShareTake {
  kind: "share_take";
}

/** All that a participant may know, at a version of their audience. Only moderators see who is `waiting`. */
export interface Snapshot {
  version: number;
  room: Room;
  participants: Record<string, Participant>;
  waiting: Record<string, WaitingPerson>;
}

/** A whole new state: the client was too far behind for deltas. */
export interface SnapshotMessage {
  type: "snapshot";
  request_id: string | null;
  snapshot: Snapshot;
}

/** The sources of the LiveKit protocol that a page can publish. */
export type Source = "microphone" | "camera" | "screen_share" | "screen_share_audio";

/** What somebody says about whether they are following. */
export type Standing = "here" | "away" | "on_phone";

/** A moderator stopped a source of yours. */
export interface StoppedBy {
  kind: "stopped_by";
  source: Source;
  by: string;
  may_resume: boolean;
}

/** Something of somebody that reaches you with losses, smaller than you asked for, or not at all, and why: packets are lost, your line has no room, the server is too busy, or nothing comes from there. */
export interface StreamTrouble {
  participant_id: string;
  source: "microphone" | "camera" | "screen_share" | "screen_share_audio";
  cause: "loss" | "bandwidth" | "cpu" | "waiting";
  is_sent: boolean;
  lost: number;
}

/** The client has `version` and wants what is missing. */
export interface Sync {
  type: "sync";
  request_id: string;
  version: number;
}

/** The ground behind initials; the names are those of the design tokens `tone-*`. */
export type Tone = "leaf" | "lake" | "indigo" | "plum" | "clay" | "ochre";

/** The answer to a hello of somebody who waits at the door, and news of it. Let in, they get a welcome. */
export interface Waiting {
  type: "waiting";
  request_id: string;
  participant_id: string;
  guest_ticket: string | null;
  name: string;
  since: string;
  note: string;
  status: WaitingStatus;
  heartbeat_s: number;
}

/** How somebody's waiting ended. */
export type WaitingEnd = "admitted" | "denied" | "left";

/** Somebody at the door, as moderators see them. */
export interface WaitingPerson {
  participant_id: string;
  identity: string;
  name: string;
  is_signed_in: boolean;
  tone: Tone;
  since: string;
  asked_at: string;
  note: string;
  status: WaitingStatus;
  is_connected: boolean;
}

/** Who waits at the door until a moderator lets them in. Trusted people and moderators never do. */
export type WaitingRoom = "nobody" | "guests" | "everyone";

/** How it stands with somebody at the door. */
export type WaitingStatus = "asked" | "unanswered";

/** Somebody whose own line is weak. Told to moderators only. */
export interface WeakLine {
  participant_id: string;
  trouble: "cut" | "loss" | "delay";
}

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
