import type { PasswordFault } from "../../call/door";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";

export interface PasswordFieldProps {
  value: string;
  fault: PasswordFault | null;
  onChange: (value: string) => void;
}

/** The password of the meeting, not of a person: browsers are not to keep it as one. */
export function PasswordField({ value, fault, onChange }: PasswordFieldProps) {
  const { t } = useCall();
  const isRefused = fault !== null && fault.kind !== "required";
  return (
    <div className="field">
      <label htmlFor="green-password">{t("green.password")}</label>
      <input
        className="input"
        id="green-password"
        type="password"
        autoComplete="off"
        required
        value={value}
        aria-describedby="green-password-help"
        aria-invalid={isRefused}
        onChange={(event) => onChange(event.target.value)}
      />
      {isRefused ? (
        <p className="error" id="green-password-help" role="alert">
          <Icon name="warning" />
          {t(`green.password.${fault.kind === "limited" ? "limited" : "wrong"}`)}
        </p>
      ) : (
        <p className="help" id="green-password-help">
          {t(fault ? "green.password.missing" : "green.password.help")}
        </p>
      )}
    </div>
  );
}
