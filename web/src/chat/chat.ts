// The chat of this meeting for this person: keeps the replica in step over every break, sends, and knows what is new.
import { computed, effect, signal, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { RoomSocket } from "../live/room_socket";
import type { Timers } from "../timing/timers";
import type { ChatMessage, Command } from "../wire/live.gen";
import type { Opaque } from "../wire/server_message";
import { audienceKey, audienceOfAnswer, EVERYONE, mayAnswer } from "./audience";
import type { Audience } from "./audience";
import type { Keep } from "./keep";
import { Outbox, codeOf } from "./outbox";
import type { Outgoing } from "./outbox";
import { findMessage, fromPage, withChanges, withMessage, withOlder } from "./replica";
import type { Replica } from "./replica";
import { readChanges, readFound, readMessage, readMine, readPage } from "./shapes";
import type { Emoji, Found } from "./shapes";

export interface ChatDeps {
  line: Pick<RoomSocket, "command" | "listen" | "state" | "you" | "snapshot">;
  timers: Timers;
  newId: () => string;
  isSignedIn: boolean;
  /** Of this tab: drafts and what is on its way. */
  keep: Keep;
  /** Of this browser: how far a guest has read. */
  marks: Keep;
}

const PAGE = 40;
const RECENT = 200;
const RETRY_MS = 3_000;
/** Reading is told at most so often. */
const READ_TOLD_AFTER_MS = 1_000;

export class Chat {
  readonly outbox: Outbox;
  readonly #replica = signal<Replica | null>(null);
  readonly #hasFailed = signal(false);
  readonly #isLoadingOlder = signal(false);
  readonly #readSeq = signal(0);
  readonly #audience = signal<Audience>(EVERYONE);
  readonly #answering = signal<ChatMessage | null>(null);
  readonly #listeners = new Set<(message: ChatMessage) => void>();
  #drafts: Record<string, string>;
  /** A new number for each page that is asked for; the answer to an older question is not wanted any more. */
  #asked = 0;
  /** News of late: a page that was read before they happened may arrive after them. */
  #recent: readonly ChatMessage[] = [];
  #isTellingRead = false;

  constructor(private readonly deps: ChatDeps) {
    this.#drafts = (deps.keep.read("drafts") as Record<string, string> | null) ?? {};
    this.#readSeq.value = Number(deps.marks.read("read") ?? 0);
    this.outbox = new Outbox({
      command: (command) => deps.line.command(command),
      isJoined: () => deps.line.state.value.kind === "joined",
      timers: deps.timers,
      keep: deps.keep,
      onSent: (result) => this.#adopt(result),
    });
    deps.line.listen((news) => this.#hear(news));
    let role: string | null = null;
    effect(() => {
      const isJoined = deps.line.state.value.kind === "joined";
      const you = deps.line.you.value;
      if (!isJoined || !you) return;
      // What one may read hangs on the role (CHAT-024).
      const isFresh = you.role !== role;
      role = you.role;
      untracked(() => {
        void (isFresh ? this.reload() : this.#catchUp());
        void this.outbox.flush();
      });
    });
  }

  /** `null` until the first page is there. */
  get replica(): ReadonlySignal<Replica | null> {
    return this.#replica;
  }
  get hasFailed(): ReadonlySignal<boolean> {
    return this.#hasFailed;
  }
  get isLoadingOlder(): ReadonlySignal<boolean> {
    return this.#isLoadingOlder;
  }
  get readSeq(): ReadonlySignal<number> {
    return this.#readSeq;
  }
  get audience(): ReadonlySignal<Audience> {
    return this.#audience;
  }
  get answering(): ReadonlySignal<ChatMessage | null> {
    return this.#answering;
  }
  get own(): string {
    return this.deps.line.you.value?.identity ?? "";
  }

  readonly unreadCount: ReadonlySignal<number> = computed(() => {
    const read = this.#readSeq.value;
    const own = this.deps.line.you.value?.identity;
    return (this.#replica.value?.messages ?? []).filter(
      (one) => one.seq > read && one.sender.identity !== own && !one.deleted,
    ).length;
  });

  /** Messages that somebody else has just written. */
  onNews(listener: (message: ChatMessage) => void): void {
    this.#listeners.add(listener);
  }

  draft(audience: Audience): string {
    return this.#drafts[audienceKey(audience)] ?? "";
  }

  keepDraft(audience: Audience, text: string): void {
    this.#drafts = { ...this.#drafts, [audienceKey(audience)]: text };
    this.deps.keep.write("drafts", this.#drafts);
  }

  writeTo(audience: Audience): void {
    this.#audience.value = audience;
    const answering = this.#answering.value;
    if (answering && !mayAnswer(answering, this.own, audience)) this.#answering.value = null;
  }

  answer(message: ChatMessage | null): void {
    if (message) this.#audience.value = audienceOfAnswer(message, this.own, this.#audience.value);
    this.#answering.value = message;
  }

  send(text: string, more: Pick<Outgoing, "mentions" | "files">): void {
    const audience = this.#audience.value;
    this.outbox.put({
      clientId: this.deps.newId(),
      text,
      audience,
      replyTo: this.#answering.value?.message_id ?? null,
      refusal: null,
      ...more,
    });
    this.#answering.value = null;
    this.keepDraft(audience, "");
  }

  /** Resolves to the code of the refusal, or `null`. */
  edit(message: ChatMessage, text: string, mentions: string[]): Promise<string | null> {
    const kind = message.audience === "private" ? "chat_edit_private" : "chat_edit";
    return this.#change({ kind, message_id: message.message_id, text, mentions });
  }

  delete(message: ChatMessage): Promise<string | null> {
    return this.#change({ kind: "chat_delete", message_id: message.message_id });
  }

  react(message: ChatMessage, emoji: Emoji): Promise<string | null> {
    const has = this.#replica.value?.mine.get(message.message_id)?.includes(emoji) ?? false;
    return this.#change({ kind: has ? "chat_unreact" : "chat_react", message_id: message.message_id, emoji });
  }

  async search(text: string, before_seq: number | null): Promise<Found> {
    return readFound(await this.deps.line.command({ kind: "chat_search", text, before_seq }), "found");
  }

  /** A fresh page in place of everything. */
  async reload(): Promise<void> {
    const asked = ++this.#asked;
    this.#hasFailed.value = false;
    this.#recent = [];
    try {
      const page = readPage(await this.deps.line.command({ kind: "chat_page", limit: PAGE }), "page");
      if (asked !== this.#asked) return;
      this.#replica.value = this.#withRecent(fromPage(page));
      this.#readSeq.value = Math.max(this.#readSeq.value, page.read_seq ?? 0);
    } catch {
      if (asked === this.#asked) this.#failed(() => void this.reload());
    }
  }

  async loadOlder(): Promise<void> {
    const replica = this.#replica.value;
    const first = replica?.messages[0];
    if (!replica?.hasOlder || !first || this.#isLoadingOlder.value) return;
    this.#isLoadingOlder.value = true;
    const asked = this.#asked;
    try {
      const command: Command = { kind: "chat_page", before_seq: first.seq, limit: PAGE };
      const page = readPage(await this.deps.line.command(command), "page");
      const now = this.#replica.value;
      if (now && asked === this.#asked) this.#replica.value = this.#withRecent(withOlder(now, page));
    } catch {
      // What is shown stays; scrolling up asks again.
    } finally {
      this.#isLoadingOlder.value = false;
    }
  }

  /** Everything that is here was seen. */
  markRead(): void {
    const last = this.#replica.value?.messages.at(-1)?.seq ?? 0;
    if (last <= this.#readSeq.value) return;
    this.#readSeq.value = last;
    if (!this.deps.isSignedIn) this.deps.marks.write("read", last);
    else if (!this.#isTellingRead) {
      this.#isTellingRead = true;
      this.deps.timers.after(READ_TOLD_AFTER_MS, () => {
        this.#isTellingRead = false;
        // A mark that is lost is set again by the next message that is read.
        this.deps.line.command({ kind: "chat_read", seq: this.#readSeq.value }).catch(() => undefined);
      });
    }
  }

  async #catchUp(): Promise<void> {
    const replica = this.#replica.value;
    if (!replica) return this.reload();
    const asked = this.#asked;
    try {
      const command: Command = { kind: "chat_changes", since: replica.change };
      const changes = readChanges(await this.deps.line.command(command), "changes");
      const now = this.#replica.value;
      if (asked !== this.#asked || !now) return;
      if (changes.reload) {
        await this.reload();
        return;
      }
      const before = now.messages.at(-1)?.seq ?? 0;
      this.#replica.value = withChanges(now, changes);
      for (const one of changes.messages) if (one.seq > before) this.#tell(one);
    } catch {
      if (asked === this.#asked) this.#failed(() => void this.#catchUp());
    }
  }

  #failed(again: () => void): void {
    this.#hasFailed.value = this.#replica.value === null;
    const asked = this.#asked;
    this.deps.timers.after(RETRY_MS, () => {
      if (asked === this.#asked && this.deps.line.state.value.kind === "joined") again();
    });
  }

  #hear(news: Opaque): void {
    if (news["kind"] === "chat_trimmed") {
      void this.reload();
      return;
    }
    if (news["kind"] !== "chat_message") return;
    const message = readMessage(news["message"]);
    const replica = this.#replica.value;
    this.#recent = [...this.#recent, message].slice(-RECENT);
    if (!replica) return;
    const isNew =
      message.seq > (replica.messages.at(-1)?.seq ?? 0) && !findMessage(replica, message.message_id);
    this.#replica.value = withMessage(replica, message);
    if (isNew) this.#tell(message);
  }

  #withRecent(replica: Replica): Replica {
    return this.#recent.reduce((sum, one) => withMessage(sum, one), replica);
  }

  #tell(message: ChatMessage): void {
    if (message.sender.identity === this.own || message.deleted) return;
    for (const listener of this.#listeners) listener(message);
  }

  async #change(command: Command): Promise<string | null> {
    try {
      this.#adopt(await this.deps.line.command(command));
      return null;
    } catch (error) {
      return codeOf(error);
    }
  }

  #adopt(result: Opaque | null): void {
    const replica = this.#replica.value;
    if (!replica || !result) return;
    const message = readMessage(result["message"]);
    const mine = result["kind"] === "chat_changed" ? readMine(result["mine"], "mine") : undefined;
    this.#replica.value = withMessage(replica, message, mine);
  }
}
