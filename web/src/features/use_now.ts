// The time as the call counts it, read again every so often: for what says how long something has lasted.
import { useEffect, useState } from "react";
import { useCall } from "../components/call_context";
import type { Translate } from "../text/translate";

const EVERY_MS = 10_000;

export function useNow(): number {
  const { call } = useCall();
  const [now_ms, setNow] = useState(() => call.timers.now_ms());
  useEffect(() => {
    const id = window.setInterval(() => setNow(call.timers.now_ms()), EVERY_MS);
    return () => window.clearInterval(id);
  }, [call]);
  return now_ms;
}

/** The clocks of two machines differ: what is to come has just been. */
export const minutesSince = (at_ms: number, now_ms: number): number =>
  Math.max(0, Math.floor((now_ms - at_ms) / 60_000));

export function lastedText(t: Translate, at: string, now_ms: number): string {
  const count = minutesSince(Date.parse(at), now_ms);
  return count === 0 ? t("people.waiting.now") : t("people.waiting.minutes", { count });
}
