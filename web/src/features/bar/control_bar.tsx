import { commands } from "../../call/commands";
import { useCall } from "../../components/call_context";
import { useSignalValue } from "../../components/use_signal";
import { ChatButton } from "../panels/chat/chat_button";
import { HandControl, ReactControl } from "../together/bar_controls";
import { Control } from "./control";
import { CameraMenu, MicrophoneMenu } from "./device_menus";
import { HearingLine } from "./hearing_line";
import { LeaveControl } from "./leave_control";
import { MoreMenu } from "./more_menu";

/** The bar at the bottom. Always the same order; Leave is last. */
export function ControlBar() {
  const { call, t } = useCall();
  // What the commands below read: the bar is drawn again when one of these changes.
  useSignalValue(call.local.microphone);
  useSignalValue(call.local.camera);
  useSignalValue(call.local.screen.shared);
  useSignalValue(call.panel);
  useSignalValue(call.line.snapshot);
  useSignalValue(call.line.you);
  const count = useSignalValue(call.knocks.waiting).length;
  return (
    <div
      className="bar"
      id="controls"
      tabIndex={-1}
      role="region"
      aria-label={t("call.controls")}
      data-region
    >
      <HearingLine />
      <div className="bench">
        <div className="split">
          <Control command={commands.microphone} />
          <MicrophoneMenu />
        </div>
        <div className="split">
          <Control command={commands.camera} />
          <CameraMenu />
        </div>
        <span className="rule" />
        {commands.share.isAvailable(call) ? (
          <span className="wide-only">
            <Control command={commands.share} isFilled={call.local.screen.shared.value !== null} />
          </span>
        ) : null}
        <HandControl />
        <ReactControl />
        <MoreMenu />
        <span className="rule" />
        <LeaveControl />
      </div>
      <div className="bench end">
        <Control command={commands.info} opensPanel />
        <Control
          command={commands.people}
          opensPanel
          waiting={count > 0 ? { count, label: t("command.people.waiting", { count }) } : undefined}
        />
        <ChatButton kind="bar" />
        {commands.host.isAvailable(call) ? <Control command={commands.host} opensPanel /> : null}
      </div>
    </div>
  );
}
