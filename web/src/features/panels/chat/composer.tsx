// The box to write in. It wears the dress of the message that will be sent, so that nothing private is written in public.
import { useLayoutEffect, useRef, useState } from "react";
import type { KeyboardEvent, RefObject } from "react";
import { mentionable, mentionedIn } from "../../../chat/mentions";
import { useCall } from "../../../components/call_context";
import { Icon } from "../../../components/icon";
import { useSignalValue } from "../../../components/use_signal";
import type { ChatMessage } from "../../../wire/live.gen";
import { Attachments } from "./attachments";
import { ChatIcon } from "./chat_icon";
import { MentionList, useMentions } from "./mention_list";
import { refusalKey } from "./problems";
import { ToField } from "./to_field";
import { useChatRights } from "./use_chat";

const MAX_CHARS = 4000;
/** From here on it is said how many are left. */
const TELLS_FROM = 3800;

export interface ComposerProps {
  box: RefObject<HTMLTextAreaElement | null>;
  /** Made anew for each message that is edited. */
  editing: ChatMessage | null;
  onDone: () => void;
}

export function Composer({ box, editing, onDone }: ComposerProps) {
  const { call, t } = useCall();
  const audience = useSignalValue(call.chat.audience);
  const answering = useSignalValue(call.chat.answering);
  const uploads = useSignalValue(call.uploads.shown);
  const people = useSignalValue(call.people);
  const isBroken = useSignalValue(call.brokenSince_ms) !== null;
  const picker = useRef<HTMLInputElement>(null);
  const { mayWrite, mayWritePrivately } = useChatRights();
  const isSuspended = call.order.blockOfDoing("chat_send") === "suspended";
  const [edited, setEdited] = useState(editing?.text ?? "");
  const [, setDraftTurn] = useState(0);
  const [caret, setCaret] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  const text = editing ? edited : call.chat.draft(audience);
  const setText = (now: string) => {
    if (editing) setEdited(now);
    else call.chat.keepDraft(audience, now);
    setDraftTurn((turn) => turn + 1);
  };
  const messages = useSignalValue(call.chat.replica)?.messages ?? [];
  const others = mentionable(
    people.filter((one) => !one.isYou && one.role !== null),
    messages,
    call.chat.own,
  );
  const mentions = useMentions({
    text,
    caret,
    people: others,
    onChoose: (now, at) => {
      setText(now);
      setCaret(at);
      requestAnimationFrame(() => box.current?.setSelectionRange(at, at));
    },
  });
  useLayoutEffect(() => {
    if (box.current) fit(box.current);
  }, [box, text]);

  const isPrivate = editing ? editing.audience !== "everyone" : audience.kind !== "everyone";
  const isClosed = audience.kind === "private" ? !mayWritePrivately : !mayWrite;
  const count = Array.from(text).length;
  const isOnTheWay = uploads.some((one) => one.id === null);
  const canSend = editing
    ? text.trim() !== "" && count <= MAX_CHARS
    : (text.trim() !== "" || uploads.length > 0) && count <= MAX_CHARS && !isOnTheWay;
  const send = async () => {
    if (!canSend) return;
    const named = mentionedIn(text, others);
    if (editing) {
      const refusal = await call.chat.edit(editing, text, named);
      if (refusal === null) onDone();
      else setProblem(refusal);
      return;
    }
    call.chat.send(text, { mentions: named, files: call.uploads.take() });
    setDraftTurn((turn) => turn + 1);
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter belongs to the input method while it composes; Safari tells it by 229 only.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (mentions.onKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void send();
    } else if (event.key === "Escape" && (editing || answering)) {
      event.preventDefault();
      if (editing) onDone();
      else call.chat.answer(null);
    }
  };
  if (!mayWrite && !mayWritePrivately)
    return <p className="composer closed muted">{t(isSuspended ? "blocked.suspended" : "chat.off")}</p>;
  const label = editing
    ? t("chat.edit")
    : audience.kind === "private"
      ? t("chat.write.private", { name: audience.name })
      : t(`chat.write.${audience.kind}`);
  return (
    <div className={isPrivate ? "composer private" : "composer"}>
      {isBroken ? (
        <p className="tiny offline" role="status">
          <Icon name="weak" size="sm" />
          {t("chat.offline")}
        </p>
      ) : null}
      {editing ? (
        <About
          words={t("chat.editing")}
          text={editing.text}
          onClose={onDone}
          closeLabel={t("people.cancel")}
        />
      ) : (
        <ToField onChosen={() => box.current?.focus()} />
      )}
      {answering && !editing ? (
        <About
          words={t("chat.answering", { name: answering.sender.name })}
          text={answering.text}
          onClose={() => call.chat.answer(null)}
          closeLabel={t("chat.answering.stop")}
        />
      ) : null}
      {editing ? null : <Attachments />}
      {isClosed ? (
        <p className="tiny muted">{t(audience.kind === "private" ? "chat.privateOff" : "chat.publicOff")}</p>
      ) : null}
      <MentionList mentions={mentions} />
      <div className="box">
        <textarea
          ref={box}
          rows={1}
          dir="auto"
          aria-label={label}
          placeholder={label}
          value={text}
          disabled={isClosed}
          role={mentions.options.length > 0 ? "combobox" : undefined}
          aria-expanded={mentions.options.length > 0 ? true : undefined}
          aria-controls={mentions.options.length > 0 ? mentions.listId : undefined}
          aria-activedescendant={mentions.options.length > 0 ? mentions.optionId(mentions.at) : undefined}
          onChange={(event) => {
            setText(event.target.value);
            setCaret(event.target.selectionStart);
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const files = [...event.clipboardData.files];
            if (files.length === 0 || editing) return;
            event.preventDefault();
            call.uploads.add(files);
          }}
        />
        {editing ? null : (
          <>
            <input
              ref={picker}
              type="file"
              multiple
              hidden
              aria-label={t("chat.attach")}
              onChange={(event) => {
                call.uploads.add([...(event.target.files ?? [])]);
                event.target.value = "";
              }}
            />
            <button
              type="button"
              className="icon-btn"
              aria-label={t("chat.attach")}
              onClick={() => picker.current?.click()}
            >
              <ChatIcon name="attach" />
            </button>
          </>
        )}
        <button
          type="button"
          className="icon-btn send"
          aria-label={t(editing ? "people.rename.save" : isPrivate ? "chat.send.private" : "chat.send")}
          aria-disabled={!canSend}
          onClick={() => void send()}
        >
          {editing ? <Icon name="check" /> : <ChatIcon name="send" isFilled />}
        </button>
      </div>
      {count > TELLS_FROM ? (
        <p className={count > MAX_CHARS ? "tiny bad-words" : "tiny muted"} role="status">
          {count > MAX_CHARS
            ? t("chat.tooLong", { count: count - MAX_CHARS })
            : t("chat.left", { count: MAX_CHARS - count })}
        </p>
      ) : null}
      {problem === null ? null : (
        <p className="tiny bad-words" role="alert">
          {t(refusalKey(problem))}
        </p>
      )}
    </div>
  );
}

/** As high as its text. */
function fit(element: HTMLTextAreaElement): void {
  element.style.blockSize = "auto";
  element.style.blockSize = `${element.scrollHeight}px`;
}

function About({
  words,
  text,
  closeLabel,
  onClose,
}: {
  words: string;
  text: string;
  closeLabel: string;
  onClose: () => void;
}) {
  return (
    <div className="about">
      <span className="quote">
        <b>{words}</b>
        <span className="excerpt">{text}</span>
      </span>
      <button type="button" className="icon-btn" aria-label={closeLabel} onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}
