// Where a link of a message may lead, and bare addresses in a text; CHAT-063 and CHAT-064 in docs/protocol/chat.md.

const MAX_ADDRESS_CHARS = 2048;

/** As it stands in the link, encoded: a host, perhaps with letters beyond ASCII, and no user name that looks like one. */
const SAFE =
  /^(?:https?:\/\/(?:[a-z0-9._-]|%[89a-f][0-9a-f])+(?::[0-9]{1,5})?(?:[/?#]\S*)?|mailto:[^\s/]+)$/i;
const KEPT = /^[\w;/?:@&=+$,.!~*'()#-]$/;
const BARE = /:\/\/[^\s<>"`|\\^{}]+/y;
const TRAILING_MARKS = ".,:;!?'*_~";

/** The address as a link has it, or `null` where it must not lead. */
export function linkAddress(typed: string): string | null {
  const address = encoded(typed);
  return address.length <= MAX_ADDRESS_CHARS && SAFE.test(address) && isReadable(address) ? address : null;
}

/** A host may hold letters that no host can have, such as those that turn a text around. */
function isReadable(address: string): boolean {
  try {
    return new URL(address).href !== "";
  } catch {
    return false;
  }
}

/** Percent-encodes what an address cannot hold; what is encoded already stays. */
function encoded(typed: string): string {
  const characters = Array.from(typed);
  return characters
    .map((character, index) => {
      if (character === "%")
        return /^[0-9a-f]{2}$/i.test(characters.slice(index + 1, index + 3).join("")) ? "%" : "%25";
      if (KEPT.test(character)) return character;
      return character.length === 1 && /[\ud800-\udfff]/.test(character)
        ? "%EF%BF%BD"
        : encodeURIComponent(character);
    })
    .join("");
}

/**
 * A web address whose "://" stands at *colon*; *before* is the text up to there. Returns how much of *before* belongs
 * to it, its text and where it leads.
 */
export function bareAddress(
  source: string,
  colon: number,
  before: string,
): { schemeLength: number; typed: string; address: string } | null {
  const scheme = /https?$/i.exec(before)?.[0];
  if (scheme === undefined || /[\p{L}\p{N}]$/u.test(before.slice(0, -scheme.length))) return null;
  BARE.lastIndex = colon;
  const found = BARE.exec(source)?.[0];
  if (found === undefined || Array.from(found).length > MAX_ADDRESS_CHARS) return null;
  const typed = scheme + withoutTrailingMarks(found);
  const address = linkAddress(typed);
  return address === null ? null : { schemeLength: scheme.length, typed, address };
}

/** Without the marks that end a sentence, and without brackets that were opened before it. */
function withoutTrailingMarks(address: string): string {
  const count = (mark: string) => address.split(mark).length - 1;
  const surplus: Record<string, number> = { ")": count(")") - count("("), "]": count("]") - count("[") };
  let end = address.length;
  for (; end > "://".length; end--) {
    const mark = address[end - 1] ?? "";
    const left = surplus[mark] ?? 0;
    if (left > 0) surplus[mark] = left - 1;
    else if (!TRAILING_MARKS.includes(mark)) break;
  }
  return address.slice(0, end);
}
