import { Button } from "react-aria-components";
import type { Person } from "../../call/person";
import { Avatar } from "../../components/avatar";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { MenuBox } from "../../components/menu";
import { RowState } from "../together/row_state";
import { roleWord } from "../role_badge";
import { lastedText } from "../use_now";
import { usePersonMenu } from "./use_person_menu";
import type { Asking, PersonMenu } from "./use_person_menu";

export interface PersonRowProps {
  person: Person;
  isSpeaking: boolean;
  isPinned: boolean;
  /** In the line of those who want to speak. */
  hand?: { at: string; place: number; now_ms: number };
  onAsk: (asking: Asking) => void;
}

export function PersonRow({ person, isSpeaking, isPinned, hand, onAsk }: PersonRowProps) {
  const { t } = useCall();
  const menu = usePersonMenu(person, isPinned, onAsk);
  return (
    <li className="person">
      <Avatar name={person.name} tone={person.tone} url={person.avatarUrl} />
      <span className="txt">
        <b>
          <bdi>{person.isYou ? t("call.you", { name: person.name }) : person.name}</bdi>
        </b>
        <span className="sub">
          <RoleBadge person={person} />
          <RowState person={person} isInLine={hand !== undefined} />
          {hand ? lastedText(t, hand.at, hand.now_ms) : <Doing person={person} isSpeaking={isSpeaking} />}
        </span>
      </span>
      {hand ? (
        <span className="badge sun num">
          <Icon name="hand" isFilled />
          <span aria-hidden="true">{hand.place}</span>
          <span className="sr">{t("people.hands.place", { count: hand.place })}</span>
        </span>
      ) : (
        <MicrophoneState person={person} menu={menu} />
      )}
      <MenuBox
        label={t("people.more", { name: person.name })}
        title={person.name}
        // Beside the row there is the whole height for what a host can do.
        placement="start"
        groups={menu.groups}
        trigger={
          <Button className="icon-btn" aria-label={t("people.more", { name: person.name })}>
            <Icon name="more" />
          </Button>
        }
      />
    </li>
  );
}

function Doing({ person, isSpeaking }: { person: Person; isSpeaking: boolean }) {
  const { t } = useCall();
  const isMuted = person.microphone !== "on";
  if (person.isReconnecting) return t("tile.reconnecting");
  if (isSpeaking && !isMuted) return t("tile.speaking");
  return isMuted ? t(person.microphone === "none" ? "people.mic.none" : "people.mic.off") : null;
}

/** A sign for most; for moderators the quickest way to quieten somebody, or to ask for a word. */
function MicrophoneState({ person, menu }: { person: Person; menu: PersonMenu }) {
  const { t } = useCall();
  const isMuted = person.microphone !== "on";
  const icon = <Icon name={isMuted ? "microphone-off" : "microphone"} />;
  const { name } = person;
  if (menu.powers.has("mute")) {
    return (
      <button
        className="icon-btn"
        type="button"
        aria-label={t("people.mute.name", { name })}
        onClick={menu.mute}
      >
        {icon}
      </button>
    );
  }
  if (menu.powers.has("ask_to_unmute")) {
    return (
      <button
        className="icon-btn muted-mic"
        type="button"
        aria-label={t("people.askToUnmute.name", { name })}
        onClick={menu.askToUnmute}
      >
        {icon}
      </button>
    );
  }
  return (
    <span className={`mic-state${isMuted ? " muted-mic" : ""}`}>
      {icon}
      <span className="sr">{t(isMuted ? "people.mic.off" : "people.mic.on")}</span>
    </span>
  );
}

function RoleBadge({ person }: { person: Person }) {
  const { t } = useCall();
  const word = roleWord(person);
  return word ? <span className={`badge ${word.leads ? "accent" : "outline"}`}>{t(word.key)}</span> : null;
}
