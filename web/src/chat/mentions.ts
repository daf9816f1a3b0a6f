// "@" and the beginning of a name: who may be meant, and who was named in the end.

export interface Mentionable {
  identity: string;
  name: string;
}

/** Those inside, and those who wrote and have left: they read it when they are back. The last to write comes first. */
export function mentionable(
  inside: readonly Mentionable[],
  messages: readonly { sender: Mentionable }[],
  own: string,
): readonly Mentionable[] {
  const known = new Set([own, ...inside.map((one) => one.identity)]);
  // Whoever came back as somebody new is meant as who they are now.
  const names = new Set(inside.map((one) => one.name));
  const gone: Mentionable[] = [];
  for (const { sender } of [...messages].reverse()) {
    if (known.has(sender.identity) || names.has(sender.name)) continue;
    known.add(sender.identity);
    gone.push({ identity: sender.identity, name: sender.name });
  }
  return [...inside, ...gone];
}

/** What is being typed after an "@" before the caret; `null` when nothing is. */
export function mentionAt(text: string, caret: number): { start: number; query: string } | null {
  const found = /(?:^|[\s(])@([^\s@]{0,40}(?: [^\s@]{0,40})?)$/u.exec(text.slice(0, caret));
  return found ? { start: caret - (found[1] ?? "").length - 1, query: found[1] ?? "" } : null;
}

const plain = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();

/** Whose name, or a part of whose name, begins like that. */
export function suggest(people: readonly Mentionable[], query: string, most = 6): readonly Mentionable[] {
  const wanted = plain(query);
  const begins = (name: string) => plain(name).startsWith(wanted);
  const hasPart = (name: string) =>
    plain(name)
      .split(/\s+/u)
      .some((part) => part.startsWith(wanted));
  return [
    ...people.filter((one) => begins(one.name)),
    ...people.filter((one) => !begins(one.name) && hasPart(one.name)),
  ].slice(0, most);
}

/** The identities whose "@name" stands in the text; at most 20, as the server takes. */
export function mentionedIn(text: string, people: readonly Mentionable[]): string[] {
  return people
    .filter((one) => text.includes(`@${one.name}`))
    .map((one) => one.identity)
    .slice(0, 20);
}

/** The text in pieces: those that name somebody, and those between. */
export function splitMentions(
  text: string,
  names: readonly string[],
): { text: string; isMention: boolean }[] {
  const wanted = [...names].sort((a, b) => b.length - a.length).map((name) => `@${name}`);
  const pieces: { text: string; isMention: boolean }[] = [];
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const found = wanted.find((one) => text.startsWith(one, at));
    if (!found || at < from) continue;
    if (at > from) pieces.push({ text: text.slice(from, at), isMention: false });
    pieces.push({ text: found, isMention: true });
    from = at + found.length;
  }
  return from < text.length ? [...pieces, { text: text.slice(from), isMention: false }] : pieces;
}
