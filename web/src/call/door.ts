// The door from outside: the place of somebody who waits to be let in, and the password that the meeting asks for.
import { effect, signal, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { End } from "../live/endings";
import type { LineState, RoomSocket } from "../live/room_socket";
import type { WaitingStatus } from "../wire/live.gen";

/** A place at the door; kept through a break of the line. */
export interface Place {
  name: string;
  since_ms: number;
  note: string;
  status: WaitingStatus;
  isConnected: boolean;
}

/** What is wrong with the password; a new object for each refusal, so that each is told. */
export interface PasswordFault {
  kind: "required" | "wrong" | "limited";
}

export interface DoorDeps {
  line: RoomSocket;
  onLetIn: () => void;
}

export class Door {
  readonly #place = signal<Place | null>(null);
  readonly #passwordFault = signal<PasswordFault | null>(null);
  readonly #isNews = signal(false);

  constructor(private readonly deps: DoorDeps) {
    effect(() => {
      const state = deps.line.state.value;
      untracked(() => this.#follow(state));
    });
  }

  get place(): ReadonlySignal<Place | null> {
    return this.#place;
  }
  get passwordFault(): ReadonlySignal<PasswordFault | null> {
    return this.#passwordFault;
  }
  /** Let in, and perhaps not noticed yet: the tab may be in the background. */
  get isLetInNews(): ReadonlySignal<boolean> {
    return this.#isNews;
  }

  /** The person looks at the call. */
  see(): void {
    this.#isNews.value = false;
  }

  /** Whether the end is a question for the password, which is answered in the green room. */
  asksForPassword(end: End): boolean {
    const kind = passwordFaultOf(end);
    if (kind) this.#passwordFault.value = { kind };
    return kind !== null;
  }

  #follow(state: LineState): void {
    const place = this.#place.peek();
    switch (state.kind) {
      case "waiting":
        this.#passwordFault.value = null;
        this.#place.value = placeOf(state);
        return;
      case "reconnecting":
        if (place) this.#place.value = { ...place, isConnected: false };
        return;
      case "joined":
        this.#passwordFault.value = null;
        this.#place.value = null;
        if (!place) return;
        this.#isNews.value = true;
        this.deps.onLetIn();
        return;
      case "idle":
      case "ended":
        this.#place.value = null;
        this.#isNews.value = false;
        return;
      case "joining":
        return;
    }
  }
}

const placeOf = (state: Extract<LineState, { kind: "waiting" }>): Place => ({
  name: state.name,
  since_ms: Date.parse(state.since),
  note: state.note,
  status: state.status,
  isConnected: true,
});

export function passwordFaultOf(end: End): PasswordFault["kind"] | null {
  if (end.reason === "password_required") return "required";
  if (end.reason !== "password_wrong") return null;
  return end.code === "rate_limited" ? "limited" : "wrong";
}
