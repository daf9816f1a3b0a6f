// What is known of the files in messages: names, sizes, pictures and signed links, asked for together and kept until
// shortly before the links end.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Timers } from "../timing/timers";
import { list, nullable, number, object, text } from "../wire/shape";

export interface FileInfo {
  id: string;
  name: string;
  size: number;
  image: { type: string; width: number; height: number } | null;
  download: string;
  view: string | null;
  thumbnail: string | null;
}

const readInfos = object<{ links_end_at: string; files: FileInfo[] }>({
  links_end_at: text,
  files: list(
    object<FileInfo>({
      id: text,
      name: text,
      size: number,
      image: nullable(object<NonNullable<FileInfo["image"]>>({ type: text, width: number, height: number })),
      download: text,
      view: nullable(text),
      thumbnail: nullable(text),
    }),
  ),
});

/** `null`: asked for, and not to be had. */
export type KnownFiles = ReadonlyMap<string, FileInfo | null>;

const GATHER_MS = 30;
const MOST_AT_ONCE = 50;
const RENEW_BEFORE_MS = 10 * 60_000;

export class FileInfos {
  readonly #known = signal<KnownFiles>(new Map());
  #wanted = new Set<string>();
  #isGathering = false;
  #end_ms = Infinity;

  constructor(
    private readonly deps: {
      url: string;
      timers: Timers;
      fetchJson: (url: string) => Promise<unknown>;
    },
  ) {}

  get known(): ReadonlySignal<KnownFiles> {
    return this.#known;
  }

  want(ids: readonly string[]): void {
    if (this.deps.timers.now_ms() > this.#end_ms - RENEW_BEFORE_MS) {
      this.#known.value = new Map();
      this.#end_ms = Infinity;
    }
    for (const id of ids) if (!this.#known.value.has(id)) this.#wanted.add(id);
    if (this.#wanted.size === 0 || this.#isGathering) return;
    this.#isGathering = true;
    this.deps.timers.after(GATHER_MS, () => void this.#ask());
  }

  /** After a failure: asks again. */
  forget(id: string): void {
    const known = new Map(this.#known.value);
    known.delete(id);
    this.#known.value = known;
    this.want([id]);
  }

  async #ask(): Promise<void> {
    this.#isGathering = false;
    const ids = [...this.#wanted].slice(0, MOST_AT_ONCE);
    for (const id of ids) this.#wanted.delete(id);
    const query = ids.map((id) => `id=${encodeURIComponent(id)}`).join("&");
    try {
      const answer = readInfos(await this.deps.fetchJson(`${this.deps.url}?${query}`), "files");
      this.#end_ms = Math.min(this.#end_ms, Date.parse(answer.links_end_at));
      const found = new Map(answer.files.map((file) => [file.id, file]));
      this.#known.value = new Map([
        ...this.#known.value,
        ...ids.map((id) => [id, found.get(id) ?? null] as const),
      ]);
    } catch {
      this.#known.value = new Map([...this.#known.value, ...ids.map((id) => [id, null] as const)]);
    }
    if (this.#wanted.size > 0) this.want([]);
  }
}
