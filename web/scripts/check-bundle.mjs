// Fails the build when the call page outgrows its budget: every script and style sheet that the page can
// ever load, static and lazy, gzipped. Fonts and pictures are not counted: browsers fetch only those shown.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 350 * 1024;
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

let total = 0;
for (const [file, { bytes, kind }] of files) {
  total += bytes;
  console.log(`${(bytes / 1024).toFixed(1).padStart(8)} kB  ${kind.padEnd(5)}  ${file}`);
}
console.log(
  `${(total / 1024).toFixed(1).padStart(8)} kB  call page in total, gzip (budget ${BUDGET_BYTES / 1024} kB)`,
);
if (total > BUDGET_BYTES) {
  console.error("The call page is larger than its budget.");
  process.exit(1);
}
