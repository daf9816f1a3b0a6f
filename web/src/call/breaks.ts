// Says that the line is broken, and that it holds again. A shorter break is over before it needs words.
import { effect } from "@preact/signals-core";
import type { Call } from "./call";

const TELLS_BREAK_AFTER_MS = 6_000;

export function tellBreaks(call: Pick<Call, "brokenSince_ms" | "timers" | "announcer" | "line">): void {
  let since_ms: number | null = null;
  let hasTold = false;
  let stopWaiting: () => void = () => undefined;
  effect(() => {
    const broken_ms = call.brokenSince_ms.value;
    if (broken_ms !== null && since_ms === null) {
      stopWaiting = call.timers.after(TELLS_BREAK_AFTER_MS, () => {
        hasTold = true;
        call.announcer.say({ key: "say.reconnecting" });
      });
    }
    if (broken_ms === null && since_ms !== null) {
      stopWaiting();
      if (hasTold && call.line.state.value.kind === "joined") call.announcer.say({ key: "say.back" });
      hasTold = false;
    }
    since_ms = broken_ms;
  });
}
