// Messages on their way: one after the other, in the order of writing, under ids of our own, until the server has them.
// A retry under the same id is answered with the message that is there already (CHAT-012).
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Opaque } from "../wire/server_message";
import type { Command } from "../wire/live.gen";
import type { Timers } from "../timing/timers";
import type { Audience } from "./audience";
import type { Keep } from "./keep";

export interface Outgoing {
  clientId: string;
  text: string;
  audience: Audience;
  replyTo: string | null;
  mentions: readonly string[];
  files: readonly { id: string; name: string; size: number }[];
  /** Why it was refused for good; `null` while it is on its way. */
  refusal: string | null;
}

/** Passing troubles: the same again, later. */
const WORTH_ANOTHER_TRY = new Set([
  "timeout",
  "ended",
  "too_many_requests",
  "rate_limited",
  "not_saved",
  "unavailable",
  "internal",
]);
const RETRY_MS = 2_000;

export interface OutboxDeps {
  command: (command: Command) => Promise<Opaque | null>;
  isJoined: () => boolean;
  timers: Timers;
  keep: Keep;
  onSent: (result: Opaque | null) => void;
}

export class Outbox {
  readonly #waiting = signal<readonly Outgoing[]>([]);
  #isSending = false;
  #stopRetry: () => void = () => undefined;

  constructor(private readonly deps: OutboxDeps) {
    this.#waiting.value = (deps.keep.read("outbox") as Outgoing[] | null) ?? [];
  }

  get waiting(): ReadonlySignal<readonly Outgoing[]> {
    return this.#waiting;
  }

  put(message: Outgoing): void {
    this.#set([...this.#waiting.value, message]);
    void this.flush();
  }

  retry(clientId: string): void {
    this.#set(
      this.#waiting.value.map((one) => (one.clientId === clientId ? { ...one, refusal: null } : one)),
    );
    void this.flush();
  }

  /** Gives up a refused message; one on its way may have arrived already. */
  discard(clientId: string): void {
    this.#set(this.#waiting.value.filter((one) => one.clientId !== clientId || one.refusal === null));
  }

  async flush(): Promise<void> {
    this.#stopRetry();
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (;;) {
        const next = this.#waiting.value.find((one) => one.refusal === null);
        if (!next || !this.deps.isJoined()) return;
        try {
          const result = await this.deps.command(commandOf(next));
          this.#set(this.#waiting.value.filter((one) => one.clientId !== next.clientId));
          this.deps.onSent(result);
        } catch (error) {
          const code = codeOf(error);
          if (WORTH_ANOTHER_TRY.has(code)) {
            this.#stopRetry = this.deps.timers.after(RETRY_MS, () => void this.flush());
            return;
          }
          this.#set(
            this.#waiting.value.map((one) =>
              one.clientId === next.clientId ? { ...one, refusal: code } : one,
            ),
          );
        }
      }
    } finally {
      this.#isSending = false;
    }
  }

  #set(waiting: readonly Outgoing[]): void {
    this.#waiting.value = waiting;
    this.deps.keep.write("outbox", waiting);
  }
}

export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "internal";

function commandOf(one: Outgoing): Command {
  const common = {
    client_id: one.clientId,
    text: one.text,
    reply_to: one.replyTo,
    mentions: [...one.mentions],
    file_ids: one.files.map((file) => file.id),
  };
  return one.audience.kind === "private"
    ? { kind: "chat_send_private", to: one.audience.identity, ...common }
    : { kind: "chat_send", audience: one.audience.kind, ...common };
}
