// The browser's own ways out of a call: its Back button leads to the green room, and a tab that would be missed is
// not closed by a slip of the finger.
import { effect } from "@preact/signals-core";
import type { Call } from "./call";

export type LeavableCall = Pick<Call, "phase" | "people" | "local" | "returnToGreenRoom">;
/** What we need of the browser's history. */
export type PageHistory = Pick<History, "state" | "pushState" | "back">;

/** Marks the entry of the call, which lies on top of that of the green room. */
const CALL_ENTRY = "palaver:call";

/** From the call and from the page after it, Back leads to the green room; from there it leads where one came from. */
export function keepWayBack(call: LeavableCall, history: PageHistory, page: EventTarget): void {
  // A page that was loaded again in the call shows the green room: it goes down to the entry of that.
  if (history.state === CALL_ENTRY) history.back();
  effect(() => {
    if (call.phase.value.kind === "call" && history.state !== CALL_ENTRY) history.pushState(CALL_ENTRY, "");
  });
  page.addEventListener("popstate", () => {
    const { kind } = call.phase.peek();
    // Forward from the green room changes nothing: the way in is the button.
    if (history.state !== CALL_ENTRY && (kind === "call" || kind === "ended")) call.returnToGreenRoom();
  });
}

/** The browser asks before it closes a tab whose picture, voice or screen reaches somebody. */
export function askBeforeUnload(call: LeavableCall, page: EventTarget): void {
  const ask = (event: Event) => event.preventDefault();
  effect(() => {
    // Only while it is needed: with such a listener browsers keep no page for their Back button.
    if (isMissed(call)) page.addEventListener("beforeunload", ask);
    else page.removeEventListener("beforeunload", ask);
  });
}

function isMissed(call: LeavableCall): boolean {
  if (call.phase.value.kind !== "call") return false;
  const { microphone, camera, screen } = call.local;
  const isSending =
    screen.shared.value !== null ||
    [microphone.value, camera.value].some((device) => device.isWanted && device.track !== null);
  return isSending && call.people.value.some((person) => !person.isYou);
}
