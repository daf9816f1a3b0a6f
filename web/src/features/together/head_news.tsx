// In the head of the call, where it lies over nobody's name: reactions of people who have no tile on this page, and who
// came or went. Only for the eye; the announcer says the same.
import { firstName } from "../../call/person";
import { namesSaying } from "../../call/together/roster";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";

export function HeadNews() {
  const { call, t } = useCall();
  const bundles = useSignalValue(call.together.reactions.elsewhere);
  const notices = useSignalValue(call.together.door.shown);
  return (
    <div className="head-news" aria-hidden="true">
      {bundles.map(({ reaction, names }) => {
        const [name = ""] = names;
        const more = namesSaying(names.map(firstName), "react.bundle", "react.bundle");
        return (
          <div className="news-note" key={reaction} data-reaction={reaction}>
            <span className="react-dot">
              <Icon name={reaction} size="sm" isFilled />
            </span>
            <span className="cut">
              {names.length > 1 && more ? t(more.key, more.params) : firstName(name)}
            </span>
          </div>
        );
      })}
      {notices.map((notice) => (
        <div className="news-note" key={notice.key}>
          <span className="cut">{t(notice.key, notice.params)}</span>
        </div>
      ))}
    </div>
  );
}
