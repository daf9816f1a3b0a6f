// The door from inside: who waits, and how moderators learn of it. Knocks are told together, once each, and the
// notice stays until somebody has answered.
import { computed, effect, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { RoomSocket } from "../live/room_socket";
import type { Command, WaitingPerson } from "../wire/live.gen";
import type { Saying } from "../text/translate";
import type { Announcer } from "./announcer";
import { isModerator } from "./person";
import type { Toasts } from "./toasts";

export interface KnocksDeps {
  line: RoomSocket;
  toasts: Toasts;
  announcer: Announcer;
  /** Whether the list of those who wait is in sight. */
  isListOpen: ReadonlySignal<boolean>;
  openList: () => void;
  command: (command: Command) => Promise<boolean>;
  onKnock: () => void;
}

const TAG = "knock";

export class Knocks {
  /** Those at the door, in the order in which they came; empty for those who do not moderate. */
  readonly waiting: ReadonlySignal<readonly WaitingPerson[]>;
  /** When each had asked whose knock was told. */
  #told = new Map<string, string>();

  constructor(private readonly deps: KnocksDeps) {
    this.waiting = computed(() => {
      if (!isModerator(deps.line.you.value?.role ?? null)) return [];
      return Object.values(deps.line.snapshot.value?.waiting ?? {}).sort(
        (a, b) => Date.parse(a.since) - Date.parse(b.since) || (a.participant_id < b.participant_id ? -1 : 1),
      );
    });
    effect(() => {
      const waiting = this.waiting.value;
      const isListOpen = deps.isListOpen.value;
      untracked(() => this.#follow(waiting, isListOpen));
    });
  }

  admit(person: WaitingPerson): Promise<boolean> {
    return this.deps.command({ kind: "admit", participant_id: person.participant_id });
  }

  deny(person: WaitingPerson): Promise<boolean> {
    return this.deps.command({ kind: "deny", participant_id: person.participant_id });
  }

  #follow(waiting: readonly WaitingPerson[], isListOpen: boolean): void {
    const { toasts, announcer } = this.deps;
    const fresh = waiting.filter(
      (person) => person.is_connected && this.#told.get(person.participant_id) !== person.asked_at,
    );
    // Who was told and lost the line is no news when it is back.
    this.#told = new Map(
      waiting
        .filter((person) => fresh.includes(person) || this.#told.has(person.participant_id))
        .map((person) => [
          person.participant_id,
          fresh.includes(person) ? person.asked_at : (this.#told.get(person.participant_id) ?? ""),
        ]),
    );
    if (fresh.length > 0) {
      announcer.sayAtOnce(knockTitle(fresh));
      this.deps.onKnock();
    }
    if (waiting.length === 0 || isListOpen) toasts.withdraw(TAG);
    else if (fresh.length > 0 || toasts.has(TAG)) this.#show(waiting);
  }

  #show(waiting: readonly WaitingPerson[]): void {
    const { toasts, openList, command } = this.deps;
    const [first] = waiting;
    const only = waiting.length === 1 ? first : undefined;
    toasts.show({
      tag: TAG,
      icon: "door",
      isSticky: true,
      isSilent: true,
      title: knockTitle(waiting),
      ...(only?.note ? { body: { key: "knock.note", params: { note: only.note } } } : {}),
      ...(only && !only.note && !only.is_signed_in ? { body: { key: "people.waiting.guest" } } : {}),
      actions: [
        { label: { key: "knock.view" }, perform: openList },
        {
          label: { key: only ? "knock.admit" : "knock.admitAll" },
          isMain: true,
          perform: () => void (only ? this.admit(only) : command({ kind: "admit_all" })),
        },
      ],
    });
  }
}

function knockTitle(waiting: readonly WaitingPerson[]): Saying {
  const [first, second] = waiting;
  if (first && !second) return { key: "knock.one", params: { name: first.name } };
  return { key: "knock.many", params: { name: first?.name ?? "", count: waiting.length - 1 } };
}
