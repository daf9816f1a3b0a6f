// What this person wants to see and hear of the others: reactions, sounds at the door, notices of the system.
import { useState } from "react";
import type { ReactNode } from "react";
import { SMALL_ROOM } from "../../call/together/roster";
import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";
import { useSignalValue } from "../../components/use_signal";
import "../../styles/call/dialogs.css";

const SOUNDS = ["small", "always", "never"] as const;

export default function NoticesDialog({ onClose }: { onClose: () => void }) {
  const { call, t } = useCall();
  const { reactions, attention } = call.together;
  const isShowing = useSignalValue(reactions.isShowing);
  const isReading = useSignalValue(reactions.isReading);
  const sounds = useSignalValue(call.together.doorSounds);
  const isWanted = useSignalValue(attention.isWanted);
  const [permission, setPermission] = useState(readPermission);
  const wantNotices = (wants: boolean) => {
    attention.setWanted(wants);
    if (!wants || permission !== "default") return;
    void Notification.requestPermission().then((answer) => {
      setPermission(answer);
      if (answer !== "granted") attention.setWanted(false);
    });
  };
  const canNotify = permission === "default" || permission === "granted";
  return (
    <DialogBox title={t("notices.title")} closeLabel={t("app.close")} onClose={onClose}>
      <Check
        id="show-reactions"
        isOn={isShowing}
        onChange={(isOn) => reactions.setShowing(isOn)}
        help={t("notices.reactions.help")}
      >
        {t("notices.reactions")}
      </Check>
      <Check
        id="say-reactions"
        isOn={isReading && isShowing}
        isDisabled={!isShowing}
        onChange={(isOn) => reactions.setReading(isOn)}
        help={t("notices.reactions.say.help")}
      >
        {t("notices.reactions.say")}
      </Check>
      <fieldset className="radios">
        <legend>{t("notices.sounds")}</legend>
        {SOUNDS.map((one) => (
          <label key={one} htmlFor={`sounds-${one}`}>
            <input
              id={`sounds-${one}`}
              type="radio"
              name="door-sounds"
              checked={sounds === one}
              onChange={() => call.together.setDoorSounds(one)}
            />
            {t(`notices.sounds.${one}`, { count: SMALL_ROOM })}
          </label>
        ))}
      </fieldset>
      <Check
        id="system-notices"
        isOn={isWanted && canNotify}
        isDisabled={!canNotify}
        onChange={wantNotices}
        help={t(
          permission === "none"
            ? "notices.system.none"
            : permission === "denied"
              ? "notices.system.denied"
              : "notices.system.help",
        )}
      >
        {t("notices.system")}
      </Check>
    </DialogBox>
  );
}

interface CheckProps {
  id: string;
  isOn: boolean;
  isDisabled?: boolean;
  onChange: (isOn: boolean) => void;
  help: string;
  children: ReactNode;
}

function Check({ id, isOn, isDisabled = false, onChange, help, children }: CheckProps) {
  return (
    <label className="check" htmlFor={id}>
      <input
        id={id}
        type="checkbox"
        checked={isOn}
        disabled={isDisabled}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>
        <b>{children}</b>
        <br />
        <span className="muted small">{help}</span>
      </span>
    </label>
  );
}

function readPermission(): NotificationPermission | "none" {
  return "Notification" in window ? Notification.permission : "none";
}
