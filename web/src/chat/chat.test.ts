import { describe, expect, it } from "vitest";
import { signal } from "@preact/signals-core";
import { FakeTimers } from "../testing/fakes";
import { RequestError } from "../live/requests";
import type { ChatMessage, Command, You } from "../wire/live.gen";
import type { LineState } from "../live/room_socket";
import type { Opaque } from "../wire/server_message";
import { Chat } from "./chat";
import type { Keep } from "./keep";

function messageOf(seq: number, part: Partial<ChatMessage> = {}): ChatMessage {
  return {
    message_id: `m${seq}`,
    seq,
    change: seq,
    session_id: "s",
    sender: { identity: "bob", name: "Bob", is_signed_in: false, tone: "leaf" },
    audience: "everyone",
    to: null,
    text: `text ${seq}`,
    reply_to: null,
    mentions: [],
    file_ids: [],
    pictures: [],
    reactions: [],
    sent_at: "2026-11-20T10:00:00Z",
    edited_at: null,
    deleted: null,
    ...part,
  };
}

const pageOf = (messages: ChatMessage[], part: object = {}) => ({
  kind: "chat_page",
  messages,
  quoted: [],
  mine: {},
  change: Math.max(0, ...messages.map((one) => one.change)),
  has_more: false,
  read_seq: null,
  retention_days: null,
  ...part,
});

class Room {
  readonly state = signal<LineState>({ kind: "joined" });
  readonly you = signal<You | null>({ participant_id: "p", identity: "alice", role: "member" });
  readonly snapshot = signal(null);
  readonly timers = new FakeTimers();
  readonly asked: Command[] = [];
  readonly kept = new Map<string, unknown>();
  /** Answers the commands; what it throws is the refusal. */
  answer: (command: Command) => Opaque | null | Promise<Opaque | null> = () => pageOf([]);
  #hear: (news: Opaque) => void = () => undefined;

  chat(): Chat {
    const keep: Keep = {
      read: (name) => this.kept.get(name) ?? null,
      write: (name, value) => void this.kept.set(name, value),
    };
    let id = 0;
    return new Chat({
      line: {
        state: this.state,
        you: this.you,
        snapshot: this.snapshot,
        listen: (listener) => {
          this.#hear = listener;
          return () => undefined;
        },
        command: async (command) => {
          this.asked.push(command);
          await Promise.resolve();
          return this.answer(command);
        },
      },
      timers: this.timers,
      newId: () => `client-id-${++id}`,
      isSignedIn: true,
      keep,
      marks: keep,
    });
  }
  tell(message: ChatMessage): void {
    this.#hear({ kind: "chat_message", message });
  }
  sent(): string[] {
    return this.asked.flatMap((one) => (one.kind === "chat_send" ? [one.client_id] : []));
  }
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve));
const texts = (chat: Chat) => chat.replica.value?.messages.map((one) => one.text);

describe("the chat of a page", () => {
  it("keeps the version with the greater change, in whatever order they come", async () => {
    const room = new Room();
    room.answer = () => pageOf([messageOf(1), messageOf(2)]);
    const chat = room.chat();
    await settled();
    room.tell(messageOf(1, { change: 4, text: "newest" }));
    room.tell(messageOf(1, { change: 3, text: "older" }));
    expect(texts(chat)).toEqual(["newest", "text 2"]);
  });

  it("loses no news that came while the page was on its way", async () => {
    const room = new Room();
    let give: (page: Opaque) => void = () => undefined;
    room.answer = () => new Promise<Opaque>((resolve) => (give = resolve));
    const chat = room.chat();
    await settled();
    room.tell(messageOf(2));
    give(pageOf([messageOf(1)]));
    await settled();
    expect(texts(chat)).toEqual(["text 1", "text 2"]);
  });

  it("asks after a break for what has changed since, and starts anew when told to", async () => {
    const room = new Room();
    room.answer = () => pageOf([messageOf(1)], { change: 7 });
    const chat = room.chat();
    await settled();
    room.state.value = { kind: "reconnecting", since_ms: 0, attempt: 0 };
    room.answer = (command) =>
      command.kind === "chat_changes"
        ? { kind: "chat_changes", messages: [], quoted: [], mine: {}, change: 0, reload: true }
        : pageOf([messageOf(9)]);
    room.state.value = { kind: "joined" };
    await settled();
    expect(room.asked.at(-2)).toEqual({ kind: "chat_changes", since: 7 });
    expect(texts(chat)).toEqual(["text 9"]);
  });

  it("drops what one may no longer read when the role changes", async () => {
    const room = new Room();
    room.answer = () => pageOf([messageOf(1, { audience: "hosts" })]);
    const chat = room.chat();
    await settled();
    room.answer = () => pageOf([]);
    room.you.value = { participant_id: "p", identity: "alice", role: "guest" };
    await settled();
    expect(texts(chat)).toEqual([]);
  });

  it("sends one after the other, again under the same id after a time-out, and forgets what has arrived", async () => {
    const room = new Room();
    const chat = room.chat();
    await settled();
    room.answer = () => {
      throw new RequestError("timeout");
    };
    chat.send("one", { mentions: [], files: [] });
    chat.send("two", { mentions: [], files: [] });
    await settled();
    expect(room.sent()).toEqual(["client-id-1"]);
    let seq = 0;
    room.answer = () => ({ kind: "chat_sent", client_id: "x", message: messageOf(++seq, { change: seq }) });
    room.timers.advance(2_000);
    await settled();
    expect(room.sent()).toEqual(["client-id-1", "client-id-1", "client-id-2"]);
    expect(chat.outbox.waiting.value).toEqual([]);
  });

  it("sends after a reload what was on its way", async () => {
    const room = new Room();
    room.state.value = { kind: "reconnecting", since_ms: 0, attempt: 0 };
    room.chat().send("kept", { mentions: [], files: [] });
    room.state.value = { kind: "joined" };
    const again = room.chat();
    await settled();
    expect(new Set(room.sent())).toEqual(new Set(["client-id-1"]));
    expect(again.draft({ kind: "everyone" })).toBe("");
  });

  it("shows what the server refused for good, until it is discarded", async () => {
    const room = new Room();
    const chat = room.chat();
    await settled();
    room.answer = () => {
      throw new RequestError("switched_off");
    };
    chat.send("no", { mentions: [], files: [] });
    await settled();
    expect(chat.outbox.waiting.value[0]?.refusal).toBe("switched_off");
    chat.outbox.discard("client-id-1");
    expect(chat.outbox.waiting.value).toEqual([]);
  });

  it("answers a private message privately and lets go of it when the audience grows", async () => {
    const room = new Room();
    const chat = room.chat();
    await settled();
    const to = { identity: "alice", name: "Alice" };
    chat.answer(messageOf(1, { audience: "private", to }));
    expect(chat.audience.value).toEqual({ kind: "private", identity: "bob", name: "Bob" });
    chat.writeTo({ kind: "everyone" });
    expect(chat.answering.value).toBeNull();
  });

  it("counts what others have written since it was read, and tells the server where that was", async () => {
    const room = new Room();
    room.answer = () => pageOf([messageOf(1), messageOf(2)], { read_seq: 1 });
    const chat = room.chat();
    await settled();
    expect(chat.unreadCount.value).toBe(1);
    chat.markRead();
    room.timers.advance(1_000);
    expect(chat.unreadCount.value).toBe(0);
    expect(room.asked.at(-1)).toEqual({ kind: "chat_read", seq: 2 });
  });
});
