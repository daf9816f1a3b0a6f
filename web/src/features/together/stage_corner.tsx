// In the corner of the stage: reactions of people who have no tile on this page, and who came or went. Only for the
// eye; the announcer says the same.
import { firstName } from "../../call/person";
import { namesSaying } from "../../call/together/roster";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";

export function StageCorner() {
  const { call, t } = useCall();
  const bundles = useSignalValue(call.together.reactions.elsewhere);
  const notices = useSignalValue(call.together.door.shown);
  if (bundles.length === 0 && notices.length === 0) return null;
  return (
    <div className="stage-corner" aria-hidden="true">
      {bundles.map(({ reaction, names }) => {
        const [name = ""] = names;
        const more = namesSaying(names.map(firstName), "react.bundle", "react.bundle");
        return (
          <div className="corner-note" key={reaction} data-reaction={reaction}>
            <span className="react-dot">
              <Icon name={reaction} size="sm" isFilled />
            </span>
            {names.length > 1 && more ? t(more.key, more.params) : firstName(name)}
          </div>
        );
      })}
      {notices.map((notice) => (
        <div className="corner-note" key={notice.key}>
          {t(notice.key, notice.params)}
        </div>
      ))}
    </div>
  );
}
