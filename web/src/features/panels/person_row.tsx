import { Button } from "react-aria-components";
import { isHostRole } from "../../call/person";
import type { Person } from "../../call/person";
import { Avatar } from "../../components/avatar";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { MenuBox } from "../../components/menu";
import type { MenuGroup } from "../../components/menu";

export interface PersonRowProps {
  person: Person;
  isSpeaking: boolean;
  isPinned: boolean;
  onRemove: () => void;
}

export function PersonRow({ person, isSpeaking, isPinned, onRemove }: PersonRowProps) {
  const { call, t } = useCall();
  const isMuted = person.microphone !== "on";
  const groups: MenuGroup[] = [
    {
      id: t("people.more", { name: person.name }),
      entries: [
        {
          id: "pin",
          label: t(isPinned ? "people.unpin" : "people.pin"),
          icon: isPinned ? "unpin" : "pin",
          onAction: () => call.pin(person),
        },
        ...(person.isYou
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
    {
      id: t("people.remove"),
      entries:
        call.isHost && !person.isYou && person.role !== null
          ? [
              {
                id: "remove",
                label: t("people.remove"),
                icon: "remove",
                isDangerous: true,
                onAction: onRemove,
              },
            ]
          : [],
    },
  ];
  return (
    <li className="person">
      <Avatar name={person.name} tone={person.tone} url={person.avatarUrl} />
      <span className="txt">
        <b>{person.isYou ? t("call.you", { name: person.name }) : person.name}</b>
        <span className="sub">
          <RoleBadge person={person} />
          {person.isReconnecting
            ? t("tile.reconnecting")
            : isSpeaking && !isMuted
              ? t("tile.speaking")
              : isMuted
                ? t(person.microphone === "none" ? "people.mic.none" : "people.mic.off")
                : null}
        </span>
      </span>
      <span className={`mic-state${isMuted ? " muted-mic" : ""}`}>
        <Icon name={isMuted ? "microphone-off" : "microphone"} />
        <span className="sr">{t(isMuted ? "people.mic.off" : "people.mic.on")}</span>
      </span>
      <MenuBox
        label={t("people.more", { name: person.name })}
        title={person.name}
        placement="bottom end"
        groups={groups}
        trigger={
          <Button className="icon-btn" aria-label={t("people.more", { name: person.name })}>
            <Icon name="more" />
          </Button>
        }
      />
    </li>
  );
}

function RoleBadge({ person }: { person: Person }) {
  const { t } = useCall();
  if (isHostRole(person.role)) return <span className="badge accent">{t("tile.host")}</span>;
  if (person.role === null) return <span className="badge outline">{t("tile.byKey")}</span>;
  return person.isSignedIn ? null : <span className="badge outline">{t("tile.guest")}</span>;
}
