// Fails the build when the call page outgrows its budgets, gzipped: what it needs before it shows anything, what a call
// needs, and what comes only when somebody opens it (panels, dialogs, another language). Fonts and pictures are not
// counted: browsers fetch only those shown.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGETS_KB = { first: 180, call: 350, "on demand": 80 };
const ENTRY = "src/pages/call.tsx";
/** What every call loads: its screen and its engine. */
const CALL_PARTS = ["src/features/call_screen.tsx", "src/engine/livekit_engine.ts"];
const dist = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const manifest = JSON.parse(readFileSync(join(dist, ".vite", "manifest.json"), "utf8"));

const kinds = new Map();
const opened = [];
/** Everything that comes with `key`; the first kind that needs a file keeps it. */
function take(key, kind) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`${key} is not in the manifest`);
  if (kinds.has(chunk.file)) return;
  kinds.set(chunk.file, kind);
  for (const css of chunk.css ?? []) if (!kinds.has(css)) kinds.set(css, kind);
  for (const next of chunk.imports ?? []) take(next, kind);
  opened.push(...(chunk.dynamicImports ?? []));
}
take(ENTRY, "first");
for (const part of CALL_PARTS) take(part, "call");
while (opened.length > 0) take(opened.pop(), "on demand");

const sums = { first: 0, call: 0, "on demand": 0 };
for (const [file, kind] of kinds) {
  const bytes = gzipSync(readFileSync(join(dist, file))).length;
  sums[kind] += bytes;
  console.log(`${(bytes / 1024).toFixed(1).padStart(8)} kB  ${kind.padEnd(9)}  ${file}`);
}
// A call has loaded the first part too.
sums.call += sums.first;
for (const [what, bytes] of Object.entries(sums)) {
  const budget = BUDGETS_KB[what];
  console.log(`${(bytes / 1024).toFixed(1).padStart(8)} kB  call page, ${what}, gzip (budget ${budget} kB)`);
  if (bytes > budget * 1024) process.exitCode = 1;
}
if (process.exitCode) console.error("The call page is larger than its budget.");
