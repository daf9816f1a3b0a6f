// Menus of commands and of choices. On phones they are sheets at the bottom (see call.css).
import type { ReactNode } from "react";
import { Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from "react-aria-components";
import type { IconName } from "../call/icon_name";
import { Icon } from "./icon";
import { useOpenOnRelease } from "./use_open_on_release";

export interface MenuEntry {
  id: string;
  label: string;
  icon?: IconName;
  /** In place of an icon. */
  picture?: ReactNode;
  keys?: string | undefined;
  isDangerous?: boolean;
  onAction: () => void;
}

export interface MenuGroup {
  id: string;
  title?: string;
  /** Present for choices: one of the entries is on. */
  chosen?: string | null;
  entries: readonly MenuEntry[];
}

export interface MenuBoxProps {
  label: string;
  trigger: ReactNode;
  title?: string;
  groups: readonly MenuGroup[];
  placement?: "top" | "top end" | "bottom end" | "bottom" | "start";
  footer?: ReactNode;
}

export function MenuBox({ label, trigger, title, groups, placement = "top", footer }: MenuBoxProps) {
  const shown = groups.filter((group) => group.entries.length > 0);
  const opening = useOpenOnRelease();
  return (
    <MenuTrigger {...opening}>
      {trigger}
      <Popover className="menu-pop" placement={placement} offset={10}>
        {title ? (
          <div className="menu-title" aria-hidden="true">
            <bdi>{title}</bdi>
          </div>
        ) : null}
        <Menu className="menu" aria-label={label}>
          {shown.map((group, index) => (
            <Group key={group.id} group={group} isFirst={index === 0} />
          ))}
        </Menu>
        {footer}
      </Popover>
    </MenuTrigger>
  );
}

/** Unique in the whole menu: browsers call the default microphone and the default speaker alike. */
const keyOf = (group: MenuGroup, entryId: string) => `${group.id} ${entryId}`;

function Group({ group, isFirst }: { group: MenuGroup; isFirst: boolean }) {
  const isChoice = group.chosen !== undefined;
  return (
    <>
      {isFirst ? null : <Separator />}
      <MenuSection
        {...(isChoice
          ? {
              selectionMode: "single" as const,
              selectedKeys: group.chosen === null ? [] : [keyOf(group, group.chosen ?? "")],
            }
          : {})}
        {...(group.title ? {} : { "aria-label": group.id })}
      >
        {group.title ? <Header className="menu-title">{group.title}</Header> : null}
        {group.entries.map((entry) => (
          <MenuItem
            key={entry.id}
            id={keyOf(group, entry.id)}
            className={entry.isDangerous ? "bad" : ""}
            textValue={entry.label}
            onAction={entry.onAction}
          >
            {entry.icon ? <Icon name={entry.icon} /> : entry.picture}
            <span className="grow">{entry.label}</span>
            {isChoice && group.chosen === entry.id ? <Icon name="check" size="sm" /> : null}
            {entry.keys ? <kbd>{entry.keys}</kbd> : null}
          </MenuItem>
        ))}
      </MenuSection>
    </>
  );
}
