// What is told of new messages while somebody looks elsewhere: a toast for all that come at once, and a word for screen
// readers. Of private messages neither says more than from whom they are.
import { effect } from "@preact/signals-core";
import type { ChatMessage } from "../wire/live.gen";
import { Announcer } from "./announcer";
import type { Call } from "./call";

/** As long as a toast stays. */
const TOGETHER_MS = 6_000;
const EXCERPT_CHARS = 90;

export function followChat(call: Call): Announcer {
  const announcer = new Announcer(call.timers);
  let count = 0;
  let stopCounting: () => void = () => undefined;
  effect(() => {
    if (call.panel.value === "chat") count = 0;
  });
  call.chat.onNews((message) => {
    const { name } = message.sender;
    const own = call.line.you.value?.identity;
    const isPrivate = message.audience !== "everyone";
    const isMention = message.mentions.some((one) => one.identity === own);
    const kind = isPrivate ? "private" : isMention ? "mention" : "public";
    announcer.say({ key: `say.message.${kind}`, params: { name } });
    if (call.panel.value === "chat") return;
    // Whoever shows their screen to all shows its notices too. The count at the chat button says enough.
    if (call.local.screen.shared.value) return;
    count += 1;
    stopCounting();
    stopCounting = call.timers.after(TOGETHER_MS, () => (count = 0));
    call.toasts.show({
      icon: isPrivate ? "lock" : "chat",
      title: { key: "toast.message", params: { name, count } },
      body:
        count > 1
          ? { key: "toast.message.last", params: { name } }
          : isPrivate
            ? { key: `toast.message.${message.audience === "hosts" ? "hosts" : "private"}` }
            : { key: "toast.message.text", params: { text: excerpt(message) } },
      actions: [{ label: { key: "toast.message.open" }, perform: () => openChat(call) }],
    });
  });
  return announcer;
}

function openChat(call: Call): void {
  if (call.panel.value !== "chat") call.togglePanel("chat");
}

function excerpt(message: ChatMessage): string {
  const characters = Array.from(message.text.replace(/\s+/gu, " "));
  return characters.length > EXCERPT_CHARS
    ? `${characters.slice(0, EXCERPT_CHARS).join("")}…`
    : characters.join("");
}
