import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";
import { useSignalValue } from "../../components/use_signal";

export function EndDialog({ onClose }: { onClose: () => void }) {
  const { call, t } = useCall();
  const others = useSignalValue(call.people).filter((person) => !person.isYou).length;
  const end = () => {
    onClose();
    void call.endForAll();
  };
  return (
    <DialogBox
      role="alertdialog"
      title={t("leave.all.title")}
      closeLabel={t("app.close")}
      onClose={onClose}
      actions={
        <>
          {/* The safe answer has the first focus. */}
          {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
          <button className="btn quiet" type="button" onClick={onClose} autoFocus>
            {t("leave.all.stay")}
          </button>
          <button className="btn danger" type="button" onClick={end}>
            {t("leave.all.confirm")}
          </button>
        </>
      }
    >
      <p>{others > 0 ? t("leave.all.body", { count: others }) : t("leave.all.alone")}</p>
    </DialogBox>
  );
}
