// When more than one screen is shared: whose there are, and which one is shown.
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";

export function ScreenChoice() {
  const { call, t } = useCall();
  const sharers = useSignalValue(call.stage.screens.sharers);
  const shown = useSignalValue(call.stage.screens.shown);
  if (sharers.length < 2) return null;
  return (
    <div className="screen-choice" role="group" aria-labelledby="screen-choice-title">
      <span className="what" id="screen-choice-title">
        <Icon name="share" size="sm" />
        {t("call.screens", { count: sharers.length })}
      </span>
      <div className="of">
        {sharers.map((person) => (
          <button
            key={person.key}
            type="button"
            className="btn sm"
            aria-pressed={person.key === shown?.key}
            onClick={() => call.showScreen(person)}
          >
            <bdi className="name">{person.name}</bdi>
          </button>
        ))}
      </div>
    </div>
  );
}
