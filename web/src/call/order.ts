// What moderators do to this person, and what it means here: devices follow the rights, and each change is told once.
import { effect, untracked } from "@preact/signals-core";
import type { LocalMedia } from "../devices/local_media";
import type { Source } from "../engine/media_engine";
import type { RoomSocket } from "../live/room_socket";
import type { Participant, Snapshot } from "../wire/live.gen";
import type { Opaque } from "../wire/server_message";
import type { Timers } from "../timing/timers";
import type { Announcer } from "./announcer";
import { isHostRole } from "./person";
import { blockOf, blockOfDoing, SENDABLE } from "./own_rights";
import type { Block, Doing, Sendable } from "./own_rights";
import type { Toasts } from "./toasts";

export interface OrderDeps {
  line: RoomSocket;
  local: LocalMedia;
  toasts: Toasts;
  announcer: Announcer;
  timers: Timers;
  unmute: () => void;
}

/** The engine's word of a mute and the room's come by different ways; the room's says more, so it gets this long. */
const PATIENCE_MS = 1_000;
/** What was told within this time is not told again. */
const TOLD_FOR_MS = 4_000;
const ASKED = "asked_to_unmute";

const ICONS = { microphone: "microphone-off", camera: "camera-off", screen_share: "share" } as const;

type Blocks = Record<Sendable, Block | null>;

export class Order {
  readonly #told_ms = new Map<Sendable, number>();
  #blocks: Blocks | null = null;
  #you: Participant | null = null;
  #wasSuspended: boolean | null = null;
  /** The owner or host who was there last: for whom somebody acts. */
  #lastHost = "";

  constructor(private readonly deps: OrderDeps) {
    const { line, local, toasts } = deps;
    effect(() => {
      const blocks = this.#readBlocks();
      untracked(() => this.#followRights(blocks));
    });
    effect(() => {
      // Also what is switched on by another way than the bar.
      for (const source of SENDABLE) {
        if (this.blockOf(source) && isWanted(local, source)) untracked(() => this.#stop(source));
      }
    });
    effect(() => {
      const { snapshot, you } = line;
      const now = you.value ? (snapshot.value?.participants[you.value.participant_id] ?? null) : null;
      const state = snapshot.value;
      untracked(() => this.#followRole(now, state));
    });
    effect(() => {
      const isSuspended = line.you.value ? (line.snapshot.value?.room.is_suspended ?? null) : null;
      untracked(() => this.#followSuspension(isSuspended));
    });
    effect(() => {
      if (local.microphone.value.isWanted) toasts.withdraw(ASKED);
    });
    line.listen((news) => this.#hear(news));
  }

  /** Why this person may not send it now, or `null`. */
  blockOf(source: Sendable): Block | null {
    const { you, snapshot } = this.deps.line;
    return blockOf(source, you.value?.role ?? null, snapshot.value?.room);
  }

  /** Why this person may not do it now, or `null`. */
  blockOfDoing(doing: Doing): Block | null {
    const { you, snapshot } = this.deps.line;
    return blockOfDoing(doing, you.value?.role ?? null, snapshot.value?.room);
  }

  /** The engine has muted something of ours: by a moderator's word, which may be on its way, or by itself. */
  mutedByEngine(source: Source): void {
    if (source === "screen_share_audio") return;
    this.#stop(source);
    this.deps.timers.after(PATIENCE_MS, () => {
      if (this.#isTold(source) || this.blockOf(source)) return;
      const key = source === "screen_share" ? "screen" : source;
      this.deps.toasts.show({
        icon: ICONS[source],
        title: { key: `toast.mutedByServer.${key}` },
        ...(key === "screen" ? {} : { body: { key: `toast.mutedByServer.${key}.body` } }),
      });
    });
  }

  #hear(news: Opaque): void {
    const by = typeof news["by"] === "string" ? news["by"] : "";
    switch (news["kind"]) {
      case "stopped_by":
        this.#stoppedBy(news["source"], by, news["may_resume"] === true);
        return;
      case "asked_to_unmute":
        this.#askedToUnmute(by);
        return;
      default:
        return;
    }
  }

  #stoppedBy(what: unknown, by: string, mayResume: boolean): void {
    const source = SENDABLE.find((one) => one === what);
    if (!source) return;
    const wasOn = isWanted(this.deps.local, source);
    const isFresh = !this.#isTold(source);
    this.#stop(source);
    // Who was quiet already is not told of a mute that meant everybody, except that they have to stay so.
    if (!wasOn && mayResume && isFresh) return;
    this.#tell(source);
    this.deps.toasts.show({
      icon: ICONS[source],
      title: { key: `toast.stoppedBy.${source}`, params: { by } },
      ...(source === "screen_share"
        ? {}
        : { body: { key: mayResume ? `toast.stoppedBy.${source}.body` : "toast.off.body" } }),
    });
  }

  #askedToUnmute(by: string): void {
    const { toasts, unmute, local } = this.deps;
    if (local.microphone.peek().isWanted) return;
    toasts.show({
      tag: ASKED,
      icon: "microphone",
      isSticky: true,
      title: { key: "toast.askedToUnmute", params: { by } },
      ...(this.blockOf("microphone")
        ? { body: { key: "toast.off.body" } }
        : { actions: [{ label: { key: "command.unmute" }, isMain: true, perform: unmute }] }),
    });
  }

  #readBlocks(): Blocks | null {
    if (!this.deps.line.you.value || !this.deps.line.snapshot.value) return null;
    return {
      microphone: this.blockOf("microphone"),
      camera: this.blockOf("camera"),
      screen_share: this.blockOf("screen_share"),
    };
  }

  #followRights(now: Blocks | null): void {
    const before = this.#blocks;
    this.#blocks = now;
    if (!now || !before) return;
    // Suspension has its banner, and a role its own words.
    const off = SENDABLE.filter((one) => now[one] === "switched_off" && before[one] === null);
    const on = SENDABLE.filter((one) => now[one] === null && before[one] === "switched_off");
    if (off.length > 0) {
      this.deps.timers.after(PATIENCE_MS, () => {
        const news = off.filter((one) => !this.#isTold(one) && this.blockOf(one) === "switched_off");
        this.#tellSwitch(news, "off");
      });
    }
    this.#tellSwitch(on, "on");
  }

  #tellSwitch(sources: readonly Sendable[], way: "on" | "off"): void {
    const [first] = sources;
    if (!first) return;
    this.deps.toasts.show({
      tag: "rights",
      icon: way === "off" ? ICONS[first] : first === "screen_share" ? "share" : first,
      title: { key: sources.length > 1 ? `toast.${way}.several` : `toast.${way}.${first}` },
      ...(way === "off" ? { body: { key: "toast.off.body" } } : {}),
    });
  }

  #followSuspension(now: boolean | null): void {
    const before = this.#wasSuspended;
    this.#wasSuspended = now;
    if (now === before) return;
    // Whoever comes in while it is so is told as well.
    if (now) this.deps.announcer.say({ key: "say.suspended" });
    else if (now === false && before) this.deps.announcer.say({ key: "say.resumed" });
  }

  #followRole(now: Participant | null, state: Snapshot | null): void {
    const before = this.#you;
    this.#you = now;
    const isElse = (one: Participant) => one.participant_id !== now?.participant_id;
    const others = Object.values(state?.participants ?? {}).filter(isElse);
    const host = others.find((one) => isHostRole(one.role) && !one.is_acting);
    if (now && before?.participant_id === now.participant_id) this.#tellRole(before, now, host?.name ?? "");
    else if (now?.role === "viewer") this.#showRole("viewer");
    if (host) this.#lastHost = host.name;
    if (!now) this.#lastHost = "";
  }

  #tellRole(before: Participant, now: Participant, host: string): void {
    const { toasts } = this.deps;
    if (now.is_acting && !before.is_acting) {
      const name = this.#lastHost;
      toasts.show({
        tag: "role",
        icon: "shield",
        title: name ? { key: "toast.acting", params: { name } } : { key: "toast.acting.nobody" },
        body: { key: "toast.acting.body" },
      });
    } else if (before.is_acting && !now.is_acting && !isHostRole(now.role)) {
      toasts.show({
        tag: "role",
        icon: "shield",
        title: { key: "toast.acting.over", params: { name: host } },
      });
    } else if (before.role !== now.role) {
      this.#showRole(now.role);
    }
  }

  #showRole(role: Participant["role"]): void {
    this.deps.toasts.show({
      tag: "role",
      icon: "shield",
      title: { key: `toast.role.${role}` },
      ...(role === "member" || role === "guest" || role === "owner"
        ? {}
        : { body: { key: `toast.role.${role}.body` } }),
    });
  }

  /** Muted while it may be started again; what may not be sent is not captured either. */
  #stop(source: Sendable): void {
    const { local } = this.deps;
    if (source === "screen_share") local.screen.stop();
    else if (this.blockOf(source)) local.stop(source);
    else if (source === "microphone") void local.setMicrophone(false);
    else void local.setCamera(false);
  }

  #tell(source: Sendable): void {
    this.#told_ms.set(source, this.deps.timers.now_ms());
  }

  #isTold(source: Sendable): boolean {
    return this.deps.timers.now_ms() - (this.#told_ms.get(source) ?? -Infinity) < TOLD_FOR_MS;
  }
}

function isWanted(local: LocalMedia, source: Sendable): boolean {
  if (source === "screen_share") return local.screen.shared.value !== null;
  return local[source].value.isWanted;
}
