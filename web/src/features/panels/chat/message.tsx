// One message: who, when, for whom, what; and what can be done with it, shown on hover, focus and tap.
import { memo, useRef, useState } from "react";
import { splitMentions } from "../../../chat/mentions";
import type { Emoji } from "../../../chat/shapes";
import { Avatar } from "../../../components/avatar";
import { useCall } from "../../../components/call_context";
import { Icon } from "../../../components/icon";
import { useSignalValue } from "../../../components/use_signal";
import type { ChatMessage } from "../../../wire/live.gen";
import { Files } from "./files";
import { Markdown } from "./markdown";
import { MessageActions, Reactions } from "./message_actions";
import { AudienceLine } from "./audience_line";
import { useChatRights } from "./use_chat";

export interface MessageProps {
  message: ChatMessage;
  answered: ChatMessage | undefined;
  mine: readonly Emoji[] | undefined;
  onAnswer: (message: ChatMessage) => void;
  onEdit: (message: ChatMessage) => void;
  onShow: (message: ChatMessage) => void;
}

export const Message = memo(function Message({ message, answered, mine, ...act }: MessageProps) {
  const { call, t, locale } = useCall();
  const { own } = useChatRights();
  const people = useSignalValue(call.people);
  const element = useRef<HTMLElement>(null);
  const [isActive, setActive] = useState(false);
  const isOwn = message.sender.identity === own;
  const sentAt = new Date(message.sent_at);
  const time = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(sentAt);
  const name = isOwn ? t("chat.you") : message.sender.name;
  const person = people.find((one) => one.identity === message.sender.identity);
  const names = message.mentions.map((one) => one.name);
  const rest = () =>
    // A menu of the message is outside of it and has the focus while it is open.
    requestAnimationFrame(() => {
      const focused = document.activeElement;
      const isInside = element.current?.contains(focused) && focused !== element.current;
      if (!isInside && !focused?.closest("[role=menu]")) setActive(element.current === focused);
    });
  return (
    // Hovering and focus only show the buttons.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <article
      ref={element}
      className={["msg", isOwn ? "me" : "", message.audience === "everyone" ? "" : "private"]
        .filter(Boolean)
        .join(" ")}
      data-message-id={message.message_id}
      aria-label={t("chat.message", { name, time })}
      // One stop for each message; what can be done with it comes after it.
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onPointerEnter={() => setActive(true)}
      onPointerLeave={rest}
      onFocus={() => setActive(true)}
      onBlur={rest}
    >
      {isOwn ? null : (
        <Avatar
          name={message.sender.name}
          tone={message.sender.tone}
          url={person?.avatarUrl ?? null}
          isSmall
        />
      )}
      <div className="who">
        <b>
          <bdi>{name}</bdi>
        </b>
        <time className="num" dateTime={message.sent_at}>
          {time}
        </time>
        <AudienceLine message={message} own={own} />
      </div>
      {message.deleted ? (
        <p className="bubble gone">
          {message.deleted.by.identity === message.sender.identity
            ? t("chat.deleted")
            : t("chat.deleted.by", { name: message.deleted.by.name })}
        </p>
      ) : (
        <div className="bubble">
          {message.reply_to ? <Quote answered={answered} own={own} onShow={act.onShow} /> : null}
          <div className="said" dir="auto">
            <Markdown
              text={message.text}
              drawText={
                names.length === 0
                  ? undefined
                  : (text) =>
                      splitMentions(text, names).map((piece, index) =>
                        piece.isMention ? <mark key={index}>{piece.text}</mark> : piece.text,
                      )
              }
            />
          </div>
          <Files ids={message.file_ids} pictures={message.pictures} />
          {message.edited_at ? <span className="tiny muted">{t("chat.edited")}</span> : null}
          {isActive ? <MessageActions message={message} isOwn={isOwn} {...act} /> : null}
        </div>
      )}
      <Reactions message={message} mine={mine} />
    </article>
  );
});

function Quote({
  answered,
  own,
  onShow,
}: {
  answered: ChatMessage | undefined;
  own: string;
  onShow: (message: ChatMessage) => void;
}) {
  const { t } = useCall();
  if (!answered || answered.deleted) return <span className="quote">{t("chat.quote.gone")}</span>;
  return (
    <button type="button" className="quote" onClick={() => onShow(answered)}>
      <b>
        <bdi>{answered.sender.identity === own ? t("chat.you") : answered.sender.name}</bdi>
      </b>
      {answered.audience === "everyone" ? null : <Icon name="lock" size="sm" />}
      <span className="excerpt" dir="auto">
        {answered.text || t("chat.quote.file")}
      </span>
    </button>
  );
}
