import { describe, expect, it } from "vitest";
import { effect } from "@preact/signals-core";
import { CallBench } from "../testing/call_bench";
import type { SharedScreen } from "../devices/screen_capture";

/** bob writes, while the chat is not open. */
function write(bench: CallBench, seq: number): void {
  const sender = { identity: "identity-bob", name: "Bob", is_signed_in: false, tone: "leaf" };
  const message = {
    message_id: `m${seq}`,
    seq,
    change: seq,
    session_id: "s",
    sender,
    audience: "everyone",
    to: null,
    text: "The salary is 100",
    reply_to: null,
    mentions: [],
    file_ids: [],
    pictures: [],
    reactions: [],
    sent_at: "2026-11-20T10:00:00Z",
    edited_at: null,
    deleted: null,
  };
  bench.tell({ kind: "chat_message", message });
}

async function listening(): Promise<{ bench: CallBench; said: string[]; titles: () => string[] }> {
  const bench = new CallBench();
  bench.enter();
  const result = {
    kind: "chat_page",
    messages: [],
    quoted: [],
    mine: {},
    change: 0,
    has_more: false,
    read_seq: null,
    retention_days: null,
  };
  bench.socket.say({ type: "ack", request_id: bench.socket.last("command").request_id, result });
  await Promise.resolve();
  const said: string[] = [];
  effect(() => {
    const { value } = bench.call.chatAnnouncer.said;
    if (value) said.push(value.key);
  });
  return { bench, said, titles: () => bench.call.toasts.shown.value.map((toast) => toast.title.key) };
}

describe("a message that comes while the chat is closed", () => {
  it("is shown for a moment, and said", async () => {
    const { bench, said, titles } = await listening();
    write(bench, 1);
    expect(titles()).toEqual(["toast.message"]);
    expect(said).toEqual(["say.message.public"]);
  });

  it("is not shown to everybody who looks at one's own screen", async () => {
    const { bench, said, titles } = await listening();
    const shared = bench.call.local.screen.shared as { value: SharedScreen | null };
    shared.value = { video: { getSettings: () => ({}) } as MediaStreamTrack, audio: null };
    write(bench, 1);
    expect(titles()).toEqual([]);
    expect(said).toEqual(["say.message.public"]);
    shared.value = null;
    write(bench, 2);
    expect(titles()).toEqual(["toast.message"]);
  });
});
