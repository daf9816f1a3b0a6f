import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";

export default function SuspendDialog({ onClose }: { onClose: () => void }) {
  const { call, t } = useCall();
  const suspend = () => {
    onClose();
    void call.command({ kind: "set_suspended", is_suspended: true });
  };
  return (
    <DialogBox
      role="alertdialog"
      title={t("host.suspend.title")}
      closeLabel={t("app.close")}
      onClose={onClose}
      actions={
        <>
          {/* The safe answer has the first focus. */}
          {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
          <button className="btn quiet" type="button" onClick={onClose} autoFocus>
            {t("people.cancel")}
          </button>
          <button className="btn danger" type="button" onClick={suspend}>
            {t("host.suspend.confirm")}
          </button>
        </>
      }
    >
      <p>{t("host.suspend.body")}</p>
    </DialogBox>
  );
}
