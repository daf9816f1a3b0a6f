// The chat panel: nothing yet, on its way, out of reach, and what was written.
import { PRIVATE, TALK, WITH_FILES } from "./chat";
import { FIVE, inside } from "./cast";
import type { Play, Story } from "./cast";
import { press } from "./press";

const open = (then?: Play): Play =>
  inside((call, room, engine) => {
    call.togglePanel("chat");
    return then?.(call, room, engine);
  });
const found = (selector: string) => () => document.querySelector<HTMLElement>(selector);
/** The field, with something to look for in it. */
const searchField = (): HTMLElement | null => {
  const field = document.querySelector<HTMLInputElement>(".panel input[type=search]");
  if (!field) return null;
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field, "room");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  return field;
};
const writeToLeila: Play = (call) =>
  call.chat.writeTo({ kind: "private", identity: "Leila Haddad", name: "Leila Haddad" });

export const chatStories: Readonly<Record<string, Story>> = {
  chat: { others: FIVE, chat: { messages: [...TALK], mine: { m5: ["celebrate"] } }, play: open() },
  "chat-empty": { others: FIVE, chat: {}, play: open() },
  "chat-loading": { others: FIVE, chat: "loading", play: open() },
  "chat-failed": { others: FIVE, chat: "failed", play: open() },
  "chat-offline": {
    others: FIVE,
    chat: { messages: [...TALK] },
    play: open((call, room) => {
      room.cut();
      call.chat.send("Can you still read this?", { mentions: [], files: [] });
    }),
  },
  "chat-private": { others: FIVE, chat: { messages: [...TALK, ...PRIVATE] }, play: open(writeToLeila) },
  "chat-files": { others: FIVE, chat: { messages: [...WITH_FILES] }, play: open() },
  "chat-unread": { others: FIVE, chat: { messages: [...TALK], read_seq: 2 }, play: open() },
  "chat-kept": { others: FIVE, chat: { messages: [...TALK], retention_days: 30 }, play: open() },
  "chat-answer": {
    others: FIVE,
    chat: { messages: [...TALK] },
    play: open((call) => {
      const [first] = TALK;
      if (first) call.chat.answer(first);
    }),
  },
  "chat-edit": {
    others: FIVE,
    chat: { messages: [...TALK] },
    play: open(() => {
      press(
        () => document.querySelector<HTMLElement>('[data-message-id="m2"]'),
        () => {
          document.querySelector<HTMLElement>('[data-message-id="m2"]')?.focus();
          press(found(".msg-acts > :last-child"), () => press(found("[role=menuitem]")));
        },
      );
    }),
  },
  "chat-search": {
    others: FIVE,
    chat: { messages: [...TALK] },
    play: open(() => {
      press(found(".panel > header [aria-expanded]"), () => press(searchField));
    }),
  },
  "chat-uploads": {
    others: FIVE,
    chat: { messages: [...TALK] },
    play: open((call) => {
      // Nobody takes files here: the first one fails, and the second one is never answered.
      call.uploads.add([new File(["x".repeat(91_000)], "poster.png")]);
      window.setTimeout(() => {
        XMLHttpRequest.prototype.send = () => undefined;
        call.uploads.add([new File(["x".repeat(483_000)], "Reading groups, autumn term.pdf")]);
      }, 1_000);
    }),
  },
  "chat-off": { others: FIVE, room: { is_suspended: true }, chat: { messages: [...TALK] }, play: open() },
};
