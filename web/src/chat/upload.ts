// One file on its way to the server by tus 1.0 (docs/protocol/files.md): pieces by PATCH, after every trouble HEAD says
// where to go on. XMLHttpRequest, because fetch tells no progress of what it sends.
import type { Timers } from "../timing/timers";

export interface UploadDeps {
  timers: Timers;
  /** The header by which guests are known; nothing for those with a session. */
  headers: () => Record<string, string>;
  newRequest: () => XMLHttpRequest;
}

export interface UploadWish {
  file: Blob;
  name: string;
  createUrl: string;
  /** Where an earlier try left off; it may be gone. */
  location: string | null;
  onLocation: (location: string) => void;
  onProgress: (sentBytes: number) => void;
  signal: AbortSignal;
}

export class UploadError extends Error {
  override name = "UploadError";
  constructor(readonly code: string) {
    super(code);
  }
}

const PIECE_BYTES = 16 * 1024 * 1024;
const MAX_TRIES = 40;
const MAX_DELAY_MS = 10_000;
/** FILE-009: these are worth another try. */
const PASSING = new Set([0, 409, 423, 429, 460, 502, 503, 504, 507]);
const GONE = new Set([404, 410]);

interface Answer {
  status: number;
  code: string;
  header: (name: string) => string | null;
}

/** Resolves to the id of the file. */
export async function upload(wish: UploadWish, deps: UploadDeps): Promise<string> {
  let { location } = wish;
  let offset: number | null = null;
  for (let tries = 0; ;) {
    const answer: Answer =
      location === null
        ? await create(wish, deps)
        : offset === null
          ? await request("HEAD", location, wish, deps)
          : await request(
              "PATCH",
              location,
              wish,
              deps,
              wish.file.slice(offset, offset + PIECE_BYTES),
              offset,
            );
    if (answer.status >= 200 && answer.status < 300) {
      const before: number | null = offset;
      if (location === null) {
        location = answer.header("Location");
        if (location === null) throw new UploadError("internal");
        wish.onLocation(location);
        offset = 0;
      } else offset = Number(answer.header("Upload-Offset") ?? NaN);
      if (!Number.isInteger(offset)) throw new UploadError("internal");
      wish.onProgress(offset);
      if (offset >= wish.file.size) return location.slice(location.lastIndexOf("/") + 1);
      if (before === null || offset > before) tries = 0;
    } else if (GONE.has(answer.status) && location !== null) {
      location = offset = null;
    } else if (!PASSING.has(answer.status) || answer.code === "too_many_uploads") {
      throw new UploadError(answer.code);
    } else offset = null;
    if (answer.status < 200 || answer.status >= 300) {
      if (++tries >= MAX_TRIES || (answer.status === 507 && tries >= 3))
        throw new UploadError(answer.status === 0 ? "network" : answer.code);
      await pause(Math.min(500 * 2 ** Math.min(tries, 5), MAX_DELAY_MS), wish.signal, deps.timers);
    }
  }
}

/** Takes back what no message has (FILE-008); the server forgets it by itself otherwise. */
export function takeBack(location: string, deps: UploadDeps): void {
  const wish = { signal: new AbortController().signal, onProgress: () => undefined };
  request("DELETE", location, wish, deps).catch(() => undefined);
}

function create(wish: UploadWish, deps: UploadDeps): Promise<Answer> {
  return request("POST", wish.createUrl, wish, deps, null, null, {
    "Upload-Length": String(wish.file.size),
    "Upload-Metadata": `filename ${base64(wish.name)}`,
  });
}

function request(
  method: string,
  url: string,
  wish: Pick<UploadWish, "signal" | "onProgress">,
  deps: UploadDeps,
  body: Blob | null = null,
  offset: number | null = null,
  more: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = deps.newRequest();
    call.open(method, url);
    const headers: Record<string, string> = { "Tus-Resumable": "1.0.0", ...deps.headers(), ...more };
    if (offset !== null) {
      headers["Upload-Offset"] = String(offset);
      headers["Content-Type"] = "application/offset+octet-stream";
      call.upload.onprogress = (event) => wish.onProgress(offset + event.loaded);
    }
    for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value);
    const stop = () => call.abort();
    call.onloadend = () => {
      wish.signal.removeEventListener("abort", stop);
      if (wish.signal.aborted) reject(new UploadError("cancelled"));
      else
        resolve({
          status: call.status,
          code: codeIn(call.responseText),
          header: (name) => call.getResponseHeader(name),
        });
    };
    if (wish.signal.aborted) {
      reject(new UploadError("cancelled"));
      return;
    }
    wish.signal.addEventListener("abort", stop);
    call.send(body);
  });
}

function pause(delay_ms: number, signal: AbortSignal, timers: Timers): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopWaiting = timers.after(delay_ms, resolve);
    signal.addEventListener("abort", () => {
      stopWaiting();
      reject(new UploadError("cancelled"));
    });
  });
}

function codeIn(body: string): string {
  try {
    const value = JSON.parse(body) as { code?: unknown };
    return typeof value.code === "string" ? value.code : "internal";
  } catch {
    return "internal";
  }
}

const base64 = (text: string) =>
  btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
