// To whom a message goes. What is private is private from the first letter on, not from the moment of sending.
import type { ChatMessage } from "../wire/live.gen";

export type Audience =
  { kind: "everyone" } | { kind: "hosts" } | { kind: "private"; identity: string; name: string };

export const EVERYONE: Audience = { kind: "everyone" };

/** Drafts are kept by it. */
export const audienceKey = (audience: Audience): string =>
  audience.kind === "private" ? `private:${audience.identity}` : audience.kind;

/** With whom a private message is, seen from one of the two. */
export function partnerOf(message: ChatMessage, own: string): { identity: string; name: string } | null {
  if (message.audience !== "private" || !message.to) return null;
  return message.sender.identity === own ? message.to : message.sender;
}

/** Where an answer to *message* goes: as far as that one did, and never further (CHAT-015). */
export function audienceOfAnswer(message: ChatMessage, own: string, current: Audience): Audience {
  const partner = partnerOf(message, own);
  if (partner) return { kind: "private", identity: partner.identity, name: partner.name };
  return message.audience === "hosts" ? { kind: "hosts" } : current;
}

/** Whether everybody who reads the answer may read what it answers. */
export function mayAnswer(message: ChatMessage, own: string, audience: Audience): boolean {
  const partner = partnerOf(message, own);
  if (partner) return audience.kind === "private" && audience.identity === partner.identity;
  if (message.audience === "hosts")
    return (
      audience.kind === "hosts" ||
      (audience.kind === "private" && audience.identity === message.sender.identity)
    );
  return true;
}
