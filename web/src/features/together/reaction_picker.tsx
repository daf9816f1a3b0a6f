// Six reactions in two rows. It closes after the choice and opens at the last one, so that applause goes on by
// pressing the same key.
import type { KeyboardEvent, RefObject } from "react";
import { Dialog, Popover } from "react-aria-components";
import { REACTIONS } from "../../call/together/reactions";
import { nextCell } from "../../call/together/picker_keys";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";

export function ReactionPicker({ anchor }: { anchor: RefObject<Element | null> }) {
  const { call, t } = useCall();
  const { reactions } = call.together;
  const isOpen = useSignalValue(reactions.isPickerOpen);
  return (
    <Popover
      className="menu-pop react-pop"
      placement="top"
      offset={10}
      triggerRef={anchor}
      isOpen={isOpen}
      onOpenChange={(isToOpen) => reactions.setPickerOpen(isToOpen)}
    >
      <Dialog className="react-grid" aria-label={t("react.pick")}>
        {REACTIONS.map((reaction) => (
          <button
            key={reaction}
            type="button"
            className="react-btn"
            // The focus belongs into a picker that was just opened by the person.
            // eslint-disable-next-line jsx-a11y/no-autofocus
            autoFocus={reaction === reactions.last}
            onKeyDown={walk}
            onClick={() => {
              reactions.send(reaction);
              reactions.setPickerOpen(false);
            }}
          >
            <Icon name={reaction} isFilled />
            <span>{t(`reaction.${reaction}`)}</span>
          </button>
        ))}
      </Dialog>
    </Popover>
  );
}

function walk(event: KeyboardEvent<HTMLButtonElement>): void {
  const buttons = [...(event.currentTarget.parentElement?.querySelectorAll("button") ?? [])];
  const isRightToLeft = getComputedStyle(event.currentTarget).direction === "rtl";
  const next = nextCell(buttons.indexOf(event.currentTarget), event.key, buttons.length, isRightToLeft);
  if (next === null) return;
  event.preventDefault();
  buttons[next]?.focus();
}
