import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";

interface DenyAllDialogProps {
  /** How many wait now: somebody may have come since it was opened. */
  count: number;
  onDeny: () => void;
  onClose: () => void;
}

export default function DenyAllDialog({ count, onDeny, onClose }: DenyAllDialogProps) {
  const { t } = useCall();
  const deny = () => {
    onClose();
    onDeny();
  };
  return (
    <DialogBox
      role="alertdialog"
      title={t("people.waiting.denyAll.title", { count })}
      closeLabel={t("app.close")}
      onClose={onClose}
      actions={
        <>
          {/* The safe answer has the first focus. */}
          {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
          <button className="btn quiet" type="button" onClick={onClose} autoFocus>
            {t("people.cancel")}
          </button>
          <button className="btn danger" type="button" onClick={deny}>
            {t("people.waiting.denyAll")}
          </button>
        </>
      }
    >
      <p>{t("people.waiting.denyAll.body")}</p>
    </DialogBox>
  );
}
