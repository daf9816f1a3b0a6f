import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";

export function RemoveDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { call, t } = useCall();
  const remove = () => {
    onClose();
    void call.command({ kind: "remove_participant", participant_id: person.key });
  };
  return (
    <DialogBox
      role="alertdialog"
      title={t("people.remove.title", { name: person.name })}
      closeLabel={t("app.close")}
      onClose={onClose}
      actions={
        <>
          {/* The safe answer has the first focus. */}
          {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
          <button className="btn quiet" type="button" onClick={onClose} autoFocus>
            {t("people.cancel")}
          </button>
          <button className="btn danger" type="button" onClick={remove}>
            {t("people.remove.confirm")}
          </button>
        </>
      }
    >
      <p>{t("people.remove.body", { name: person.name })}</p>
    </DialogBox>
  );
}
