// Fails the build when the call page outgrows its budgets: what it needs before it shows anything, and every script
// and style sheet that it can ever load, gzipped. Fonts and pictures are not counted: browsers fetch only those shown.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGETS_KB = { first: 200, total: 350 };
const ENTRY = "src/pages/call.tsx";
const dist = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const manifest = JSON.parse(readFileSync(join(dist, ".vite", "manifest.json"), "utf8"));

const files = new Map();
const add = (file, kind) => {
  if (!files.has(file)) files.set(file, { bytes: gzipSync(readFileSync(join(dist, file))).length, kind });
};
const seen = new Set();
const walk = (key, kind) => {
  if (seen.has(key)) return;
  seen.add(key);
  const chunk = manifest[key];
  add(chunk.file, kind);
  for (const css of chunk.css ?? []) add(css, kind);
  for (const next of chunk.imports ?? []) walk(next, kind);
  for (const next of chunk.dynamicImports ?? []) walk(next, "lazy");
};
if (!manifest[ENTRY]) throw new Error(`${ENTRY} is not in the manifest`);
walk(ENTRY, "first");

const sums = { first: 0, total: 0 };
for (const [file, { bytes, kind }] of files) {
  sums.total += bytes;
  if (kind === "first") sums.first += bytes;
  console.log(`${(bytes / 1024).toFixed(1).padStart(8)} kB  ${kind.padEnd(5)}  ${file}`);
}
for (const [what, bytes] of Object.entries(sums)) {
  const budget = BUDGETS_KB[what];
  console.log(`${(bytes / 1024).toFixed(1).padStart(8)} kB  call page, ${what}, gzip (budget ${budget} kB)`);
  if (bytes > budget * 1024) process.exitCode = 1;
}
if (process.exitCode) console.error("The call page is larger than its budget.");
