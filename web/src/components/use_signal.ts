// The one bridge from signals to React.
import { effect } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import { useCallback, useSyncExternalStore } from "react";

/** Nothing is this: reading a signal inside the effect is what subscribes. */
const STALE = Symbol("stale");

export function useSignalValue<T>(source: ReadonlySignal<T>): T {
  const subscribe = useCallback(
    (notify: () => void) =>
      effect(() => {
        const value = source.value;
        if (value !== STALE) notify();
      }),
    [source],
  );
  return useSyncExternalStore(subscribe, () => source.peek());
}
