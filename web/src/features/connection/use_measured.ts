import { useEffect, useState } from "react";
import type { Measured } from "../../engine/media_engine";
import { useEngine } from "../use_engine";

const EVERY_MS = 2_000;

/** What the browser measures, while somebody looks at it; `null` before the first time. */
export function useMeasured(): Measured | null {
  const engine = useEngine();
  const [measured, setMeasured] = useState<Measured | null>(null);
  useEffect(() => {
    let isOver = false;
    const look = () =>
      void engine?.measure().then(
        (now) => {
          if (!isOver) setMeasured(now);
        },
        // A connection that is being replaced tells nothing; the next look will.
        () => undefined,
      );
    look();
    const id = window.setInterval(look, EVERY_MS);
    return () => {
      isOver = true;
      window.clearInterval(id);
    };
  }, [engine]);
  return measured;
}
