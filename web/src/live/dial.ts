// One WebSocket at a time: opened now or later, watched for silence, and dropped so that nothing of it comes any more.
// Knows no message.
import type { Timers } from "../timing/timers";
import { fateOfClose } from "./endings";
import type { SocketFate } from "./endings";

/** The few members of WebSocket that are used: tests give their own. */
export type SocketLike = Pick<WebSocket, "send" | "close" | "onopen" | "onmessage" | "onclose" | "onerror">;

export interface DialEvents {
  onOpen(): void;
  onData(data: unknown): void;
  /** It is of no use any more; whoever hears it drops it. */
  onBroken(fate: SocketFate): void;
}

export class Dial {
  #socket: SocketLike | null = null;
  #stopWatch: () => void = () => undefined;
  #stopWaiting: () => void = () => undefined;

  constructor(
    private readonly openSocket: () => SocketLike,
    private readonly timers: Timers,
    private readonly events: DialEvents,
  ) {}

  /** There is a socket, open or about to be. */
  get isUp(): boolean {
    return this.#socket !== null;
  }

  open(limit_ms: number): void {
    const { events } = this;
    const socket = this.openSocket();
    this.#socket = socket;
    this.watch(limit_ms);
    socket.onopen = () => events.onOpen();
    socket.onmessage = (event) => {
      if (this.#socket === socket) events.onData(event.data);
    };
    // No close is sure to follow an error (a policy of the browser may have stopped the socket before it began).
    socket.onerror = () => {
      if (this.#socket === socket) events.onBroken({ kind: "retry", min_delay_ms: 0 });
    };
    socket.onclose = (event) => {
      if (this.#socket === socket) events.onBroken(fateOfClose(event.code));
    };
  }

  /** Calls `open` after a while, unless `stopWaiting` comes first. */
  wait(delay_ms: number, open: () => void): void {
    this.#stopWaiting = this.timers.after(delay_ms, open);
  }

  stopWaiting(): void {
    this.#stopWaiting();
  }

  /** Silence of that length from now on breaks it. */
  watch(limit_ms: number): void {
    this.#stopWatch();
    this.#stopWatch = this.timers.after(limit_ms, () =>
      this.events.onBroken({ kind: "retry", min_delay_ms: 0 }),
    );
  }

  send(text: string): void {
    this.#socket?.send(text);
  }

  drop(): void {
    this.#stopWatch();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    socket.close();
  }
}
