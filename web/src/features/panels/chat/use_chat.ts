// What the views of the chat need to know about this person and this moment.
import { useSyncExternalStore } from "react";
import { isModerator } from "../../../call/person";
import { useCall } from "../../../components/call_context";
import { useSignalValue } from "../../../components/use_signal";

export interface ChatRights {
  own: string;
  isModerator: boolean;
  mayWrite: boolean;
  mayWritePrivately: boolean;
}

export function useChatRights(): ChatRights {
  const { call } = useCall();
  const you = useSignalValue(call.line.you);
  useSignalValue(call.line.snapshot);
  return {
    own: you?.identity ?? "",
    isModerator: isModerator(you?.role ?? null),
    mayWrite: call.order.blockOfDoing("chat_send") === null,
    mayWritePrivately: call.order.blockOfDoing("chat_send_private") === null,
  };
}

export function useIsPageVisible(): boolean {
  return useSyncExternalStore(
    (notify) => {
      document.addEventListener("visibilitychange", notify);
      return () => document.removeEventListener("visibilitychange", notify);
    },
    () => document.visibilityState === "visible",
  );
}

/** "1.2 MB", in the reader's language. */
export function sizeText(bytes: number, locale: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const step = Math.min(bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[step] ?? "byte",
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: step < 2 ? 0 : 1,
  }).format(bytes / 1000 ** step);
}
