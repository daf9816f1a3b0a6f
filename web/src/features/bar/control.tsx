// One control of the bar: a pad with an icon, a word below it, a tooltip with its keys.
import { give } from "../../call/commands";
import type { CommandRecord } from "../../call/commands";
import { isMac } from "../../call/page_life";
import { shortcutText } from "../../call/shortcuts";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { Tip } from "../../components/tip";

export interface ControlProps {
  command: CommandRecord;
  isFilled?: boolean;
  opensPanel?: boolean;
  isLeave?: boolean;
  /** How many things wait behind it, and the words for that. */
  waiting?: { count: number; label: string } | undefined;
}

/** Rendered again by its parent whenever what the command reads has changed. */
export function Control({ command, isFilled, opensPanel = false, isLeave = false, waiting }: ControlProps) {
  const { call, t } = useCall();
  const label = waiting?.label ?? t(command.label(call));
  const reason = command.blocked?.(call) ?? null;
  const caption = t((command.caption ?? command.label)(call));
  const isOn = command.isOn?.(call);
  const isOff = reason === null && (command.isOff?.(call) ?? false);
  const state = opensPanel
    ? { "aria-expanded": isOn ?? false }
    : isOn === undefined
      ? {}
      : { "aria-pressed": isOn };
  return (
    <Tip text={reason ? t(reason) : label} keys={keysOf(command, call.choices.read().hasLetterShortcuts)}>
      <button
        type="button"
        className={["ctl", isOff ? "off" : "", isLeave ? "leave" : ""].filter(Boolean).join(" ")}
        aria-label={label}
        aria-disabled={reason ? true : undefined}
        {...state}
        onClick={() => give(command, call)}
      >
        <span className="pad">
          <Icon name={command.icon(call)} isFilled={isFilled ?? isOn ?? false} />
        </span>
        <span className="cap" aria-hidden="true">
          {caption}
        </span>{" "}
        {waiting ? (
          <span className="count sun" aria-hidden="true">
            {waiting.count}
          </span>
        ) : null}
      </button>
    </Tip>
  );
}

/** The first shortcut that works now, as text. */
export function keysOf(command: CommandRecord, hasLetters: boolean): string | undefined {
  const usable = command.shortcuts.find((one) => one.isChord || hasLetters || !/^[a-z]$/.test(one.key));
  return usable && shortcutText(usable, isMac());
}
