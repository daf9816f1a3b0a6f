// A switch with its words: what it does, and what that means.
import { useId } from "react";

export interface SwitchRowProps {
  label: string;
  help?: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}

export function SwitchRow({ label, help, isOn, onChange }: SwitchRowProps) {
  const id = useId();
  return (
    <div className="switch-row">
      <span className="txt">
        <label htmlFor={id}>{label}</label>
        {help ? (
          <span className="help" id={`${id}-help`}>
            {help}
          </span>
        ) : null}
      </span>
      <input
        id={id}
        className="switch"
        type="checkbox"
        role="switch"
        checked={isOn}
        aria-describedby={help ? `${id}-help` : undefined}
        onChange={(event) => onChange(event.target.checked)}
      />
    </div>
  );
}
