// What tests own: time, a socket, and the people of a room.
import type { SocketLike } from "../live/dial";
import type { Timers } from "../timing/timers";
import type { ClientMessage, Participant, ServerMessage, Snapshot } from "../wire/live.gen";

export class FakeTimers implements Timers {
  #now_ms = 1_000_000;
  #nextId = 1;
  readonly #due = new Map<number, { at_ms: number; run: () => void }>();

  now_ms(): number {
    return this.#now_ms;
  }

  after(delay_ms: number, run: () => void): () => void {
    const id = this.#nextId++;
    this.#due.set(id, { at_ms: this.#now_ms + delay_ms, run });
    return () => void this.#due.delete(id);
  }

  /** Lets time pass; what falls due runs in order, at its own time. */
  advance(duration_ms: number): void {
    const until_ms = this.#now_ms + duration_ms;
    for (;;) {
      const [next] = [...this.#due]
        .filter(([, one]) => one.at_ms <= until_ms)
        .sort((a, b) => a[1].at_ms - b[1].at_ms || a[0] - b[0]);
      if (!next) break;
      this.#due.delete(next[0]);
      this.#now_ms = next[1].at_ms;
      next[1].run();
    }
    this.#now_ms = until_ms;
  }
}

export class FakeSocket implements SocketLike {
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;
  isClosed = false;
  readonly sent: ClientMessage[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }
  close(): void {
    this.isClosed = true;
  }

  open(): void {
    this.onopen?.call(this as unknown as WebSocket, new Event("open"));
  }
  say(message: ServerMessage | Record<string, unknown>): void {
    this.sayRaw(JSON.stringify(message));
  }
  sayRaw(data: string): void {
    this.onmessage?.call(this as unknown as WebSocket, { data } as MessageEvent);
  }
  break(code = 1006): void {
    this.onclose?.call(this as unknown as WebSocket, { code } as CloseEvent);
  }

  last<T extends ClientMessage["type"]>(type: T): Extract<ClientMessage, { type: T }> {
    const found = this.sent.findLast((message) => message.type === type);
    if (!found) throw new Error(`no ${type} was sent`);
    return found as Extract<ClientMessage, { type: T }>;
  }
}

export function participant(name: string, part: Partial<Participant> = {}): Participant {
  return {
    participant_id: `id-${name}`,
    identity: `identity-${name}`,
    name,
    role: "member",
    is_signed_in: true,
    joined_at: "2026-11-20T10:00:00Z",
    presence: "connected",
    tone: "leaf",
    is_acting: false,
    hand_at: null,
    standing: "here",
    asks_to_share_at: null,
    avatar_url: null,
    ...part,
  };
}

export function snapshot(version: number, people: readonly Participant[]): Snapshot {
  return {
    version,
    room: {
      meeting_id: "m1",
      slug: "elm-oak",
      title: "Autumn term planning",
      session_id: "s1",
      started_at: "2026-11-20T10:00:00Z",
      is_locked: false,
      is_suspended: false,
      waiting_room: "nobody",
      rights: {
        microphone: true,
        camera: true,
        screen_share: true,
        chat: true,
        private_chat: true,
        reactions: true,
        rename: true,
      },
      one_presenter: false,
      presenter_id: null,
      spotlight: [],
    },
    waiting: {},
    participants: Object.fromEntries(people.map((one) => [one.participant_id, one])),
  };
}

export function welcome(
  request_id: string,
  state: Snapshot,
  part: Partial<Extract<ServerMessage, { type: "welcome" }>> = {},
) {
  return {
    type: "welcome" as const,
    request_id,
    you: { participant_id: "id-alice", identity: "identity-alice", role: "owner" as const },
    guest_ticket: null,
    media: { url: "http://media", token: "token-1", expires_at: "2026-11-20T11:00:00Z" },
    heartbeat_s: 5,
    snapshot: state,
    ...part,
  };
}
