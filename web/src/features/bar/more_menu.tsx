// Everything that is not on the bar; on small screens also what the carets and the head hold elsewhere.
import { useSyncExternalStore } from "react";
import { Button } from "react-aria-components";
import { commands, give } from "../../call/commands";
import type { CommandRecord } from "../../call/commands";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { MenuBox } from "../../components/menu";
import type { MenuEntry, MenuGroup } from "../../components/menu";
import { useSignalValue } from "../../components/use_signal";
import { useTogetherGroups } from "../together/more_groups";
import { keysOf } from "./control";
import { useDeviceGroup, useQualityGroup } from "./device_menus";

/** As in call.css: below this the carets and the View button are gone. */
const WITHOUT_CARETS = "(max-width: 53.75em)";
const PHONE = "(max-width: 40em)";

export function MoreMenu() {
  const { call, t } = useCall();
  useSignalValue(call.local.screen.shared);
  useSignalValue(call.line.you);
  const mode = useSignalValue(call.stage.mode);
  const isPhone = useMedia(PHONE);
  const hasNoCarets = useMedia(WITHOUT_CARETS);
  const deviceGroups = [
    useDeviceGroup("microphone"),
    useDeviceGroup("speaker"),
    useDeviceGroup("camera"),
    useQualityGroup(),
  ];
  const togetherGroups = useTogetherGroups(isPhone);
  const hasLetters = call.choices.read().hasLetterShortcuts;

  const entry = (command: CommandRecord): MenuEntry[] =>
    command.isAvailable(call)
      ? [
          {
            id: command.id,
            label: t(command.label(call)),
            icon: command.icon(call),
            keys: isPhone ? undefined : keysOf(command, hasLetters),
            onAction: () => give(command, call),
          },
        ]
      : [];
  const fullscreen: MenuEntry[] = document.fullscreenEnabled
    ? [
        {
          id: "fullscreen",
          label: t("command.fullscreen"),
          icon: "fullscreen",
          onAction: () => void toggleFullscreen(),
        },
      ]
    : [];
  const groups: MenuGroup[] = [
    { id: t("call.view"), chosen: mode, entries: [...entry(commands.grid), ...entry(commands.speaker)] },
    {
      id: t("command.more"),
      entries: [
        ...(isPhone ? entry(commands.share) : []),
        ...entry(commands.flip),
        ...(isPhone ? entry(commands.info) : []),
        ...entry(commands.connection),
        ...(isPhone ? entry(commands.host) : []),
        ...fullscreen,
        ...entry(commands.shortcuts),
        ...(call.order.blockOfDoing("rename_self") === null
          ? [
              {
                id: "rename",
                label: t("people.rename"),
                icon: "rename" as const,
                onAction: () => call.openDialog("rename"),
              },
            ]
          : []),
      ],
    },
    ...togetherGroups,
    ...(hasNoCarets ? deviceGroups : []),
  ];
  return (
    <MenuBox
      label={t("command.more")}
      groups={groups}
      trigger={
        <Button className="ctl" aria-label={t("command.more")}>
          <span className="pad">
            <Icon name="more" />
          </span>
          <span className="cap" aria-hidden="true">
            {t("command.more")}
          </span>
        </Button>
      }
    />
  );
}

async function toggleFullscreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen();
}

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (notify) => {
      const list = window.matchMedia(query);
      list.addEventListener("change", notify);
      return () => list.removeEventListener("change", notify);
    },
    () => window.matchMedia(query).matches,
  );
}
