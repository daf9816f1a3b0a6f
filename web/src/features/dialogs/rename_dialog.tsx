import { useState } from "react";
import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";

export function RenameDialog({ onClose }: { onClose: () => void }) {
  const { call, t } = useCall();
  const [name, setName] = useState(() => call.you?.name ?? "");
  const save = () => {
    const wanted = name.trim();
    if (!wanted) return;
    onClose();
    void call.rename(wanted);
  };
  return (
    <DialogBox title={t("people.rename.title")} closeLabel={t("app.close")} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <div className="field">
          <label htmlFor="rename">{t("green.name")}</label>
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
