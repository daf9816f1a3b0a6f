import { Button } from "react-aria-components";
import { commands } from "../../call/commands";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { MenuBox } from "../../components/menu";
import { useSignalValue } from "../../components/use_signal";
import { Control } from "./control";

/** One press for those who can only leave; a choice for hosts. */
export function LeaveControl() {
  const { call, t } = useCall();
  useSignalValue(call.line.you);
  if (!call.isHost) return <Control command={commands.leave} isFilled isLeave />;
  return (
    <MenuBox
      label={t("leave.menu")}
      placement="top end"
      groups={[
        {
          id: t("leave.menu"),
          entries: [
            { id: "leave", label: t("leave.me"), icon: "leave", onAction: () => call.leave() },
            {
              id: "end",
              label: t("leave.all"),
              icon: "end",
              isDangerous: true,
              onAction: () => call.openDialog("end_for_all"),
            },
          ],
        },
      ]}
      trigger={
        <Button className="ctl leave" aria-label={t("command.leave")}>
          <span className="pad">
            <Icon name="leave" isFilled />
          </span>
          <span className="cap" aria-hidden="true">
            {t("command.leave")}
          </span>
        </Button>
      }
    />
  );
}
