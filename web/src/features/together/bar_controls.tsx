// The hand and the reactions in the bar.
import { useRef } from "react";
import { commands } from "../../call/commands";
import { useCall } from "../../components/call_context";
import { useSignalValue } from "../../components/use_signal";
import { Control } from "../bar/control";
import { ReactionPicker } from "./reaction_picker";

export function HandControl() {
  const { call } = useCall();
  useSignalValue(call.together.hands.isOwnUp);
  useSignalValue(call.line.snapshot);
  useSignalValue(call.line.you);
  return (
    <span className="hand-ctl">
      <Control command={commands.hand} />
    </span>
  );
}

/** On phones the command is inside More; the picker opens from there as well. */
export function ReactControl() {
  const { call } = useCall();
  const anchor = useRef<HTMLSpanElement>(null);
  const isAllowed = useSignalValue(call.together.reactions.isAllowed);
  useSignalValue(call.together.reactions.isPickerOpen);
  if (!isAllowed) return null;
  return (
    <>
      <span className="wide-only" ref={anchor}>
        <Control command={commands.react} opensPanel />
      </span>
      <ReactionPicker anchor={anchor} />
    </>
  );
}
