// Opens the chat, and says how much in it is new: on the bar, and on phones in the head.
import { commands } from "../../../call/commands";
import { useCall } from "../../../components/call_context";
import { Icon } from "../../../components/icon";
import { Tip } from "../../../components/tip";
import { useSignalValue } from "../../../components/use_signal";
import { keysOf } from "../../bar/control";

const MOST = 99;

export function ChatButton({ kind }: { kind: "bar" | "head" }) {
  const { call, t } = useCall();
  const isOpen = useSignalValue(call.panel) === "chat";
  const unread = useSignalValue(call.chat.unreadCount);
  const label = unread > 0 ? t("chat.button.unread", { count: unread }) : t("command.chat");
  const count =
    unread > 0 ? (
      <span className="count num" aria-hidden="true">
        {unread > MOST ? `${MOST}+` : unread}
      </span>
    ) : null;
  const press = () => commands.chat.perform(call);
  if (kind === "head") {
    return (
      <button
        type="button"
        className="icon-btn phone-only counted"
        aria-label={label}
        aria-expanded={isOpen}
        onClick={press}
      >
        <Icon name="chat" />
        {count}
      </button>
    );
  }
  return (
    <Tip text={label} keys={keysOf(commands.chat, call.choices.read().hasLetterShortcuts)}>
      <button type="button" className="ctl" aria-label={label} aria-expanded={isOpen} onClick={press}>
        <span className="pad counted">
          <Icon name="chat" isFilled={isOpen} />
          {count}
        </span>
        <span className="cap" aria-hidden="true">
          {t("command.chat")}
        </span>
      </button>
    </Tip>
  );
}
