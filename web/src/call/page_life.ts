// The call and the page around it: the tab's title, the wake lock, going away, coming back, and the keys.
import { effect } from "@preact/signals-core";
import type { Translate } from "../text/translate";
import type { Call } from "./call";
import type { Phase } from "./states";
import { allCommands, give } from "./commands";
import { askBeforeUnload, keepWayBack } from "./leaving";
import { matches } from "./shortcuts";
import { tabTitle } from "./tab_title";
import type { KeyPress } from "./shortcuts";
import { followTogether } from "./together/page";

export const isMac = (): boolean => /mac|iphone|ipad/i.test(navigator.platform);

export function followPage(call: Call, t: Translate): void {
  effect(() => {
    const { key, params } = tabTitle(call);
    document.title = t(key, params);
  });
  followTogether(call, t);
  // A page that goes away leaves at once, so that its tile does not linger; one that returns from the browser's
  // back-forward cache starts afresh.
  window.addEventListener("pagehide", () => call.leave(false));
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
  keepWayBack(call, window.history, window);
  askBeforeUnload(call, window);
  window.addEventListener("online", () => call.line.wake());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") call.line.wake();
  });
  // Let in while looking: the page itself says so.
  const see = () => {
    if (document.visibilityState === "visible" && call.door.isLetInNews.value) call.door.see();
  };
  effect(see);
  document.addEventListener("visibilitychange", see);
  window.addEventListener("keydown", (event) => press(call, event));
  keepAwake(call);
}

function press(call: Call, event: KeyboardEvent): void {
  const rules = { isMac: isMac(), hasLetters: call.choices.read().hasLetterShortcuts };
  const keyPress = readPress(event);
  for (const command of allCommands) {
    if (!command.shortcuts.some((shortcut) => matches(keyPress, shortcut, rules))) continue;
    if (!command.isAvailable(call)) continue;
    event.preventDefault();
    give(command, call);
    return;
  }
}

function readPress(event: KeyboardEvent): KeyPress {
  const target = event.target instanceof Element ? event.target : null;
  return {
    key: event.key,
    ctrlKey: event.ctrlKey,
    metaKey: event.metaKey,
    altKey: event.altKey,
    shiftKey: event.shiftKey,
    repeat: event.repeat,
    isTyping:
      target?.closest("input, textarea, select, [contenteditable], [role=listbox], [role=menu]") != null,
    isInDialog: target?.closest("[role=dialog], [role=alertdialog]") != null,
  };
}

/** The screen must not go dark while people look at each other. The lock is lost whenever the tab is hidden. */
function keepAwake(call: Call): void {
  if (!("wakeLock" in navigator)) return;
  let lock: WakeLockSentinel | null = null;
  const follow = async (phase: Phase) => {
    const isNeeded = phase.kind === "call" && document.visibilityState === "visible";
    try {
      if (isNeeded && (!lock || lock.released)) lock = await navigator.wakeLock.request("screen");
      else if (!isNeeded && lock) await lock.release();
    } catch {
      // Refused on low battery: nothing that a call could do about it.
    }
  };
  effect(() => {
    void follow(call.phase.value);
  });
  document.addEventListener("visibilitychange", () => void follow(call.phase.value));
}
