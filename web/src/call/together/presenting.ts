// Sharing one's screen. Where only one may present at a time, the room is asked first, and whoever is refused can ask
// the presenter; a share that the room has ended is ended here as well, with words.
import { computed, effect, untracked } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import type { Participant } from "../../wire/live.gen";
import type { TogetherDeps } from "./deps";
import { moderates, ownParticipant } from "./roster";

const ASK_ICON = "share";

export class Presenting {
  /** The presenter where only one may present, or `null`. */
  readonly presenter: ReadonlySignal<Participant | null>;
  readonly isOnlyOne: ReadonlySignal<boolean>;
  readonly #own: ReadonlySignal<Participant | null>;
  /** From the server's yes until the room says so. */
  #isGranted = false;

  constructor(private readonly deps: TogetherDeps) {
    this.#own = ownParticipant(deps);
    this.isOnlyOne = computed(() => deps.snapshot.value?.room.one_presenter === true);
    this.presenter = computed(() => {
      const snapshot = deps.snapshot.value;
      const key = snapshot?.room.one_presenter ? snapshot.room.presenter_id : null;
      return (key !== null && snapshot?.participants[key]) || null;
    });
    this.#watchScreen();
    this.#watchPresenter();
    this.#watchAsking();
  }

  /** The share command: begins, or ends what one shares. */
  toggle(): void {
    if (this.deps.local.screen.shared.peek()) {
      this.deps.local.screen.stop();
      this.deps.announcer.say({ key: "say.sharingStopped" });
    } else if (!this.isOnlyOne.peek() || this.#isMine()) void this.#capture();
    else if (this.presenter.peek()) this.#tellTaken();
    else void this.#take();
  }

  ask(isAsking: boolean): void {
    void this.deps.order({ kind: "share_ask", is_asking: isAsking }).then((isDone) => {
      if (isDone) this.deps.announcer.say({ key: isAsking ? "say.askedToPresent" : "say.askedNoMore" });
    });
  }

  handOver(key: string): void {
    void this.deps.order({ kind: "share_hand_over", participant_id: key });
  }

  revoke(): void {
    void this.deps.order({ kind: "share_revoke" });
  }

  /** Whether the person may make somebody else the presenter. */
  mayHandOver(): boolean {
    const own = this.#own.value;
    if (own === null || !this.isOnlyOne.value) return false;
    if (moderates(own)) return true;
    return this.presenter.value === own && this.deps.snapshot.value?.room.is_suspended !== true;
  }

  #isMine(): boolean {
    const own = this.#own.peek();
    return this.#isGranted || (own !== null && this.presenter.peek()?.participant_id === own.participant_id);
  }

  async #take(): Promise<void> {
    try {
      await this.deps.ask({ kind: "share_take" });
    } catch (error) {
      const code = error instanceof Error ? error.message : "";
      if (code === "presenter_taken") this.#tellTaken();
      else this.deps.toasts.show({ icon: ASK_ICON, title: { key: "toast.mayNotShare" } });
      return;
    }
    this.#isGranted = true;
    const isSharing = await this.#capture();
    this.#isGranted = false;
    if (!isSharing && this.isOnlyOne.peek())
      void this.deps.ask({ kind: "share_release" }).catch(() => undefined);
  }

  async #capture(): Promise<boolean> {
    const { announcer, toasts, local } = this.deps;
    const problem = await local.screen.start();
    if (!problem) {
      announcer.say({ key: "say.sharing" });
      return true;
    }
    if (problem.kind === "denied_by_system") {
      toasts.show({
        icon: "share",
        title: { key: "toast.screen.denied_by_system" },
        body: { key: "toast.screen.denied_by_system.body" },
      });
    } else if (problem.kind !== "dismissed") {
      const key = problem.kind === "unsupported" ? "toast.screen.unsupported" : "toast.screen.failed";
      toasts.show({ icon: "share", title: { key } });
    }
    return false;
  }

  #tellTaken(): void {
    const own = this.#own.peek();
    const name = this.presenter.peek()?.name;
    if (!own || name === undefined) return;
    const isAsking = own.asks_to_share_at !== null;
    this.deps.toasts.show({
      icon: ASK_ICON,
      title: { key: "toast.presenterTaken", params: { name } },
      body: { key: isAsking ? "toast.presenterTaken.asked" : "toast.presenterTaken.body" },
      actions: [
        moderates(own)
          ? { label: { key: "toast.takeOver" }, perform: () => void this.#take() }
          : isAsking
            ? { label: { key: "toast.askNoMore" }, perform: () => this.ask(false) }
            : { label: { key: "toast.askToPresent" }, perform: () => this.ask(true) },
      ],
    });
  }

  /** Whoever stops sharing, by our button or the browser's own, makes room for the next. */
  #watchScreen(): void {
    let wasSharing = false;
    effect(() => {
      const isSharing = this.deps.local.screen.shared.value !== null;
      untracked(() => {
        if (wasSharing && !isSharing && this.#isMine() && this.deps.isInCall())
          void this.deps.ask({ kind: "share_release" }).catch(() => undefined);
      });
      wasSharing = isSharing;
    });
  }

  #watchPresenter(): void {
    const who = computed(() => this.presenter.value?.participant_id ?? null);
    let before: string | null = null;
    effect(() => {
      const now = who.value;
      const isOnlyOne = this.isOnlyOne.value;
      const you = this.deps.you.value?.participant_id;
      untracked(() => {
        if (!this.deps.isInCall() || you === undefined) return;
        const isSharing = this.deps.local.screen.shared.value !== null;
        if (isOnlyOne && isSharing && now !== you && !this.#isGranted) this.#stopSharing();
        else if (now === you && before !== you && !isSharing && !this.#isGranted) this.#tellHandedOver();
      });
      before = now;
    });
  }

  #stopSharing(): void {
    const name = this.presenter.peek()?.name;
    this.deps.local.screen.stop();
    this.deps.toasts.show({
      icon: "share",
      title: { key: "toast.mutedByServer.screen" },
      body: name === undefined ? { key: "toast.shareEnded" } : { key: "toast.presentsNow", params: { name } },
    });
  }

  #tellHandedOver(): void {
    // A press is what browsers want before they show what can be shared.
    this.deps.toasts.show({
      icon: "share",
      title: { key: "toast.youPresent" },
      body: { key: "toast.youPresent.body" },
      actions: [{ label: { key: "command.share" }, perform: () => this.toggle() }],
    });
  }

  #watchAsking(): void {
    let before: ReadonlySet<string> | null = null;
    effect(() => {
      const asking = Object.values(this.deps.snapshot.value?.participants ?? {}).filter(
        (one) => one.asks_to_share_at !== null && one.participant_id !== this.deps.you.value?.participant_id,
      );
      const fresh = asking.filter((one) => before?.has(one.participant_id) === false);
      before = this.deps.isInCall() ? new Set(asking.map((one) => one.participant_id)) : null;
      untracked(() => {
        if (!this.mayHandOver()) return;
        for (const { participant_id, name } of fresh) {
          this.deps.toasts.show({
            icon: "share",
            title: { key: "toast.asksToPresent", params: { name } },
            actions: [{ label: { key: "toast.handOver" }, perform: () => this.handOver(participant_id) }],
          });
        }
      });
    });
  }
}
