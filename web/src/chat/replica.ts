// What this page knows of the chat: a page, moved on by news. Pure. Law (CHAT-021): a page, plus what changed and what
// was told after it, is a fresh page; of two versions of a message the one with the greater `change` is true.
import type { ChatMessage } from "../wire/live.gen";
import type { Changes, Emoji, Page } from "./shapes";

export interface Replica {
  /** In the order of `seq`, without holes from the first one on. */
  messages: readonly ChatMessage[];
  /** What is answered and is older than the first one. */
  quoted: ReadonlyMap<string, ChatMessage>;
  mine: ReadonlyMap<string, readonly Emoji[]>;
  /** The greatest that was told: where to go on from. */
  change: number;
  hasOlder: boolean;
  retentionDays: number | null;
}

export function fromPage(page: Page): Replica {
  return {
    messages: sorted(page.messages),
    quoted: new Map(page.quoted.map((one) => [one.message_id, one])),
    mine: new Map(Object.entries(page.mine)),
    change: page.change,
    hasOlder: page.has_more,
    retentionDays: page.retention_days,
  };
}

/** The page before the first message. */
export function withOlder(replica: Replica, page: Page): Replica {
  const older = put({ ...replica, hasOlder: false }, page.messages, page.quoted);
  return {
    ...older,
    hasOlder: page.has_more,
    mine: new Map([...Object.entries(page.mine), ...replica.mine]),
    // Where to go on from stays: this page says nothing of what changed in the others.
    change: replica.change,
  };
}

export function withChanges(replica: Replica, changes: Changes): Replica {
  const moved = put(replica, changes.messages, changes.quoted);
  return {
    ...moved,
    mine: new Map([...moved.mine, ...Object.entries(changes.mine)]),
    change: Math.max(moved.change, changes.change),
  };
}

export function withMessage(replica: Replica, message: ChatMessage, mine?: readonly Emoji[]): Replica {
  const moved = put(replica, [message], []);
  return mine ? { ...moved, mine: new Map([...moved.mine, [message.message_id, mine]]) } : moved;
}

/** The message by its id, also when it is only quoted. */
export function findMessage(replica: Replica, id: string): ChatMessage | undefined {
  return replica.messages.find((one) => one.message_id === id) ?? replica.quoted.get(id);
}

function put(replica: Replica, news: readonly ChatMessage[], quoted: readonly ChatMessage[]): Replica {
  const known = new Map(replica.messages.map((one) => [one.message_id, one]));
  const aside = new Map(replica.quoted);
  for (const one of quoted) if (isNewer(one, aside.get(one.message_id))) aside.set(one.message_id, one);
  const first = replica.messages[0]?.seq ?? 0;
  let change = replica.change;
  for (const one of news) {
    change = Math.max(change, one.change);
    if (aside.has(one.message_id) && isNewer(one, aside.get(one.message_id))) aside.set(one.message_id, one);
    // Older than what is shown: it comes with its page.
    const isBefore = replica.hasOlder && one.seq < first && !known.has(one.message_id);
    if (!isBefore && isNewer(one, known.get(one.message_id))) known.set(one.message_id, one);
  }
  const mine = new Map(
    [...replica.mine].map(([id, emoji]) => {
      const message = known.get(id);
      return [id, message ? emoji.filter((one) => hasEmoji(message, one)) : emoji];
    }),
  );
  return { ...replica, messages: sorted([...known.values()]), quoted: aside, mine, change };
}

const isNewer = (one: ChatMessage, other: ChatMessage | undefined) => !other || one.change > other.change;
const hasEmoji = (message: ChatMessage, emoji: Emoji) => message.reactions.some((one) => one.emoji === emoji);
const sorted = (messages: readonly ChatMessage[]) => [...messages].sort((a, b) => a.seq - b.seq);
