// The call and the translation, for every view below the root.
import { createContext, use } from "react";
import type { Call } from "../call/call";
import type { Translate } from "../text/translate";

export interface CallContextValue {
  call: Call;
  t: Translate;
  locale: string;
}

export const CallContext = createContext<CallContextValue | null>(null);

export function useCall(): CallContextValue {
  const value = use(CallContext);
  if (!value) throw new Error("no call above this view");
  return value;
}
