// The files that go with the next message: on their way, whole, or refused. What was begun is found again after a reload
// by name, size and time of the file.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Keep } from "./keep";
import { takeBack, upload, UploadError } from "./upload";
import type { UploadDeps } from "./upload";

export interface Upload {
  key: number;
  name: string;
  size: number;
  sentBytes: number;
  /** The id of the file once the server has all of it. */
  id: string | null;
  problem: string | null;
}

export interface UploadsDeps extends UploadDeps {
  createUrl: string;
  marks: Keep;
}

/** As many as one message takes (CHAT-017). */
const MAX_FILES = 10;

export class Uploads {
  readonly #shown = signal<readonly Upload[]>([]);
  readonly #running = new Map<number, { file: File; stop: AbortController; location: string | null }>();
  #nextKey = 1;

  constructor(private readonly deps: UploadsDeps) {}

  get shown(): ReadonlySignal<readonly Upload[]> {
    return this.#shown;
  }

  add(files: readonly File[]): void {
    for (const file of files.slice(0, MAX_FILES - this.#shown.value.length)) {
      const key = this.#nextKey++;
      const fresh: Upload = { key, name: file.name, size: file.size, sentBytes: 0, id: null, problem: null };
      this.#shown.value = [...this.#shown.value, fresh];
      void this.#run(key, file);
    }
  }

  retry(key: number): void {
    const running = this.#running.get(key);
    if (running) void this.#run(key, running.file);
  }

  /** Stops it and takes back what has arrived. */
  cancel(key: number): void {
    const running = this.#running.get(key);
    running?.stop.abort();
    if (running?.location) takeBack(running.location, this.deps);
    if (running) this.deps.marks.write(fingerprint(running.file), null);
    this.#drop([key]);
  }

  /** Takes the whole files out, for a message. */
  take(): { id: string; name: string; size: number }[] {
    const whole = this.#shown.value.flatMap(({ id, name, size }) =>
      id === null ? [] : [{ id, name, size }],
    );
    for (const { key, id } of this.#shown.value) {
      const running = this.#running.get(key);
      if (id !== null && running) this.deps.marks.write(fingerprint(running.file), null);
    }
    this.#drop(this.#shown.value.filter((one) => one.id !== null).map((one) => one.key));
    return whole;
  }

  async #run(key: number, file: File): Promise<void> {
    const stop = new AbortController();
    const location = this.deps.marks.read(fingerprint(file)) as string | null;
    const running = { file, stop, location };
    this.#running.set(key, running);
    this.#change(key, { problem: null });
    try {
      const id = await upload(
        {
          file,
          name: file.name,
          createUrl: this.deps.createUrl,
          location,
          signal: stop.signal,
          onLocation: (found) => {
            running.location = found;
            this.deps.marks.write(fingerprint(file), found);
          },
          onProgress: (sentBytes) => this.#change(key, { sentBytes }),
        },
        this.deps,
      );
      this.#change(key, { id, sentBytes: file.size });
    } catch (error) {
      this.#change(key, { problem: error instanceof UploadError ? error.code : "internal" });
    }
  }

  #change(key: number, part: Partial<Upload>): void {
    this.#shown.value = this.#shown.value.map((one) => (one.key === key ? { ...one, ...part } : one));
  }

  #drop(keys: readonly number[]): void {
    for (const key of keys) this.#running.delete(key);
    this.#shown.value = this.#shown.value.filter((one) => !keys.includes(one.key));
  }
}

const fingerprint = (file: File) => `upload.${file.name}.${file.size}.${file.lastModified}`;
