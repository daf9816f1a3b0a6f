// The page's line to the live room: joins, keeps the replica, keeps the line up. Level-triggered: it holds whether
// we want to be in the room, and after every break it opens a new socket until that is true again.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import { PROTOCOL } from "../wire/live.gen";
import type { ClientMessage, Command, Media, Snapshot, WaitingStatus, You } from "../wire/live.gen";
import { parseServerMessage, readMediaTicket } from "../wire/server_message";
import type { Opaque, ServerMessage } from "../wire/server_message";
import { retryDelayMs } from "../timing/backoff";
import { Dial } from "./dial";
import type { SocketLike } from "./dial";
import { fateOfRefusal } from "./endings";
import type { End, SocketFate } from "./endings";
import { applyDelta } from "./replica";
import { Requests } from "./requests";
import type { Tickets } from "./tickets";
import type { Timers } from "../timing/timers";

export interface RoomSocketDeps {
  openSocket: () => SocketLike;
  timers: Timers;
  random: () => number;
  tickets: Tickets;
  isSignedIn: boolean;
}

export type LineState =
  | { kind: "idle" }
  | { kind: "joining" }
  /** At the door: a moderator lets us in, or not. */
  | { kind: "waiting"; name: string; since: string; note: string; status: WaitingStatus }
  | { kind: "joined" }
  | { kind: "reconnecting"; since_ms: number; attempt: number }
  | { kind: "ended"; end: End };

/** A socket that opens but is never welcomed is as dead as one that does not open. */
const WELCOME_TIMEOUT_MS = 8_000;
/** The first tries are given less: after a cut, packets of the old route may be lost for good. */
const EARLY_WELCOME_TIMEOUT_MS = 4_000;
const EARLY_ATTEMPTS = 3;
/** Heartbeats may be late by network and by a busy tab before the line counts as dead. */
const HEARTBEAT_GRACE_MS = 3_000;
/** The answer to a sync is asked for again when it has not come by then. */
const SYNC_TIMEOUT_MS = 4_000;

export class RoomSocket {
  readonly #state = signal<LineState>({ kind: "idle" });
  readonly #snapshot = signal<Snapshot | null>(null);
  readonly #you = signal<You | null>(null);
  readonly #media = signal<Media | null>(null);
  readonly #requests: Requests;
  readonly #listeners = new Set<(news: Opaque) => void>();
  readonly #dial: Dial;
  #name: string | null = null;
  #password: string | null = null;
  #takeOver = false;
  #attempt = 0;
  #helloId = "";
  #heartbeat_ms = 0;
  #closing: End | null = null;
  #stopSync: (() => void) | null = null;

  constructor(private readonly deps: RoomSocketDeps) {
    // Ids must differ between tabs and between reloads of one tab.
    const prefix = Math.floor(deps.random() * 0xffffffff).toString(36);
    this.#dial = new Dial(deps.openSocket, deps.timers, {
      onOpen: () => this.#hello(),
      onData: (data) => this.#receive(data),
      onBroken: (fate) => this.#broken(fate),
    });
    this.#requests = new Requests((id, command) => this.#sendCommand(id, command), deps.timers, prefix);
  }

  get state(): ReadonlySignal<LineState> {
    return this.#state;
  }
  get snapshot(): ReadonlySignal<Snapshot | null> {
    return this.#snapshot;
  }
  get you(): ReadonlySignal<You | null> {
    return this.#you;
  }
  /** The newest media ticket; replaced by each welcome. */
  get media(): ReadonlySignal<Media | null> {
    return this.#media;
  }

  join(options: { name: string | null; takeOver: boolean; password?: string | null }): void {
    if (this.#dial.isUp || this.#state.value.kind === "reconnecting") return;
    this.#name = options.name;
    this.#takeOver = options.takeOver;
    this.#password = options.password ?? null;
    this.#attempt = 0;
    this.#closing = null;
    this.#snapshot.value = null;
    this.#you.value = null;
    this.#state.value = { kind: "joining" };
    this.#open();
  }

  /** The name for the next hello, after a reconnection. */
  rename(name: string): void {
    this.#name = name;
  }

  command(command: Command): Promise<Opaque | null> {
    return this.#requests.start(command);
  }

  /** News that are not part of the snapshot; returns how to stop listening. */
  listen(listener: (news: Opaque) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Leaves at once; does not wait for the server, so that it also works while a page goes away. */
  leave(isForGood = true): void {
    if (this.#state.value.kind === "ended" || this.#state.value.kind === "idle") return;
    this.#sendCommand(this.#requests.newId(), { kind: "leave", is_for_good: isForGood });
    this.#finish({ reason: "left", by: null, code: null });
  }

  /** Back to the start, once it has ended. */
  forget(): void {
    if (this.#state.value.kind !== "ended") return;
    this.#snapshot.value = null;
    this.#you.value = null;
    this.#media.value = null;
    this.#state.value = { kind: "idle" };
  }

  /** The network came back or the tab woke up: do not sit out the rest of a long delay. */
  wake(): void {
    if (this.#state.value.kind !== "reconnecting" || this.#dial.isUp) return;
    this.#dial.stopWaiting();
    this.#open();
  }

  #open(): void {
    this.#dial.open(this.#attempt <= EARLY_ATTEMPTS ? EARLY_WELCOME_TIMEOUT_MS : WELCOME_TIMEOUT_MS);
  }

  #hello(): void {
    this.#helloId = this.#requests.newId();
    const you = this.#you.value;
    const snapshot = this.#snapshot.value;
    this.#send({
      type: "hello",
      request_id: this.#helloId,
      protocol: PROTOCOL,
      name: this.#name,
      password: this.#password,
      guest_ticket: this.deps.isSignedIn ? null : this.deps.tickets.readGuestTicket(),
      guest_key: this.deps.isSignedIn ? null : this.deps.tickets.guest_key,
      tab_id: this.deps.tickets.tab_id,
      take_over: this.#takeOver,
      resume: you && snapshot ? { participant_id: you.participant_id, version: snapshot.version } : null,
    });
  }

  #receive(data: unknown): void {
    let message: ServerMessage | null;
    try {
      message = parseServerMessage(String(data));
    } catch {
      // A message that we cannot read leaves the replica in doubt: start again from a fresh snapshot.
      this.#broken({ kind: "retry", min_delay_ms: 0 });
      return;
    }
    if (this.#heartbeat_ms > 0) this.#dial.watch(this.#heartbeat_ms * 2 + HEARTBEAT_GRACE_MS);
    if (message) this.#handle(message);
  }

  #handle(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        this.#attempt = 0;
        this.#takeOver = false;
        this.#heartbeat_ms = message.heartbeat_s * 1000;
        if (message.guest_ticket) this.deps.tickets.keepGuestTicket(message.guest_ticket);
        this.#you.value = message.you;
        this.#adopt(message.snapshot);
        this.#media.value = message.media;
        this.#state.value = { kind: "joined" };
        this.#dial.watch(this.#heartbeat_ms * 2 + HEARTBEAT_GRACE_MS);
        this.#requests.resendAll();
        return;
      case "snapshot":
        this.#adopt(message.snapshot);
        return;
      case "delta": {
        const snapshot = this.#snapshot.value;
        const applied = snapshot ? applyDelta(snapshot, message) : { kind: "gap" as const };
        if (applied.kind === "applied") this.#adopt(applied.snapshot);
        else if (applied.kind === "gap") this.#sync();
        return;
      }
      case "heartbeat":
        this.#send({ type: "pong" });
        if (this.#state.value.kind === "joined" && message.version > (this.#snapshot.value?.version ?? -1))
          this.#sync();
        return;
      case "ack":
        this.#media.value = readMediaTicket(message.result) ?? this.#media.value;
        this.#requests.acknowledge(message.request_id, message.result);
        return;
      case "waiting":
        this.#attempt = 0;
        this.#takeOver = false;
        this.#heartbeat_ms = message.heartbeat_s * 1000;
        if (message.guest_ticket) this.deps.tickets.keepGuestTicket(message.guest_ticket);
        // Outside again, or still: whoever waits sees nothing of the room.
        this.#you.value = null;
        this.#snapshot.value = null;
        this.#state.value = {
          kind: "waiting",
          name: message.name,
          since: message.since,
          note: message.note,
          status: message.status,
        };
        this.#dial.watch(this.#heartbeat_ms * 2 + HEARTBEAT_GRACE_MS);
        this.#requests.resendAll();
        return;
      case "event":
        for (const listener of this.#listeners) listener(message.event);
        return;
      case "error":
        this.#refused(message.request_id, message.code, message.retryable);
        return;
      case "closing":
        if (message.reason !== "server_restart" && message.reason !== "rate_limited") {
          this.#closing = { reason: message.reason, by: message.by, code: null };
        }
        return;
    }
  }

  #refused(request_id: string | null, code: string, retryable: boolean): void {
    if (request_id !== null && this.#requests.refuse(request_id, code, retryable)) return;
    // An error without an id while we wait for a welcome can only be about the hello.
    const isAboutHello =
      request_id === this.#helloId || (request_id === null && this.#state.value.kind !== "joined");
    if (!isAboutHello) return;
    // Dialling again by itself would only be one more try with the same password.
    if (code === "rate_limited" && this.#password !== null && !this.#you.value) {
      this.#finish({ reason: "password_wrong", by: null, code });
      return;
    }
    const fate = fateOfRefusal(code, retryable);
    if (fate.kind === "final") this.#finish({ reason: fate.reason, by: null, code });
    else this.#broken(fate);
  }

  #adopt(snapshot: Snapshot): void {
    this.#stopSync?.();
    this.#stopSync = null;
    this.#snapshot.value = snapshot;
    const you = this.#you.value;
    const self = you ? snapshot.participants[you.participant_id] : undefined;
    if (you && self && self.role !== you.role) this.#you.value = { ...you, role: self.role };
  }

  #sync(): void {
    if (this.#stopSync) return;
    const ask = () => {
      this.#stopSync = this.deps.timers.after(SYNC_TIMEOUT_MS, ask);
      this.#send({
        type: "sync",
        request_id: this.#requests.newId(),
        version: this.#snapshot.value?.version ?? 0,
      });
    };
    ask();
  }

  #broken(fate: SocketFate): void {
    this.#drop();
    if (this.#closing) {
      this.#finish(this.#closing);
    } else if (fate.kind === "final") {
      this.#finish({ reason: fate.reason, by: null, code: null });
    } else {
      const state = this.#state.value;
      const attempt = this.#attempt++;
      const since_ms = state.kind === "reconnecting" ? state.since_ms : this.deps.timers.now_ms();
      this.#state.value = { kind: "reconnecting", since_ms, attempt };
      const delay_ms = Math.max(fate.min_delay_ms, retryDelayMs(attempt, this.deps.random));
      this.#dial.wait(delay_ms, () => this.#open());
    }
  }

  #finish(end: End): void {
    this.#drop();
    this.#dial.stopWaiting();
    this.#requests.rejectAll("ended");
    this.#state.value = { kind: "ended", end };
  }

  #drop(): void {
    this.#dial.drop();
    this.#stopSync?.();
    this.#stopSync = null;
    this.#heartbeat_ms = 0;
  }

  #sendCommand(request_id: string, command: Command): void {
    const { kind } = this.#state.value;
    if (kind === "joined" || kind === "waiting") this.#send({ type: "command", request_id, command });
  }

  #send(message: ClientMessage): void {
    this.#dial.send(JSON.stringify(message));
  }
}
