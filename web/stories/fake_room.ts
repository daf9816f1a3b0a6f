// A live room in the page: answers the hello with a roster, and breaks on request.
import type { SocketLike } from "../src/live/room_socket";
import type { FeatureEvent, Participant, ServerMessage, Tone, WaitingPerson } from "../src/wire/live.gen";
import type { Story } from "./cast";

const PLAIN = {
  is_acting: false,
  hand_at: null,
  standing: "here",
  asks_to_share_at: null,
  avatar_url: null,
} as const;
const TONES: readonly Tone[] = ["leaf", "lake", "indigo", "plum", "clay", "ochre"];

export class FakeRoom {
  #socket: SocketLike | null = null;
  #isCut = false;
  #refusal: string | null = null;

  constructor(private readonly story: Story) {}

  socket(): SocketLike {
    const socket: SocketLike = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      close: () => undefined,
      send: (text) => this.#answer(JSON.parse(text as string) as { type: string; request_id: string }),
    };
    this.#socket = socket;
    window.setTimeout(() => {
      if (this.#isCut) this.#closed(1006);
      else socket.onopen?.call(socket as WebSocket, new Event("open"));
    }, 10);
    return socket;
  }

  cut(): void {
    this.#isCut = true;
    this.#closed(1006);
  }

  close(
    reason: "ended_by_host" | "removed" | "taken_over" | "denied" | "banned",
    code: number,
    by: string | null,
  ): void {
    this.#say({ type: "closing", reason, by });
    this.#closed(code);
  }

  refuse(code: string): void {
    this.#refusal = code;
  }

  tell(event: FeatureEvent): void {
    this.#say({ type: "event", event });
  }

  preview() {
    return {
      title: "Autumn term planning",
      host_name: "Kofi Mensah",
      signed_in: true,
      name: "Amina Diallo",
      may_join: true,
      reason: null,
      is_on: true,
      inside: this.story.others.map(({ name }, index) => ({ name, tone: TONES[index % 6] })),
      waits: false,
      ...this.story.preview,
    };
  }

  #answer(message: { type: string; request_id: string }): void {
    if (message.type === "command") this.#say({ type: "ack", request_id: message.request_id, result: null });
    if (message.type !== "hello") return;
    if (this.story.atTheDoor) {
      this.#say({
        type: "waiting",
        request_id: message.request_id,
        participant_id: "you",
        guest_ticket: null,
        name: "Zola Nkosi",
        since: new Date(Date.now() - 40_000).toISOString(),
        heartbeat_s: 600,
        ...this.story.atTheDoor,
      });
      return;
    }
    if (this.#refusal) {
      this.#say({
        type: "error",
        request_id: message.request_id,
        code: this.#refusal,
        retryable: false,
        params: {},
      } as ServerMessage);
      return;
    }
    this.#say({
      type: "welcome",
      request_id: message.request_id,
      you: { participant_id: "you", identity: "amina", role: this.story.yourRole ?? "member" },
      guest_ticket: null,
      media: { url: "", token: "t", expires_at: "" },
      heartbeat_s: 600,
      snapshot: {
        version: 1,
        room: {
          meeting_id: "m",
          slug: "autumn",
          title: "Autumn term planning",
          session_id: "s",
          started_at: new Date(Date.now() - 1_446_000).toISOString(),
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
          ...this.story.room,
        },
        waiting: Object.fromEntries(this.#waiting().map((person) => [person.participant_id, person])),
        participants: Object.fromEntries(this.#people().map((person) => [person.participant_id, person])),
      },
    });
  }

  #people(): Participant[] {
    const others = this.story.others
      .filter((person) => !person.isExternal)
      .map((person, index) => ({
        participant_id: `p${index}`,
        identity: person.name,
        name: person.name,
        role: person.role ?? ("member" as const),
        is_signed_in: person.role !== "guest",
        joined_at: new Date(1_000 * index).toISOString(),
        presence: person.isReconnecting ? ("reconnecting" as const) : ("connected" as const),
        tone: TONES[index % 6] ?? "leaf",
        ...PLAIN,
        hand_at: person.handAgo_s ? new Date(Date.now() - person.handAgo_s * 1_000).toISOString() : null,
      }));
    return [
      ...others,
      {
        participant_id: "you",
        identity: "amina",
        name: "Amina Diallo",
        role: this.story.yourRole ?? "member",
        is_signed_in: true,
        joined_at: new Date(99_000).toISOString(),
        presence: "connected",
        tone: "lake",
        ...PLAIN,
      },
    ];
  }

  #waiting(): WaitingPerson[] {
    return (this.story.waiting ?? []).map((person, index) => ({
      participant_id: `w${index}`,
      identity: person.name,
      is_signed_in: false,
      tone: TONES[(index + 3) % 6] ?? "leaf",
      since: new Date(Date.now() - 90_000 + index * 60_000).toISOString(),
      asked_at: "",
      note: "",
      status: "asked" as const,
      is_connected: true,
      ...person,
    }));
  }

  #say(message: ServerMessage): void {
    const socket = this.#socket;
    socket?.onmessage?.call(
      socket as WebSocket,
      new MessageEvent("message", { data: JSON.stringify(message) }),
    );
  }

  #closed(code: number): void {
    const socket = this.#socket;
    socket?.onclose?.call(socket as WebSocket, new CloseEvent("close", { code }));
  }
}
