import { useCall } from "../../components/call_context";
import { ConfirmDialog } from "../../components/confirm_dialog";

interface DenyAllDialogProps {
  /** How many wait now: somebody may have come since it was opened. */
  count: number;
  onDeny: () => void;
  onClose: () => void;
}

export default function DenyAllDialog({ count, onDeny, onClose }: DenyAllDialogProps) {
  const { t } = useCall();
  return (
    <ConfirmDialog
      title={t("people.waiting.denyAll.title", { count })}
      confirm={t("people.waiting.denyAll")}
      onConfirm={onDeny}
      onClose={onClose}
    >
      <p>{t("people.waiting.denyAll.body")}</p>
    </ConfirmDialog>
  );
}
