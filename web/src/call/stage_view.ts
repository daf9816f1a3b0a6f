// What this person chose for their own screen (view, pins, page, corner), and the plan that follows from it.
import { computed, effect, signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Timers } from "../timing/timers";
import { promote, reseat } from "./layout/seats";
import { planStage } from "./layout/stage_plan";
import type { Corner, StageInput, StagePlan } from "./layout/stage_model";
import type { Person } from "./person";
import { Screens } from "./screens";
import { hear, nextChange_ms, SILENCE } from "./speaking";
import { bigPlaces } from "./together/spotlight";

export type ViewMode = StageInput["mode"];

const CORNERS: readonly Corner[] = ["end-bottom", "start-bottom", "start-top", "end-top"];
const MAX_PINS = 2;
const PHONE_MAX_WIDTH = 640;
const PHONE_MAX_HEIGHT = 480;
const TABLET_MAX_WIDTH = 1023;

export class StageView {
  readonly #mode = signal<ViewMode>("grid");
  readonly #pins = signal<readonly string[]>([]);
  readonly #page = signal(0);
  readonly #corner = signal<Corner>("end-bottom");
  /** What the arriving picture says beats what was announced: a window can be resized while it is shared. */
  readonly #screenAspects = signal<ReadonlyMap<string, number>>(new Map());
  readonly #isPresenterHidden = signal(false);
  readonly #room = signal({ width: 0, height: 0 });
  readonly #window = signal({ width: 1280, height: 800 });
  readonly #seats = signal<readonly string[]>([]);
  readonly #speaking = signal(SILENCE);
  #stopHold: () => void = () => undefined;

  readonly mode: ReadonlySignal<ViewMode> = this.#mode;
  readonly pins: ReadonlySignal<readonly string[]> = this.#pins;
  readonly isPresenterHidden: ReadonlySignal<boolean> = this.#isPresenterHidden;
  /** Keys of those who speak now. */
  readonly speaking: ReadonlySignal<ReadonlySet<string>> = computed(
    () => new Set(this.#speaking.value.voices.keys()),
  );
  readonly screens: Screens;
  readonly plan: ReadonlySignal<StagePlan>;

  constructor(
    private readonly people: ReadonlySignal<readonly Person[]>,
    levels: ReadonlySignal<ReadonlyMap<string, number>>,
    private readonly timers: Timers,
    /** Whom moderators gave the big place; an own pin comes before it. */
    private readonly spotlight: ReadonlySignal<readonly string[]> = signal([]),
  ) {
    this.screens = new Screens(people);
    effect(() => {
      const you = people.value.find((person) => person.isYou)?.key ?? "";
      const present = people.value.map((person) => person.key);
      this.#seats.value = reseat(this.#seats.peek(), present, you);
      const pins = this.#pins.peek();
      if (pins.some((key) => !present.includes(key))) {
        this.#pins.value = pins.filter((key) => present.includes(key));
      }
    });
    effect(() => this.#hear(this.#keyed(levels.value)));
    this.plan = computed(() => planStage(this.#input()));
    effect(() => this.#promoteSpeaker());
  }

  setRoom(room: { width: number; height: number }, window: { width: number; height: number }): void {
    // A page that is not laid out now has no size. Tiles that went with it would have to begin their pictures anew.
    if (room.width < 1 || room.height < 1) return;
    this.#room.value = room;
    this.#window.value = window;
  }

  setMode(mode: ViewMode): void {
    this.#mode.value = mode;
    this.#page.value = 0;
  }

  /** At most two; a third takes the place of the first. */
  togglePin(key: string): void {
    const pins = this.#pins.value;
    this.#pins.value = pins.includes(key)
      ? pins.filter((one) => one !== key)
      : [...pins, key].slice(-MAX_PINS);
  }

  turnPage(step: 1 | -1): void {
    const { page, pages } = this.plan.value;
    this.#page.value = Math.min(pages - 1, Math.max(0, page + step));
  }

  moveSelf(): void {
    this.#corner.value = CORNERS[(CORNERS.indexOf(this.#corner.value) + 1) % CORNERS.length] ?? "end-bottom";
  }

  setScreenAspect(key: string, aspectRatio: number): void {
    this.#screenAspects.value = new Map([...this.#screenAspects.value, [key, aspectRatio]]);
  }

  togglePresenter(): void {
    this.#isPresenterHidden.value = !this.#isPresenterHidden.value;
  }

  #input(): StageInput {
    const people = this.people.value;
    const presenter = this.screens.shown.value;
    const you = people.find((person) => person.isYou)?.key ?? "";
    return {
      room: this.#room.value,
      device: this.#device(),
      people: this.#seats.value,
      you,
      mode: this.#mode.value,
      mainSpeaker: this.#mainSpeaker(),
      pinned: bigPlaces(this.#pins.value, this.spotlight.value, you),
      screen: presenter?.screen
        ? {
            owner: presenter.key,
            aspectRatio: this.#screenAspects.value.get(presenter.key) ?? presenter.screen.aspectRatio,
            hasOwnerPicture: presenter.pictureId !== null,
            isOwnerHidden: this.#isPresenterHidden.value,
          }
        : null,
      page: this.#page.value,
      corner: this.#corner.value,
    };
  }

  #device(): StageInput["device"] {
    const { width, height } = this.#window.value;
    if (width <= PHONE_MAX_WIDTH || height <= PHONE_MAX_HEIGHT) return "phone";
    return width <= TABLET_MAX_WIDTH ? "tablet" : "desktop";
  }

  #mainSpeaker(): string | null {
    const { main } = this.#speaking.value;
    const person = this.people.value.find((one) => one.key === main);
    return person && !person.isYou ? person.key : null;
  }

  #keyed(levels: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const keys = new Map(this.people.peek().map((person) => [person.identity, person.key]));
    return new Map(
      [...levels].flatMap(([identity, level]): [string, number][] => {
        const key = keys.get(identity);
        return key === undefined ? [] : [[key, level]];
      }),
    );
  }

  #hear(levels: ReadonlyMap<string, number>): void {
    this.#stopHold();
    const now_ms = this.timers.now_ms();
    const state = hear(this.#speaking.peek(), levels, now_ms);
    this.#speaking.value = state;
    const next_ms = nextChange_ms(state, now_ms);
    if (next_ms === null) return;
    // Levels are told only when they change, so whoever is in the last report still speaks.
    this.#stopHold = this.timers.after(next_ms - now_ms, () => this.#hear(levels));
  }

  #promoteSpeaker(): void {
    const speaker = this.#mainSpeaker();
    const plan = this.plan.value;
    if (!speaker || plan.pages <= 1) return;
    const visible = plan.tiles.map((tile) => tile.key);
    if (visible.includes(speaker)) return;
    const you = this.people.peek().find((person) => person.isYou)?.key ?? "";
    this.#seats.value = promote(
      this.#seats.peek(),
      visible,
      speaker,
      you,
      this.#speaking.peek().lastSpoke_ms,
    );
  }
}
