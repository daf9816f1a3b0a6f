// The one bridge from signals to React.
import { effect } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import { useCallback, useSyncExternalStore } from "react";

export function useSignalValue<T>(source: ReadonlySignal<T>): T {
  const subscribe = useCallback(
    (notify: () => void) =>
      effect(() => {
        void source.value;
        notify();
      }),
    [source],
  );
  return useSyncExternalStore(subscribe, () => source.peek());
}
