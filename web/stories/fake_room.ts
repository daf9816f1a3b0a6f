// A live room in the page: answers the hello with a roster, and breaks on request.
import type { SocketLike } from "../src/live/dial";
import { participant, snapshot } from "../src/testing/fakes";
import type {
  FeatureEvent,
  Participant,
  Reaction,
  ServerMessage,
  Tone,
  WaitingPerson,
} from "../src/wire/live.gen";
import { fileInfos, found, page } from "./chat";
import type { Story } from "./cast";

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

  /** Somebody comes; once in a story. */
  come(name: string): void {
    const put = participant(name, {
      participant_id: "late",
      identity: name,
      joined_at: new Date().toISOString(),
    });
    this.#say({
      type: "delta",
      base: 1,
      version: 2,
      changes: [{ op: "put_participant", participant: put }],
    });
  }

  tell(event: FeatureEvent): void {
    this.#say({ type: "event", event });
  }

  /** Others show reactions, by their place in the story. */
  react(...reactions: readonly (readonly [place: number, reaction: Reaction])[]): void {
    for (const [place, reaction] of reactions)
      this.tell({ kind: "reacted", participant_id: `p${place}`, reaction });
  }

  /** What the server answers to a request. */
  fetch(url: string): Response {
    const answer = url.includes("/files?") ? fileInfos() : this.preview();
    return new Response(JSON.stringify(answer), { headers: { "content-type": "application/json" } });
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

  #answer(message: { type: string; request_id: string; command?: { kind: string } }): void {
    if (message.type === "command") this.#carryOut(message.request_id, message.command?.kind ?? "");
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
      this.#refuse(message.request_id, this.#refusal);
      return;
    }
    const plain = snapshot(1, this.#people());
    this.#say({
      type: "welcome",
      request_id: message.request_id,
      you: { participant_id: "you", identity: "amina", role: this.story.yourRole ?? "member" },
      guest_ticket: null,
      media: { url: "", token: "t", expires_at: "" },
      heartbeat_s: 600,
      snapshot: {
        ...plain,
        room: {
          ...plain.room,
          started_at: new Date(Date.now() - 1_446_000).toISOString(),
          ...this.story.room,
        },
        waiting: Object.fromEntries(this.#waiting().map((person) => [person.participant_id, person])),
      },
    });
  }

  #carryOut(request_id: string, kind: string): void {
    const { chat } = this.story;
    if (kind === "chat_page" && chat === "loading") return;
    if (kind === "chat_search")
      this.#say({ type: "ack", request_id, result: found(typeof chat === "object" ? chat : {}) });
    else if (kind === "chat_page" && chat === "failed") this.#refuse(request_id, "internal");
    else
      this.#say({
        type: "ack",
        request_id,
        result: kind === "chat_page" ? page(typeof chat === "object" ? chat : {}) : null,
      });
  }

  #refuse(request_id: string, code: string): void {
    this.#say({ type: "error", request_id, code, retryable: false, params: {} } as ServerMessage);
  }

  #people(): Participant[] {
    const others = this.story.others
      .filter((person) => !person.isExternal)
      .map((person, index) =>
        participant(person.name, {
          participant_id: `p${index}`,
          identity: person.name,
          role: person.role ?? "member",
          is_signed_in: person.role !== "guest",
          joined_at: new Date(1_000 * index).toISOString(),
          presence: person.isReconnecting ? "reconnecting" : "connected",
          tone: TONES[index % 6] ?? "leaf",
          hand_at: person.handAgo_s ? new Date(Date.now() - person.handAgo_s * 1_000).toISOString() : null,
          ...person.state,
        }),
      );
    const you = participant("Amina Diallo", {
      participant_id: "you",
      identity: "amina",
      role: this.story.yourRole ?? "member",
      joined_at: new Date(99_000).toISOString(),
      tone: "lake",
      ...this.story.yourState,
    });
    return [...others, you];
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
