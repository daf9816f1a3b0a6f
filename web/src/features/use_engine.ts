// The engine arrives late (its code is loaded while the green room is up): views read it through these.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import { useMemo } from "react";
import { useCall } from "../components/call_context";
import { useSignalValue } from "../components/use_signal";
import type { EngineStatus, MediaEngine } from "../engine/media_engine";

export function useEngine(): MediaEngine | null {
  return useSignalValue(useCall().call.link.engine);
}

export function useEngineStatus(): EngineStatus {
  return useEngineSignal((engine) => engine.status, "off");
}

export function useEngineSignal<T>(pick: (engine: MediaEngine) => ReadonlySignal<T>, otherwise: T): T {
  const engine = useEngine();
  // `pick` only names a member: it never changes what it picks.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const source = useMemo(() => (engine ? pick(engine) : signal(otherwise)), [engine]);
  return useSignalValue(source);
}
