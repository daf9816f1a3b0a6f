// A call around the parts of being together, as far as they see it.
import { computed, signal } from "@preact/signals-core";
import { vi } from "vitest";
import { browserChoices } from "../devices/choices";
import type { ChoiceStore } from "../devices/choices";
import type { SharedScreen } from "../devices/screen_capture";
import type { CaptureState } from "../devices/capture";
import type { DeviceProblem } from "../devices/problems";
import { FakeTimers, snapshot } from "./fakes";
import type { Command, Participant, Room, Snapshot, You } from "../wire/live.gen";
import type { Opaque } from "../wire/server_message";
import { Announcer } from "../call/announcer";
import type { StagePlan } from "../call/layout/stage_model";
import { readPeople } from "../call/person";
import { Toasts } from "../call/toasts";
import type { TogetherDeps } from "../call/together/deps";

const OFF = { isWanted: false, track: null, problem: null } as unknown as CaptureState;
const ON = { ...OFF, isWanted: true };

/** Alice's page, with a server that says yes unless a refusal is set. */
export class TogetherWorld {
  readonly timers = new FakeTimers();
  readonly state = signal<Snapshot | null>(null);
  readonly you = signal<You | null>({
    participant_id: "id-alice",
    identity: "identity-alice",
    role: "member",
  });
  readonly isIn = signal(true);
  readonly speaking = signal<ReadonlySet<string>>(new Set());
  readonly plan = signal<StagePlan>({ tiles: [], screen: null, more: null, page: 0, pages: 1 });
  readonly microphone = signal(OFF);
  readonly camera = signal(OFF);
  readonly shared = signal<SharedScreen | null>(null);
  readonly commands: Command[] = [];
  readonly said: string[] = [];
  readonly choices: ChoiceStore = browserChoices(() => {
    throw new Error("no storage");
  });
  readonly toasts = new Toasts(this.timers);
  readonly announcer = new Announcer(this.timers);
  readonly start = vi.fn<() => Promise<DeviceProblem | null>>(() => {
    this.shared.value = { video: {} as MediaStreamTrack, audio: null };
    return Promise.resolve(null);
  });
  readonly stop = vi.fn(() => {
    this.shared.value = null;
  });
  refusal: string | null = null;
  #listeners: ((news: Opaque) => void)[] = [];
  #people: readonly Participant[] = [];
  #room: Partial<Room> = {};
  readonly deps: TogetherDeps;

  constructor() {
    this.announcer.said.subscribe((one) => {
      if (one) this.said.push([one.key, ...Object.values(one.params ?? {})].join(" "));
    });
    this.deps = {
      snapshot: this.state,
      you: this.you,
      people: computed(() =>
        readPeople({
          snapshot: this.state.value,
          you: this.you.value,
          remotes: new Map(),
          knownIdentities: new Set(),
          own: { microphone: this.microphone.value, camera: this.camera.value, screen: null },
        }),
      ),
      isInCall: () => this.isIn.value,
      speaking: this.speaking,
      plan: this.plan,
      local: {
        microphone: this.microphone,
        camera: this.camera,
        screen: {
          shared: this.shared,
          start: this.start,
          stop: this.stop,
        } as unknown as TogetherDeps["local"]["screen"],
      },
      choices: this.choices,
      timers: this.timers,
      toasts: this.toasts,
      announcer: this.announcer,
      ask: (command) => {
        this.commands.push(command);
        return this.refusal === null ? Promise.resolve(null) : Promise.reject(new Error(this.refusal));
      },
      order: (command) => {
        this.commands.push(command);
        return Promise.resolve(true);
      },
      listen: (listener) => void this.#listeners.push(listener),
    };
  }

  /** The roster as it is now. */
  roster(...people: readonly Participant[]): void {
    this.#people = people;
    this.#say();
  }

  room(part: Partial<Room>): void {
    this.#room = { ...this.#room, ...part };
    this.#say();
  }

  news(event: Opaque): void {
    for (const listener of this.#listeners) listener(event);
  }

  unmute(): void {
    this.microphone.value = ON;
  }

  get toastKeys(): string[] {
    return this.toasts.shown.value.map((toast) => toast.title.key);
  }
  get kinds(): string[] {
    return this.commands.map((command) => command.kind);
  }

  #say(): void {
    const next = snapshot((this.state.peek()?.version ?? 0) + 1, this.#people);
    this.state.value = { ...next, room: { ...next.room, ...this.#room } };
  }
}
