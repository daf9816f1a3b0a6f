// The page offers exactly what the room would carry out: held against the table that the server writes.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { snapshot } from "../testing/fakes";
import type { Role, Room } from "../wire/live.gen";
import { blockOfDoing, DOINGS } from "./own_rights";

interface Row {
  open: ReadonlySet<string>;
  suspended: ReadonlySet<string>;
  right: keyof Room["rights"] | null;
}

const ROLES: readonly Role[] = ["owner", "host", "co_host", "member", "guest", "viewer"];
const MODERATORS: ReadonlySet<Role> = new Set(["owner", "host", "co_host"]);
const table = readTable();
const base = snapshot(1, []).room;

function readTable(): ReadonlyMap<string, Row> {
  const text = readFileSync(resolve(__dirname, "../../../docs/protocol/live.md"), "utf-8");
  const rows = new Map<string, Row>();
  for (const [, kind, state, cells, right] of text.matchAll(
    /^\| `(\w+)` \| (\w+) \|(.*)\|(?: `(\w+)`)? *\|$/gmu,
  )) {
    if (!kind || !state || !cells || (state !== "open" && state !== "suspended")) continue;
    const said = cells.split("|").map((cell) => cell.trim());
    const allowed = new Set(ROLES.filter((_, column) => said[column] === "yes"));
    const row = rows.get(kind) ?? { open: new Set(), suspended: new Set(), right: null };
    rows.set(kind, { ...row, [state]: allowed, right: (right as Row["right"] | undefined) ?? null });
  }
  return rows;
}

describe.each(DOINGS)("%s", (doing) => {
  const row = table.get(doing);

  it.each(ROLES)("is offered to a %s when the room takes it, and only then", (role) => {
    if (!row) throw new Error("not in the table");
    for (const is_suspended of [false, true]) {
      for (const isOn of [true, false]) {
        const rights = row.right ? { ...base.rights, [row.right]: isOn } : base.rights;
        const room = { ...base, is_suspended, rights };
        const isInTable = (is_suspended ? row.suspended : row.open).has(role);
        const isTaken = isInTable && (row.right === null || isOn || MODERATORS.has(role));
        expect(blockOfDoing(doing, role, room) === null, `${is_suspended} ${isOn}`).toBe(isTaken);
      }
    }
  });
});
