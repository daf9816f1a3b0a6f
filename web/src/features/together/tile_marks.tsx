// What lies over a tile: the raised hand with its place, away or on the phone, the spotlight, and a reaction.
import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";

export function TileMarks({ person }: { person: Person }) {
  const { call, t } = useCall();
  const { hands, standing, spotlight, reactions } = call.together;
  const place = useSignalValue(hands.order).get(person.key);
  const word = useSignalValue(standing.others).get(person.key);
  const isInSpotlight = useSignalValue(spotlight.keys).includes(person.key);
  const reaction = useSignalValue(reactions.shown).get(person.key);
  return (
    <>
      {place !== undefined || word || isInSpotlight ? (
        <div className="marks">
          {place !== undefined ? (
            <div className="mark hand">
              <Icon name="hand" size="sm" isFilled />
              <span aria-hidden="true" className="num">
                {place}
              </span>
              <span className="sr">{t("tile.hand", { count: place })}</span>
            </div>
          ) : null}
          {isInSpotlight ? (
            <div className="mark">
              <Icon name="spotlight" size="sm" isFilled />
              <span className="sr">{t("tile.spotlight")}</span>
            </div>
          ) : null}
          {word ? (
            <div className="mark standing">
              <Icon name={word} size="sm" />
              <span className="word">{t(`standing.${word}`)}</span>
            </div>
          ) : null}
        </div>
      ) : null}
      {reaction ? (
        // The announcer says it, several at once in one sentence.
        <div className="react" key={reaction.id} data-reaction={reaction.reaction} aria-hidden="true">
          <Icon name={reaction.reaction} isFilled />
        </div>
      ) : null}
    </>
  );
}
