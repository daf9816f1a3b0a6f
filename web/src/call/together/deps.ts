// What the parts of being together need of the call around them.
import type { ReadonlySignal } from "@preact/signals-core";
import type { ChoiceStore } from "../../devices/choices";
import type { LocalMedia } from "../../devices/local_media";
import type { Timers } from "../../timing/timers";
import type { Command, Snapshot, You } from "../../wire/live.gen";
import type { Opaque } from "../../wire/server_message";
import type { Announcer } from "../announcer";
import type { StagePlan } from "../layout/stage_model";
import type { Person } from "../person";
import type { Toasts } from "../toasts";

export interface TogetherDeps {
  snapshot: ReadonlySignal<Snapshot | null>;
  you: ReadonlySignal<You | null>;
  people: ReadonlySignal<readonly Person[]>;
  /** Whether the person is in the call: `false` in the green room and on the page after it. */
  isInCall: () => boolean;
  /** Keys of those who speak now, oneself included. */
  speaking: ReadonlySignal<ReadonlySet<string>>;
  plan: ReadonlySignal<StagePlan>;
  local: Pick<LocalMedia, "microphone" | "camera" | "screen">;
  choices: ChoiceStore;
  timers: Timers;
  toasts: Toasts;
  announcer: Announcer;
  /** Rejects with the code of the refusal. */
  ask: (command: Command) => Promise<Opaque | null>;
  /** Tells the person when it was refused; resolves to whether it was not. */
  order: (command: Command) => Promise<boolean>;
  listen: (listener: (news: Opaque) => void) => void;
}
