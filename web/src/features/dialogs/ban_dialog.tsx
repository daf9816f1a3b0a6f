import { useState } from "react";
import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import { ConfirmDialog } from "../../components/confirm_dialog";
import { Icon } from "../../components/icon";
import "../../styles/call/host.css";

const ALWAYS = 0;
const FOR_ACCOUNTS = [ALWAYS, 1, 7, 30] as const;
/** A network belongs to many: nobody bans it for ever by a slip. */
const FOR_GUESTS = [1, 7, 30] as const;

export default function BanDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { call, t } = useCall();
  const choices = person.isSignedIn ? FOR_ACCOUNTS : FOR_GUESTS;
  const [days, setDays] = useState<number>(choices[0]);
  const [reason, setReason] = useState("");
  const ban = () =>
    void call.command({
      kind: "ban_participant",
      participant_id: person.key,
      reason: reason.trim(),
      ...(days === ALWAYS ? {} : { days }),
    });
  return (
    <ConfirmDialog
      role="dialog"
      title={t("people.ban.title", { name: person.name })}
      confirm={t("people.ban.confirm")}
      onConfirm={ban}
      onClose={onClose}
    >
      <div className="stack">
        <p>{t("people.ban.body", { name: person.name })}</p>
        {person.isSignedIn ? null : (
          <p className="banner notice">
            <Icon name="info" />
            <span>{t("people.ban.guest", { name: person.name })}</span>
          </p>
        )}
        <fieldset className="segments">
          <legend>{t("people.ban.days")}</legend>
          <div className="row">
            {choices.map((choice) => (
              <label key={choice}>
                <input
                  type="radio"
                  name="ban-days"
                  checked={days === choice}
                  onChange={() => setDays(choice)}
                />
                <span>
                  {choice === ALWAYS
                    ? t("people.ban.days.always")
                    : t("people.ban.days.count", { count: choice })}
                </span>
              </label>
            ))}
          </div>
        </fieldset>
        <div className="field">
          <label htmlFor="ban-reason">{t("people.ban.reason")}</label>
          <input
            className="input"
            id="ban-reason"
            value={reason}
            maxLength={200}
            aria-describedby="ban-reason-help"
            onChange={(event) => setReason(event.target.value)}
          />
          <p className="help" id="ban-reason-help">
            {t("people.ban.reason.help")}
          </p>
        </div>
      </div>
    </ConfirmDialog>
  );
}
