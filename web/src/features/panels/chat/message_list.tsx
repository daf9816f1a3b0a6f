// The messages, oldest first. It stays at the newest while somebody is there, and keeps its place while older ones come.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { findMessage } from "../../../chat/replica";
import { useCall } from "../../../components/call_context";
import { Mark } from "../../../components/brand";
import { Icon } from "../../../components/icon";
import { useSignalValue } from "../../../components/use_signal";
import type { ChatMessage } from "../../../wire/live.gen";
import { Message } from "./message";
import { Sending } from "./sending";
import { useChatRights, useIsPageVisible } from "./use_chat";

/** Nearer to an end than this counts as being there. */
const NEAR_PX = 60;

export interface MessageListProps {
  jump: string | null;
  onJumped: () => void;
  onAnswer: (message: ChatMessage) => void;
  onEdit: (message: ChatMessage) => void;
  onShow: (message: ChatMessage) => void;
}

export function MessageList({ jump, onJumped, ...act }: MessageListProps) {
  const { call, t, locale } = useCall();
  const replica = useSignalValue(call.chat.replica);
  const hasFailed = useSignalValue(call.chat.hasFailed);
  const waiting = useSignalValue(call.chat.outbox.waiting);
  const isLoadingOlder = useSignalValue(call.chat.isLoadingOlder);
  const isVisible = useIsPageVisible();
  const { own } = useChatRights();
  const scroller = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const [newFrom, setNewFrom] = useState<number | null>(null);
  const before = useRef({ first: -1, height: 0 });
  const messages = replica?.messages ?? [];
  const last = messages.at(-1);
  const first = messages[0]?.seq ?? -1;

  // Where "New" stands is settled once, when the panel opens; reading on does not move it.
  if (replica && newFrom === null) setNewFrom(call.chat.readSeq.value);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const grown = element.scrollHeight - before.current.height;
    if (before.current.first > first && first >= 0 && !isAtEnd) element.scrollTop += grown;
    else if (isAtEnd) element.scrollTop = element.scrollHeight;
    before.current = { first, height: element.scrollHeight };
  }, [first, last, messages.length, waiting, isAtEnd]);

  // Pictures and reactions make it longer after it was drawn.
  useEffect(() => {
    const element = scroller.current;
    const content = element?.firstElementChild;
    if (!element || !content) return;
    const watch = new ResizeObserver(() => {
      if (isAtEnd) element.scrollTop = element.scrollHeight;
      before.current.height = element.scrollHeight;
    });
    watch.observe(content);
    watch.observe(element);
    return () => watch.disconnect();
  }, [isAtEnd]);

  useEffect(() => {
    if (isAtEnd && isVisible && replica) call.chat.markRead();
  }, [call, isAtEnd, isVisible, replica]);

  useEffect(() => {
    if (jump === null) return;
    const target = scroller.current?.querySelector<HTMLElement>(`[data-message-id="${CSS.escape(jump)}"]`);
    target?.scrollIntoView({ block: "center" });
    target?.focus();
    onJumped();
  }, [jump, onJumped]);

  const isEmpty = replica !== null && messages.length === 0 && waiting.length === 0;
  const isNew = (one: ChatMessage) => newFrom !== null && one.seq > newFrom && one.sender.identity !== own;
  const firstNew = messages.find(isNew)?.message_id;
  return (
    <div className="log-frame">
      <div
        ref={scroller}
        className="scroll"
        role="log"
        // New ones are announced apart, by who wrote them.
        aria-live="off"
        aria-label={t("chat.messages")}
        aria-busy={replica === null && !hasFailed}
        // A scrolling region must be reachable by the keyboard.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR_PX);
          if (scrollTop < NEAR_PX * 4) void call.chat.loadOlder();
        }}
      >
        <div className="log">
          {replica === null && !hasFailed ? <p className="state muted">{t("chat.loading")}</p> : null}
          {hasFailed ? (
            <div className="state">
              <p className="muted">{t("chat.failed")}</p>
              <button type="button" className="btn quiet sm" onClick={() => void call.chat.reload()}>
                {t("device.tryAgain")}
              </button>
            </div>
          ) : null}
          {isEmpty ? (
            <div className="state">
              <Mark hasFreeSeat />
              <h3>{t("chat.empty")}</h3>
              <p className="muted">{t("chat.empty.body")}</p>
            </div>
          ) : null}
          {isLoadingOlder ? <p className="state tiny muted">{t("chat.loadingOlder")}</p> : null}
          {messages.map((message, index) => (
            <div className="entry" key={message.message_id}>
              <DayLine message={message} previous={messages[index - 1]} locale={locale} />
              {message.message_id === firstNew ? (
                <div className="divider" role="separator" aria-label={t("chat.new")}>
                  {t("chat.new")}
                </div>
              ) : null}
              <Message
                message={message}
                answered={message.reply_to && replica ? findMessage(replica, message.reply_to) : undefined}
                mine={replica?.mine.get(message.message_id)}
                {...act}
              />
            </div>
          ))}
          {waiting.map((one) => (
            <Sending key={one.clientId} outgoing={one} />
          ))}
        </div>
      </div>
      {isAtEnd ? null : (
        <button
          type="button"
          className="btn sm to-end"
          onClick={() => {
            setAtEnd(true);
            scroller.current?.focus({ preventScroll: true });
          }}
        >
          <Icon name="caret-down" size="sm" />
          {t("chat.toEnd")}
        </button>
      )}
    </div>
  );
}

function DayLine({
  message,
  previous,
  locale,
}: {
  message: ChatMessage;
  previous: ChatMessage | undefined;
  locale: string;
}) {
  const day = (one: ChatMessage) => new Date(one.sent_at).toDateString();
  const isToday = day(message) === new Date().toDateString();
  if (previous ? day(previous) === day(message) : isToday) return null;
  const words = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
  return <div className="day tiny muted">{words.format(new Date(message.sent_at))}</div>;
}
