// The order of tiles. Arrival decides it, one's own tile is last, and nobody moves but for one reason: a speaker
// from another page takes the place of the tile that has been silent longest on this page.

/** Keeps the seats of those who stay, appends who is new (already in order of arrival), and puts `you` last. */
export function reseat(seats: readonly string[], present: readonly string[], you: string): string[] {
  const here = new Set(present);
  const stay = seats.filter((key) => here.has(key) && key !== you);
  const known = new Set(stay);
  const fresh = present.filter((key) => key !== you && !known.has(key));
  return [...stay, ...fresh, ...(here.has(you) ? [you] : [])];
}

/** `lastSpoke_ms` of someone who never spoke is absent and counts as longest silent. */
export function promote(
  seats: readonly string[],
  visible: readonly string[],
  speaker: string,
  you: string,
  lastSpoke_ms: ReadonlyMap<string, number>,
): readonly string[] {
  if (visible.includes(speaker) || !seats.includes(speaker)) return seats;
  const silentFor = (key: string) => lastSpoke_ms.get(key) ?? Number.NEGATIVE_INFINITY;
  const [longest] = visible
    .filter((key) => key !== you && key !== speaker)
    // The later tile goes first when two have been silent equally long.
    .reverse()
    .sort((a, b) => silentFor(a) - silentFor(b));
  if (!longest) return seats;
  return seats.map((key) => (key === longest ? speaker : key === speaker ? longest : key));
}
