import { useState } from "react";
import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";

/** A moderator gives somebody another name, for instance the one that the class knows. */
export default function RenameOtherDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { call, t } = useCall();
  const [name, setName] = useState(person.name);
  const save = () => {
    if (!name.trim()) return;
    onClose();
    void call.command({ kind: "rename_participant", participant_id: person.key, name: name.trim() });
  };
  return (
    <DialogBox
      title={t("people.renameOther.title", { name: person.name })}
      closeLabel={t("app.close")}
      onClose={onClose}
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <div className="field">
          <label htmlFor="rename-other">{t("people.renameOther.label")}</label>
          <input
            className="input"
            id="rename-other"
            value={name}
            maxLength={80}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        <div className="acts">
          <button className="btn quiet" type="button" onClick={onClose}>
            {t("people.cancel")}
          </button>
          <button className="btn primary" type="submit" disabled={!name.trim()}>
            {t("people.rename.save")}
          </button>
        </div>
      </form>
    </DialogBox>
  );
}
