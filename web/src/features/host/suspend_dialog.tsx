import { useCall } from "../../components/call_context";
import { ConfirmDialog } from "../../components/confirm_dialog";

export default function SuspendDialog({ onClose }: { onClose: () => void }) {
  const { call, t } = useCall();
  return (
    <ConfirmDialog
      title={t("host.suspend.title")}
      confirm={t("host.suspend.confirm")}
      onConfirm={() => void call.command({ kind: "set_suspended", is_suspended: true })}
      onClose={onClose}
    >
      <p>{t("host.suspend.body")}</p>
    </ConfirmDialog>
  );
}
