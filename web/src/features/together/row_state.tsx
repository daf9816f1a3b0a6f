// In the list of people: hand, standing, spotlight and presenting of one person.
import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";

/** `isInLine`: the row stands among the raised hands, where its number is shown already. */
export function RowState({ person, isInLine }: { person: Person; isInLine: boolean }) {
  const { call, t } = useCall();
  const { hands, standing, spotlight, presenting } = call.together;
  const place = useSignalValue(hands.order).get(person.key);
  const word = useSignalValue(standing.others).get(person.key);
  const isInSpotlight = useSignalValue(spotlight.keys).includes(person.key);
  const isPresenter = useSignalValue(presenting.presenter)?.participant_id === person.key;
  const isAsking =
    useSignalValue(call.line.snapshot)?.participants[person.key]?.asks_to_share_at != null &&
    presenting.isOnlyOne.peek();
  return (
    <>
      {place !== undefined && !isInLine ? (
        <span className="badge sun">
          <Icon name="hand" size="sm" isFilled />
          <span aria-hidden="true" className="num">
            {place}
          </span>
          <span className="sr">{t("tile.hand", { count: place })}</span>
        </span>
      ) : null}
      {isAsking ? <span className="badge sun">{t("people.waitsToPresent")}</span> : null}
      {isPresenter ? <span className="badge accent">{t("people.presenter")}</span> : null}
      {isInSpotlight ? (
        <span className="badge outline">
          <Icon name="spotlight" size="sm" isFilled />
          {t("tile.spotlight")}
        </span>
      ) : null}
      {word ? (
        <span className="badge outline">
          <Icon name={word} size="sm" />
          {t(`standing.${word}`)}
        </span>
      ) : null}
    </>
  );
}
