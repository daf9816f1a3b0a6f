// A field that opens a list: used for devices.
import type { ReactNode } from "react";
import { Button, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";
import type { IconName } from "../call/icon_name";
import { Icon } from "./icon";

export interface ChoiceFieldProps {
  label: string;
  icon: IconName;
  value: string;
  choices: readonly { id: string; label: string }[];
  /** Shown when there is nothing to choose from. */
  none: string;
  onChoose: (id: string) => void;
  children?: ReactNode;
}

export function ChoiceField({ label, icon, value, choices, none, onChoose, children }: ChoiceFieldProps) {
  const isEmpty = choices.length === 0;
  return (
    <Select
      className="choice-field"
      aria-label={label}
      isDisabled={isEmpty}
      placeholder={none}
      value={isEmpty ? null : value}
      onChange={(key) => {
        if (key !== null) onChoose(String(key));
      }}
    >
      <Button className="select">
        <Icon name={icon} />
        <SelectValue className="grow" />
        {children}
        <Icon name="caret-down" size="sm" />
      </Button>
      <Popover className="menu-pop list-pop" offset={6}>
        <ListBox className="menu">
          {choices.map((choice) => (
            <ListBoxItem key={choice.id} id={choice.id} textValue={choice.label}>
              {({ isSelected }) => (
                <>
                  <span className="grow">{choice.label}</span>
                  {isSelected ? <Icon name="check" size="sm" /> : null}
                </>
              )}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </Select>
  );
}
