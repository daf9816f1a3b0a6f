import { useState } from "react";
import { allCommands } from "../../call/commands";
import { isMac } from "../../call/page_life";
import { shortcutText } from "../../call/shortcuts";
import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";
import type { TextKey } from "../../text/translate";
import "../../styles/call/dialogs.css";

/** What a key does, in words that do not change with the state. */
const STEADY: Partial<Record<(typeof allCommands)[number]["id"], TextKey>> = {
  microphone: "device.microphone",
  camera: "device.camera",
  share: "command.share",
};

export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { call, t } = useCall();
  const [hasLetters, setLetters] = useState(() => call.choices.read().hasLetterShortcuts);
  const usable = allCommands
    .map((command) => ({
      id: command.id,
      label: t(STEADY[command.id] ?? command.label(call)),
      keys: command.shortcuts
        .filter((one) => one.isChord || hasLetters || !/^[a-z]$/.test(one.key))
        .map((one) => shortcutText(one, isMac())),
    }))
    .filter((row) => row.keys.length > 0);
  return (
    <DialogBox title={t("shortcuts.title")} closeLabel={t("app.close")} onClose={onClose}>
      <dl className="keys">
        {usable.map((row) => (
          <div key={row.id}>
            <dt>{row.label}</dt>
            <dd>
              {row.keys.map((key, index) => (
                <span key={key}>
                  {index > 0 ? ` ${t("shortcuts.or")} ` : null}
                  <kbd>{key}</kbd>
                </span>
              ))}
            </dd>
          </div>
        ))}
        <div>
          <dt>{t("command.regions")}</dt>
          <dd>
            <kbd>F6</kbd>
          </dd>
        </div>
      </dl>
      <label className="check" htmlFor="letters">
        <input
          id="letters"
          type="checkbox"
          checked={hasLetters}
          onChange={(event) => {
            setLetters(event.target.checked);
            call.choices.change({ hasLetterShortcuts: event.target.checked });
          }}
        />
        <span>
          <b>{t("shortcuts.letters")}</b>
          <br />
          <span className="muted small">{t("shortcuts.letters.help")}</span>
        </span>
      </label>
    </DialogBox>
  );
}
