// One name and a way to keep it: for one's own and for somebody else's.
import { useState } from "react";
import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";

interface NameFormProps {
  title: string;
  label: string;
  name: string;
  onSave: (name: string) => void;
  onClose: () => void;
}

export function NameForm({ title, label, name: before, onSave, onClose }: NameFormProps) {
  const { t } = useCall();
  const [name, setName] = useState(before);
  const save = () => {
    const wanted = name.trim();
    if (!wanted) return;
    onClose();
    onSave(wanted);
  };
  return (
    <DialogBox title={title} closeLabel={t("app.close")} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <div className="field">
          <label htmlFor="rename">{label}</label>
          <input
            className="input"
            id="rename"
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
