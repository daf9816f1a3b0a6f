// Looking for a text in all that one may read.
import { useEffect, useRef, useState } from "react";
import { useCall } from "../../../components/call_context";
import { Icon } from "../../../components/icon";
import type { ChatMessage } from "../../../wire/live.gen";

const WAIT_MS = 300;

type Result = { kind: "found"; messages: readonly ChatMessage[]; hasMore: boolean } | { kind: "failed" };

export interface SearchProps {
  onShow: (message: ChatMessage) => void;
  onClose: () => void;
}

export function Search({ onShow, onClose }: SearchProps) {
  const { call, t, locale } = useCall();
  const [text, setText] = useState("");
  const [result, setResult] = useState<Result | null>(null);
  const wanted = text.trim();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    if (!wanted) return;
    let isOld = false;
    const stop = call.timers.after(WAIT_MS, () => {
      call.chat.search(wanted, null).then(
        ({ messages, has_more }) => {
          if (!isOld) setResult({ kind: "found", messages, hasMore: has_more });
        },
        () => {
          if (!isOld) setResult({ kind: "failed" });
        },
      );
    });
    return () => {
      isOld = true;
      stop();
    };
  }, [call, wanted]);
  const more = (shown: readonly ChatMessage[]) => {
    const last = shown.at(-1);
    if (last)
      void call.chat.search(wanted, last.seq).then(
        ({ messages, has_more }) =>
          setResult({ kind: "found", messages: [...shown, ...messages], hasMore: has_more }),
        () => setResult({ kind: "failed" }),
      );
  };
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const shown = wanted ? result : null;
  return (
    <div className="log-frame">
      <div className="find">
        <Icon name="search" />
        <input
          className="input"
          type="search"
          aria-label={t("chat.search")}
          placeholder={t("chat.search")}
          value={text}
          ref={field}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.preventDefault();
            onClose();
          }}
        />
      </div>
      {/* A scrolling region must be reachable by the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="scroll" role="region" tabIndex={0} aria-label={t("chat.search.results")}>
        <p className="state muted" role="status">
          {shown?.kind === "failed" ? t("chat.search.failed") : null}
          {shown?.kind === "found" && shown.messages.length === 0 ? t("chat.search.none") : null}
          {shown?.kind === "found" && shown.messages.length > 0
            ? t("chat.search.count", { count: shown.messages.length })
            : null}
        </p>
        {shown?.kind === "found" ? (
          <ul className="found">
            {shown.messages.map((message) => (
              <li key={message.message_id}>
                <button type="button" onClick={() => onShow(message)}>
                  <span className="who">
                    <b>
                      <bdi>{message.sender.name}</bdi>
                    </b>
                    <span className="num">{time.format(new Date(message.sent_at))}</span>
                    {message.audience === "everyone" ? null : <Icon name="lock" size="sm" />}
                  </span>
                  <span className="excerpt">{message.text}</span>
                </button>
              </li>
            ))}
          </ul>
        ) : null}
        {shown?.kind === "found" && shown.hasMore ? (
          <button type="button" className="btn text sm" onClick={() => more(shown.messages)}>
            {t("chat.search.more")}
          </button>
        ) : null}
      </div>
    </div>
  );
}
