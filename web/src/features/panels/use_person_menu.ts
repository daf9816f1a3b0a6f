// What one can do about somebody, as the groups of their menu.
import { ROLE_GIVEN, powersOver } from "../../call/powers";
import type { Power } from "../../call/powers";
import type { Person } from "../../call/person";
import type { IconName } from "../../call/icon_name";
import { useCall } from "../../components/call_context";
import type { MenuEntry, MenuGroup } from "../../components/menu";
import { useSignalValue } from "../../components/use_signal";
import type { TextKey } from "../../text/translate";
import type { Command } from "../../wire/live.gen";
import { usePresentingEntries } from "../together/person_entries";

/** What is asked before it is done. */
export interface Asking {
  kind: "remove" | "ban" | "rename";
  person: Person;
}

const ROLE_WORDS: Readonly<Record<keyof typeof ROLE_GIVEN, { label: TextKey; icon: IconName }>> = {
  make_host: { label: "people.makeHost", icon: "shield" },
  make_co_host: { label: "people.makeCoHost", icon: "crown" },
  make_member: { label: "people.makeMember", icon: "person" },
  make_viewer: { label: "people.makeViewer", icon: "eye" },
};

export interface PersonMenu {
  groups: MenuGroup[];
  powers: ReadonlySet<Power>;
  mute: () => void;
  askToUnmute: () => void;
}

export function usePersonMenu(
  person: Person,
  isPinned: boolean,
  onAsk: (asking: Asking) => void,
): PersonMenu {
  const { call, t } = useCall();
  const snapshot = useSignalValue(call.line.snapshot);
  const you = useSignalValue(call.line.you);
  const self = you ? snapshot?.participants[you.participant_id] : undefined;
  const them = snapshot?.participants[person.key];
  const powers: ReadonlySet<Power> = self && them ? powersOver(self, them, person) : new Set<Power>();
  const presentingEntries = usePresentingEntries(person);
  const participant_id = person.key;
  const isInSpotlight = useSignalValue(call.together.spotlight.keys).includes(participant_id);

  const entry = (power: Power, label: TextKey, icon: IconName, act: Command | (() => void)): MenuEntry[] =>
    powers.has(power)
      ? [
          {
            id: power,
            label: t(label),
            icon,
            isDangerous: power === "remove" || power === "ban",
            onAction: typeof act === "function" ? act : () => void call.command(act),
          },
        ]
      : [];

  const params = { name: person.name };
  const mute = (): void => {
    void call.command({ kind: "mute_participant", participant_id, source: "microphone" }).then((isDone) => {
      if (!isDone) return;
      // Said when it has happened: nobody can take it back for them.
      const title = { key: "people.muted", params } as const;
      call.toasts.show({ icon: "microphone-off", title, body: { key: "people.muted.body" } });
    });
  };
  const askToUnmute = (): void => {
    void call.command({ kind: "ask_to_unmute", participant_id }).then((isDone) => {
      if (isDone) call.toasts.show({ icon: "microphone", title: { key: "people.asked", params } });
    });
  };
  const roles = (Object.keys(ROLE_GIVEN) as (keyof typeof ROLE_GIVEN)[]).flatMap((power) =>
    entry(power, ROLE_WORDS[power].label, ROLE_WORDS[power].icon, {
      kind: "set_role",
      participant_id,
      // The room makes of a member without an account a guest.
      role: ROLE_GIVEN[power],
    }),
  );
  const groups: MenuGroup[] = [
    {
      id: t("people.more", { name: person.name }),
      entries: [
        ...entry("mute", "people.mute", "microphone-off", mute),
        ...entry("ask_to_unmute", "people.askToUnmute", "microphone", askToUnmute),
        ...entry("stop_camera", "people.stopCamera", "camera-off", {
          kind: "mute_participant",
          participant_id,
          source: "camera",
        }),
        ...entry("stop_sharing", "people.stopSharing", "share", {
          kind: "mute_participant",
          participant_id,
          source: "screen_share",
        }),
        ...entry("lower_hand", "people.lowerHand", "hand", { kind: "lower_hand_of", participant_id }),
        {
          id: "pin",
          label: t(isPinned ? "people.unpin" : "people.pin"),
          icon: isPinned ? "unpin" : "pin",
          onAction: () => call.pin(person),
        },
        ...(!person.isYou && person.role !== null && call.order.blockOfDoing("chat_send_private") === null
          ? [
              {
                id: "private",
                label: t("people.private"),
                icon: "chat" as const,
                onAction: () => call.writeTo(person),
              },
            ]
          : []),
        ...entry(
          "spotlight",
          isInSpotlight ? "people.spotlight.off" : "people.spotlight",
          "speaker-view",
          () => call.together.spotlight.toggle(participant_id),
        ),
        ...presentingEntries,
        ...entry("rename", "people.renameOther", "rename", () => onAsk({ kind: "rename", person })),
        ...(person.isYou && call.order.blockOfDoing("rename_self") === null
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
    { id: t("people.makeMember"), entries: roles },
    {
      id: t("people.remove"),
      entries: [
        ...entry("remove", "people.remove", "remove", () => onAsk({ kind: "remove", person })),
        ...entry("ban", "people.ban", "ban", () => onAsk({ kind: "ban", person })),
      ],
    },
  ];
  return { groups, powers, mute, askToUnmute };
}
