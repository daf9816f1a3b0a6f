// Requests that wait for their one `ack` or `error`. They outlive a broken socket: after a new welcome the waiting
// ones are sent again under the same id (all commands of the room may be carried out twice without harm).
import type { Command } from "../wire/live.gen";
import type { Opaque } from "../wire/server_message";
import type { Timers } from "../timing/timers";

/** The longest that a person should wait for a press to have an effect before being told that it had none. */
const REQUEST_TIMEOUT_MS = 15_000;
const RETRY_AFTER_MS = 1_000;
const MAX_RETRIES = 3;
/** More waiting requests than a person can cause; beyond it new ones are refused. */
const MAX_WAITING = 64;

export class RequestError extends Error {
  override name = "RequestError";
  constructor(readonly code: string) {
    super(code);
  }
}

interface Waiting {
  command: Command;
  retries: number;
  stopTimeout: () => void;
  stopRetry: () => void;
  resolve: (result: Opaque | null) => void;
  reject: (error: RequestError) => void;
}

export class Requests {
  readonly #waiting = new Map<string, Waiting>();
  #nextId = 1;

  constructor(
    private readonly send: (request_id: string, command: Command) => void,
    private readonly timers: Timers,
    private readonly idPrefix: string,
  ) {}

  newId(): string {
    return `${this.idPrefix}-${this.#nextId++}`;
  }

  start(command: Command): Promise<Opaque | null> {
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(new RequestError("too_many_requests"));
    const id = this.newId();
    return new Promise((resolve, reject) => {
      const stopTimeout = this.timers.after(REQUEST_TIMEOUT_MS, () =>
        this.#settle(id)?.reject(new RequestError("timeout")),
      );
      this.#waiting.set(id, {
        command,
        retries: 0,
        stopTimeout,
        stopRetry: () => undefined,
        resolve,
        reject,
      });
      this.send(id, command);
    });
  }

  resendAll(): void {
    for (const [id, waiting] of this.#waiting) {
      waiting.stopRetry();
      this.send(id, waiting.command);
    }
  }

  acknowledge(id: string, result: Opaque | null): void {
    this.#settle(id)?.resolve(result);
  }

  /** Returns whether the error belonged to a waiting request. */
  refuse(id: string, code: string, retryable: boolean): boolean {
    const waiting = this.#waiting.get(id);
    if (!waiting) return false;
    if (retryable && waiting.retries < MAX_RETRIES) {
      waiting.retries += 1;
      waiting.stopRetry = this.timers.after(RETRY_AFTER_MS * waiting.retries, () =>
        this.send(id, waiting.command),
      );
    } else {
      this.#settle(id)?.reject(new RequestError(code));
    }
    return true;
  }

  rejectAll(code: string): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(new RequestError(code));
  }

  #settle(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    waiting?.stopTimeout();
    waiting?.stopRetry();
    this.#waiting.delete(id);
    return waiting;
  }
}
