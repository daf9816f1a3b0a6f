import { firstName } from "../../call/person";
import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { roleWord } from "../role_badge";

export interface PlateProps {
  person: Person;
  isSpeaking: boolean;
  isPinned: boolean;
  isPresenting: boolean;
  /** Over somebody else's picture there is room for one word. */
  isFloating: boolean;
}

/** Name and state at the corner of a tile. An open, silent microphone has no sign: it is the usual case. */
export function Plate({ person, isSpeaking, isPinned, isPresenting, isFloating }: PlateProps) {
  const { t } = useCall();
  const isMuted = person.microphone === "off" || (person.microphone === "none" && person.role !== null);
  return (
    <div className="plate">
      {/* Over a shared screen there is room for one sign and the words. */}
      {isPresenting && !isSpeaking && !isMuted ? <Icon name="share" /> : null}
      {person.screen && !isPresenting ? (
        <>
          <Icon name="share" />
          <span className="sr">{t("tile.sharing")}</span>
        </>
      ) : null}
      {isPinned ? (
        <>
          <Icon name="pin" isFilled />
          <span className="sr">{t("tile.pinned")}</span>
        </>
      ) : null}
      {isSpeaking ? (
        <span className="bars" role="img" aria-label={t("tile.speaking")}>
          <i />
          <i />
          <i />
        </span>
      ) : null}
      {isMuted ? (
        <span className="off-mic">
          <Icon name="microphone-off" />
          <span className="sr">{t("tile.muted")}</span>
        </span>
      ) : null}
      <bdi className="name">
        {isPresenting
          ? t("tile.presents", { name: firstName(person.name) })
          : person.isYou
            ? t(isFloating ? "call.you.short" : "call.you", { name: person.name })
            : person.name}
      </bdi>
      {isFloating || (isPresenting && person.isSignedIn) ? null : <Tag person={person} />}
    </div>
  );
}

function Tag({ person }: { person: Person }) {
  const { t } = useCall();
  const word = roleWord(person);
  if (!word) return null;
  // Whose meeting it is matters in lists; in the call they are a host.
  const key = word.key === "tile.owner" ? "tile.host" : word.key;
  return (
    <span
      className={`tag${key === "tile.guest" ? " guest" : ""}`}
      title={key === "tile.guest" ? t("tile.guest.long") : undefined}
    >
      {t(key)}
    </span>
  );
}
