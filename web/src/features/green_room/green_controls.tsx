import { commands } from "../../call/commands";
import { useCall } from "../../components/call_context";
import { useSignalValue } from "../../components/use_signal";
import { Control } from "../bar/control";

/** Below the preview: the same two switches as in the call, and the other camera on phones. */
export function GreenControls() {
  const { call } = useCall();
  useSignalValue(call.local.camera);
  useSignalValue(call.local.devices);
  return (
    <div className="round-row">
      <div className="bench">
        <Control command={commands.microphone} />
        <Control command={commands.camera} />
        {commands.flip.isAvailable(call) ? <Control command={commands.flip} /> : null}
      </div>
    </div>
  );
}
