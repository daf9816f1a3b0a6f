// Messages as they arrive, read field by field.
import type { ChatMessage } from "../wire/live.gen";
import { flag, list, mapOf, nullable, number, object, oneOf, text } from "../wire/shape";

export const EMOJI = ["thumbs_up", "heart", "laugh", "surprise", "celebrate", "thinking"] as const;
export type Emoji = (typeof EMOJI)[number];

const emoji = oneOf(...EMOJI);
const person = object<ChatMessage["mentions"][number]>({ identity: text, name: text });
const message = object<ChatMessage>({
  message_id: text,
  seq: number,
  change: number,
  session_id: text,
  sender: object<ChatMessage["sender"]>({
    identity: text,
    name: text,
    is_signed_in: flag,
    tone: oneOf("leaf", "lake", "indigo", "plum", "clay", "ochre"),
  }),
  audience: oneOf("everyone", "private", "hosts"),
  to: nullable(person),
  text,
  reply_to: nullable(text),
  mentions: list(person),
  file_ids: list(text),
  pictures: list(object<ChatMessage["pictures"][number]>({ file_id: text, width: number, height: number })),
  reactions: list(object<ChatMessage["reactions"][number]>({ emoji, count: number, by: list(text) })),
  sent_at: text,
  edited_at: nullable(text),
  deleted: nullable(object<NonNullable<ChatMessage["deleted"]>>({ at: text, by: person })),
});
const messages = list(message);
const mine = mapOf(list(emoji));

export const readMessage = (value: unknown): ChatMessage => message(value, "message");
export const readMine = list(emoji);

export interface Page {
  messages: ChatMessage[];
  quoted: ChatMessage[];
  mine: Record<string, Emoji[]>;
  change: number;
  has_more: boolean;
  read_seq: number | null;
  retention_days: number | null;
}
export const readPage = object<Page>({
  messages,
  quoted: messages,
  mine,
  change: number,
  has_more: flag,
  read_seq: nullable(number),
  retention_days: nullable(number),
});

export interface Changes {
  messages: ChatMessage[];
  quoted: ChatMessage[];
  mine: Record<string, Emoji[]>;
  change: number;
  reload: boolean;
}
export const readChanges = object<Changes>({
  messages,
  quoted: messages,
  mine,
  change: number,
  reload: flag,
});

export interface Found {
  messages: ChatMessage[];
  has_more: boolean;
}
export const readFound = object<Found>({ messages, has_more: flag });
