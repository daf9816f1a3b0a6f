import { useCall } from "../../components/call_context";
import { ConfirmDialog } from "../../components/confirm_dialog";
import { useSignalValue } from "../../components/use_signal";

export default function EndDialog({ onClose }: { onClose: () => void }) {
  const { call, t } = useCall();
  const others = useSignalValue(call.people).filter((person) => !person.isYou).length;
  return (
    <ConfirmDialog
      title={t("leave.all.title")}
      stay={t("leave.all.stay")}
      confirm={t("leave.all.confirm")}
      onConfirm={() => void call.endForAll()}
      onClose={onClose}
    >
      <p>{others > 0 ? t("leave.all.body", { count: others }) : t("leave.all.alone")}</p>
    </ConfirmDialog>
  );
}
