// Which stars and underscores belong together: CommonMark's rule, from the inside out.
import type { Inline } from "./markdown_inline";

export type Piece =
  | { kind: "node"; node: Inline }
  | {
      kind: "run";
      mark: "*" | "_";
      /** As typed. */
      length: number;
      /** Not used up yet. */
      left: number;
      canOpen: boolean;
      canClose: boolean;
    };
type Run = Extract<Piece, { kind: "run" }>;

export function pairUp(given: readonly Piece[]): readonly Inline[] {
  const pieces = [...given];
  /** Below this, nothing opens what a mark like this one would close: found by an earlier search in vain. */
  const bottoms = new Map<string, Piece>();
  for (let at = 0; at < pieces.length;) {
    const closer = pieces[at];
    if (closer?.kind !== "run" || !closer.canClose || closer.left === 0) {
      at += 1;
      continue;
    }
    const key = `${closer.mark}${closer.length % 3}${closer.canOpen}`;
    const opening = findOpener(pieces, at, closer, bottoms.get(key));
    if (opening === null) {
      const below = pieces[at - 1];
      if (below) bottoms.set(key, below);
      at += 1;
      continue;
    }
    const opener = pieces[opening] as Run;
    const used = opener.left >= 2 && closer.left >= 2 ? 2 : 1;
    const children = nodesOf(pieces.slice(opening + 1, at));
    opener.left -= used;
    closer.left -= used;
    const node: Inline = { kind: used === 2 ? "strong" : "emphasis", children };
    pieces.splice(opening + 1, at - opening - 1, { kind: "node", node });
    at = opening + 2;
  }
  return nodesOf(pieces);
}

function findOpener(
  pieces: readonly Piece[],
  at: number,
  closer: Run,
  bottom: Piece | undefined,
): number | null {
  for (let place = at - 1; place >= 0 && pieces[place] !== bottom; place--) {
    const piece = pieces[place];
    if (piece?.kind === "run" && piece.left > 0 && piece.canOpen && belong(piece, closer)) return place;
  }
  return null;
}

/** Not where one of them both opens and closes and their lengths add up to a multiple of three. */
function belong(opener: Run, closer: Run): boolean {
  if (opener.mark !== closer.mark) return false;
  const isDoubtful = opener.canClose || closer.canOpen;
  const areThrees = opener.length % 3 === 0 && closer.length % 3 === 0;
  return !isDoubtful || (opener.length + closer.length) % 3 !== 0 || areThrees;
}

/** What is left of the runs is text; texts side by side become one. */
function nodesOf(pieces: readonly Piece[]): Inline[] {
  const nodes: Inline[] = [];
  for (const piece of pieces) {
    const node: Inline =
      piece.kind === "node" ? piece.node : { kind: "text", text: piece.mark.repeat(piece.left) };
    const last = nodes.at(-1);
    if (node.kind === "text" && last?.kind === "text")
      nodes[nodes.length - 1] = { kind: "text", text: last.text + node.text };
    else if (node.kind !== "text" || node.text) nodes.push(node);
  }
  return nodes;
}
