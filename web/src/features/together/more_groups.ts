// What being together adds to the More menu: one's status, the list of speaking times, notices and sounds.
import { commands } from "../../call/commands";
import { useCall } from "../../components/call_context";
import type { MenuGroup } from "../../components/menu";
import { useSignalValue } from "../../components/use_signal";

const STANDINGS = ["here", "away", "on_phone"] as const;

export function useTogetherGroups(isPhone: boolean): MenuGroup[] {
  const { call, t } = useCall();
  const { standing, reactions } = call.together;
  const own = useSignalValue(standing.own);
  const mayReact = useSignalValue(reactions.isAllowed);
  useSignalValue(call.line.snapshot);
  const { react } = commands;
  return [
    {
      id: "react",
      entries:
        isPhone && mayReact
          ? [
              {
                id: "react",
                label: t("command.react"),
                icon: "react",
                // When the menu has given the focus back.
                onAction: () => window.setTimeout(() => react.perform(call), 0),
              },
            ]
          : [],
    },
    {
      id: "standing",
      title: t("standing.title"),
      chosen: own,
      entries: STANDINGS.map((one) => ({
        id: one,
        label: t(`standing.${one}`),
        icon: one,
        onAction: () => standing.set(one),
      })),
    },
    {
      id: "together",
      entries: [
        ...(call.together.isModerator
          ? [
              {
                id: "speaking_time",
                label: t("speakingTime.command"),
                icon: "clock" as const,
                onAction: () => call.together.openDialog("speaking_time"),
              },
            ]
          : []),
        {
          id: "notices",
          label: t("notices.command"),
          icon: "notices",
          onAction: () => call.together.openDialog("notices"),
        },
      ],
    },
  ];
}
