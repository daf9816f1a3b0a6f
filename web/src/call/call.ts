// One call from the green room to the page after it. Everything that the screen shows is a signal here or in a part.
import { computed, effect, signal, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { ChoiceStore } from "../devices/choices";
import { hasTwoSides } from "../devices/device_list";
import type { DeviceList } from "../devices/device_list";
import { LocalMedia } from "../devices/local_media";
import { markJoinStart } from "../engine/measure";
import type { DeviceProblem } from "../devices/problems";
import type { RemoteMedia } from "../engine/media_engine";
import type { End } from "../live/endings";
import type { RoomSocket } from "../live/room_socket";
import type { Timers } from "../timing/timers";
import type { Boot } from "../wire/page";
import type { Command } from "../wire/live.gen";
import { chatParts } from "../chat/parts";
import type { Chat } from "../chat/chat";
import type { FileInfos } from "../chat/file_infos";
import type { Uploads } from "../chat/uploads";
import { Announcer } from "./announcer";
import { tellBreaks } from "./breaks";
import type { DialogName, Ending, Panel, Phase } from "./states";
import { followChat } from "./chat_news";
import { OwnConnection } from "./connection/connection";
import { Door, passwordFaultOf } from "./door";
import { Knocks } from "./knocks";
import { MediaLink } from "./media_link";
import type { LoadEngine } from "./media_link";
import { tellMovements } from "./movements";
import { Order } from "./order";
import { isHostRole, isModerator, readPeople } from "./person";
import type { Person } from "./person";
import { StageView } from "./stage_view";
import { Toasts } from "./toasts";
import { spotlightKeys } from "./together/spotlight";
import { Together } from "./together/together";
import { tellUnplugged } from "./unplugged";
import { Visit } from "./visit";

export interface CallDeps {
  boot: Boot;
  line: RoomSocket;
  loadEngine: LoadEngine;
  media: MediaDevices | undefined;
  deviceList: DeviceList;
  choices: ChoiceStore;
  timers: Timers;
  random: () => number;
  /** Where the ticket is by which the server knows a guest again. */
  guestTicket?: () => string | null;
  /** A soft sound for what somebody waits for; the speaker's id is empty for the system's own. */
  chime?: (speakerId: string) => void;
}

const NO_REMOTES: ReadonlyMap<string, RemoteMedia> = new Map();
const NO_LEVELS: ReadonlyMap<string, number> = new Map();

export class Call {
  readonly boot: Boot;
  readonly line: RoomSocket;
  readonly local: LocalMedia;
  readonly link: MediaLink;
  readonly stage: StageView;
  readonly toasts: Toasts;
  readonly announcer: Announcer;
  readonly chat: Chat;
  readonly uploads: Uploads;
  readonly files: FileInfos;
  /** Says that there are messages; apart from the others, so that neither eats the other. */
  readonly chatAnnouncer: Announcer;
  readonly together: Together;
  readonly choices: ChoiceStore;
  readonly timers: Timers;
  /** By which requests are known as those of a guest who was here before. */
  readonly guestHeaders: () => Record<string, string>;
  readonly door: Door;
  readonly knocks: Knocks;
  readonly order: Order;
  readonly connection: OwnConnection;
  readonly people: ReadonlySignal<readonly Person[]>;
  readonly phase: ReadonlySignal<Phase>;
  readonly title: ReadonlySignal<string>;
  /** When the line broke, or `null` while it holds. */
  readonly brokenSince_ms: ReadonlySignal<number | null>;

  readonly #seenProblems = signal<readonly DeviceProblem[]>([]);
  readonly #panel = signal<Panel | null>(null);
  readonly #dialog = signal<DialogName | null>(null);
  readonly #visit: Visit;
  readonly #ending = signal<Ending | null>(null);
  #hasEndedForAll = false;
  #name: string | null = null;
  #password: string | null = null;
  /** The green room is not the first page then, and takes the focus. */
  hasReturned = false;

  constructor(deps: CallDeps) {
    this.boot = deps.boot;
    this.line = deps.line;
    this.choices = deps.choices;
    this.timers = deps.timers;
    this.guestHeaders = () => {
      const ticket = deps.boot.signed_in ? null : (deps.guestTicket?.() ?? null);
      return ticket === null ? {} : { "X-Palaver-Guest-Ticket": ticket };
    };
    this.#visit = new Visit(deps.timers);
    this.toasts = new Toasts(deps.timers);
    this.announcer = new Announcer(deps.timers);
    this.local = new LocalMedia(deps.media, deps.deviceList, deps.choices, {
      onUnplugged: (device, isReplaced) =>
        tellUnplugged(this, device === "camera" ? "camera" : "microphone", isReplaced),
    });
    this.link = new MediaLink({
      loadEngine: deps.loadEngine,
      line: deps.line,
      local: this.local,
      timers: deps.timers,
      random: deps.random,
      onMutedByServer: (source) => this.order.mutedByEngine(source),
    });
    const chime = () => deps.chime?.(this.local.speakerId.value);
    this.door = new Door({
      line: deps.line,
      onLetIn: () => {
        this.announcer.sayAtOnce({ key: "say.letIn" });
        chime();
      },
    });
    this.order = new Order({
      line: deps.line,
      local: this.local,
      toasts: this.toasts,
      announcer: this.announcer,
      timers: deps.timers,
      unmute: () => void this.local.setMicrophone(true),
    });
    this.knocks = new Knocks({
      line: deps.line,
      toasts: this.toasts,
      announcer: this.announcer,
      isListOpen: computed(() => this.#panel.value === "people"),
      openList: () => (this.#panel.value = "people"),
      command: (command) => this.command(command),
      onKnock: chime,
    });
    this.people = computed(() => this.#readPeople());
    this.connection = new OwnConnection({
      line: deps.line,
      local: this.local,
      engine: this.link.engine,
      people: this.people,
      timers: deps.timers,
      announcer: this.announcer,
    });
    const levels = computed(() => this.link.engine.value?.speakers.value ?? NO_LEVELS);
    const spotlight = computed(() => spotlightKeys(this.line.snapshot.value));
    this.stage = new StageView(this.people, levels, deps.timers, spotlight);
    this.title = computed(() => this.line.snapshot.value?.room.title ?? this.boot.title);
    this.brokenSince_ms = computed(() => {
      const state = this.line.state.value;
      return state.kind === "reconnecting" && this.line.you.value ? state.since_ms : null;
    });
    this.phase = computed(() => this.#readPhase());
    this.together = new Together({
      snapshot: this.line.snapshot,
      you: this.line.you,
      people: this.people,
      isInCall: () => this.phase.value.kind === "call",
      speaking: this.stage.speaking,
      plan: this.stage.plan,
      local: this.local,
      choices: this.choices,
      timers: this.timers,
      toasts: this.toasts,
      announcer: this.announcer,
      ask: (command) => this.line.command(command),
      order: (command) => this.command(command),
      listen: (listener) => void this.line.listen(listener),
    });
    effect(() => this.#visit.follow(this.line.snapshot.value));
    effect(() => {
      const state = this.line.state.value;
      if (state.kind === "ended") untracked(() => this.#ended(state.end));
    });
    tellMovements(this);
    tellBreaks(this);
    const parts = chatParts({
      ...deps,
      slug: deps.boot.slug,
      isSignedIn: deps.boot.signed_in,
      headers: this.guestHeaders,
    });
    this.chat = parts.chat;
    this.uploads = parts.uploads;
    this.files = parts.files;
    this.chatAnnouncer = followChat(this);
  }

  /** Problems of camera and microphone that the person has not been told yet, the camera's first. */
  readonly openProblems: ReadonlySignal<readonly DeviceProblem[]> = computed(() =>
    [this.local.camera.value.problem, this.local.microphone.value.problem].filter(
      (problem): problem is DeviceProblem =>
        // An unplugged device is told by a toast: it must not stop a conversation.
        problem !== null && problem.kind !== "unplugged" && !this.#seenProblems.value.includes(problem),
    ),
  );

  closeProblems(): void {
    this.#seenProblems.value = [...this.openProblems.value, ...this.#seenProblems.value].slice(0, 4);
  }

  get panel(): ReadonlySignal<Panel | null> {
    return this.#panel;
  }
  get dialog(): ReadonlySignal<DialogName | null> {
    return this.#dialog;
  }
  get you(): Person | undefined {
    return this.people.value.find((person) => person.isYou);
  }
  get canFlipCamera(): boolean {
    return hasTwoSides(this.local.devices.value, navigator.maxTouchPoints > 0);
  }
  get isHost(): boolean {
    return isHostRole(this.line.you.value?.role ?? null);
  }
  get isModerator(): boolean {
    return isModerator(this.line.you.value?.role ?? null);
  }

  togglePanel(panel: Panel): void {
    this.#panel.value = this.#panel.value === panel ? null : panel;
  }
  openDialog(dialog: DialogName | null): void {
    this.#dialog.value = dialog;
  }

  join(options: { name: string | null; takeOver?: boolean; password?: string }): void {
    markJoinStart();
    this.#name = options.name;
    this.#password = options.password ?? this.#password;
    this.#ending.value = null;
    this.#hasEndedForAll = false;
    this.local.remember();
    this.closeProblems();
    if (options.name) this.choices.change({ name: options.name });
    this.line.join({
      name: options.name,
      takeOver: options.takeOver ?? false,
      password: this.#password,
    });
  }

  /** From the page after the call, with the devices as they were. */
  async rejoin(options: { takeOver: boolean }): Promise<void> {
    const { isMicrophoneOn, isCameraOn } = this.choices.read();
    // Before joining, which remembers what is wished for.
    const opening = Promise.all([
      isMicrophoneOn && this.local.setMicrophone(true),
      isCameraOn && this.local.setCamera(true),
    ]);
    this.join({ name: this.#name, takeOver: options.takeOver });
    await opening;
  }

  pin(person: Person): void {
    this.stage.togglePin(person.key);
    const isPinned = this.stage.pins.value.includes(person.key);
    this.announcer.say({ key: isPinned ? "say.pinned" : "say.unpinned", params: { name: person.name } });
  }

  showScreen(person: Person): void {
    this.stage.screens.show(person.key);
    this.announcer.say({ key: "tile.screenOf", params: { name: person.name } });
  }

  /** Opens the chat for a message that only this person and you can read. */
  writeTo(person: Person): void {
    this.chat.writeTo({ kind: "private", identity: person.identity, name: person.name });
    if (this.panel.value !== "chat") this.togglePanel("chat");
  }

  /** Not for good when the page goes: it may only be loaded anew. */
  leave(isForGood = true): void {
    this.line.leave(isForGood);
  }

  /** Back from the call or from the page after it, with the devices as they were. */
  returnToGreenRoom(): void {
    const wasInside = this.phase.peek().kind === "call";
    this.line.leave(false);
    this.line.forget();
    this.hasReturned = true;
    if (wasInside) this.announcer.say({ key: "end.left.title" });
  }

  async endForAll(): Promise<void> {
    this.#hasEndedForAll = true;
    if (!(await this.command({ kind: "end_for_all" }))) this.#hasEndedForAll = false;
  }

  async rename(name: string): Promise<void> {
    if (!(await this.command({ kind: "rename_self", name }))) return;
    this.#name = name;
    this.line.rename(name);
    this.choices.change({ name });
  }

  /** Resolves to whether the server carried it out; tells the person when it did not. */
  async command(command: Command): Promise<boolean> {
    try {
      await this.line.command(command);
      return true;
    } catch {
      if (this.line.state.value.kind === "ended") return true;
      this.toasts.show({
        icon: "warning",
        title: { key: "toast.commandFailed" },
        body: { key: "toast.commandFailed.body" },
      });
      return false;
    }
  }

  #readPhase(): Phase {
    const state = this.line.state.value;
    if (state.kind === "idle" || (state.kind === "ended" && passwordFaultOf(state.end)))
      return { kind: "green" };
    if (state.kind === "ended") return { kind: "ended", ending: this.#ending.value ?? bareEnding(state.end) };
    if (this.line.you.value) return { kind: "call" };
    const place = this.door.place.value;
    if (place && state.kind !== "joining") return { kind: "waiting", place };
    return { kind: "joining", isTakingLong: state.kind === "reconnecting" };
  }

  #readPeople(): Person[] {
    return readPeople({
      snapshot: this.line.snapshot.value,
      you: this.line.you.value,
      remotes: this.link.engine.value?.remotes.value ?? NO_REMOTES,
      knownIdentities: this.#visit.known.value,
      own: {
        microphone: this.local.microphone.value,
        camera: this.local.camera.value,
        screen: this.local.screen.shared.value?.video ?? null,
      },
    });
  }

  #ended(end: End): void {
    // Asked for in the green room, with the devices as they are.
    if (this.door.asksForPassword(end)) this.line.forget();
    else this.#finish(end);
  }

  #finish(end: End): void {
    const isOwnDoing = this.#hasEndedForAll && end.reason === "ended_by_host";
    this.local.remember();
    this.#ending.value = {
      ...end,
      reason: isOwnDoing ? "ended_by_you" : end.reason,
      visit: this.#visit.end(this.line.snapshot.peek()),
    };
    this.#panel.value = null;
    this.#dialog.value = null;
    this.local.stopAll();
  }
}

const bareEnding = (end: End): Ending => ({ ...end, visit: null });
