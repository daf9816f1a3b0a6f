// The chat: what was written, and the box to write in.
import { useRef, useState } from "react";
import type { DragEvent } from "react";
import { useCall } from "../../../components/call_context";
import { Icon } from "../../../components/icon";
import { useSignalValue } from "../../../components/use_signal";
import type { ChatMessage } from "../../../wire/live.gen";
import { Panel } from "../panel";
import { Composer } from "./composer";
import { MessageList } from "./message_list";
import { Search } from "./search";
import { useChatRights } from "./use_chat";
import "../../../styles/call/chat.css";
import "../../../styles/call/chat_message.css";
import "../../../styles/call/chat_composer.css";

export default function ChatPanel() {
  const { call, t } = useCall();
  const replica = useSignalValue(call.chat.replica);
  const box = useRef<HTMLTextAreaElement>(null);
  const [editing, setEditing] = useState<ChatMessage | null>(null);
  const [isSearching, setSearching] = useState(false);
  const [jump, setJump] = useState<string | null>(null);
  const [isOver, setOver] = useState(false);
  const { mayWrite } = useChatRights();
  const carriesFiles = (event: DragEvent) => mayWrite && event.dataTransfer.types.includes("Files");
  const show = async (message: ChatMessage) => {
    setSearching(false);
    // Page by page: what is shown has no holes.
    for (let tries = 0; tries < 50; tries++) {
      const now = call.chat.replica.value;
      if (!now?.hasOlder || (now.messages[0]?.seq ?? 0) <= message.seq) break;
      await call.chat.loadOlder();
    }
    setJump(message.message_id);
  };
  return (
    <Panel
      id="chat"
      title={t("chat.title")}
      closeLabel={t("chat.close")}
      firstFocus={box}
      actions={
        <button
          type="button"
          className="icon-btn"
          aria-label={t("chat.search")}
          aria-expanded={isSearching}
          onClick={() => setSearching(!isSearching)}
        >
          <Icon name="search" />
        </button>
      }
    >
      {/* The button in the box does the same by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        className={isOver ? "chat over" : "chat"}
        onDragOver={(event) => {
          if (!carriesFiles(event)) return;
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={(event) => {
          if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
        }}
        onDrop={(event) => {
          setOver(false);
          if (!carriesFiles(event)) return;
          event.preventDefault();
          call.uploads.add([...event.dataTransfer.files]);
        }}
      >
        {isSearching ? (
          <Search onShow={(message) => void show(message)} onClose={() => setSearching(false)} />
        ) : (
          <MessageList
            jump={jump}
            onJumped={() => setJump(null)}
            onAnswer={(message) => {
              setEditing(null);
              call.chat.answer(message);
              box.current?.focus();
            }}
            onEdit={(message) => {
              call.chat.answer(null);
              setEditing(message);
              box.current?.focus();
            }}
            onShow={(message) => void show(message)}
          />
        )}
        {replica ? <p className="kept tiny muted">{keptWords(replica.retentionDays, t)}</p> : null}
        <Composer
          key={editing?.message_id ?? ""}
          box={box}
          editing={editing}
          onDone={() => setEditing(null)}
        />
        {isOver ? (
          <div className="drop-here" aria-hidden="true">
            {t("chat.dropHere")}
          </div>
        ) : null}
      </div>
    </Panel>
  );
}

function keptWords(days: number | null, t: ReturnType<typeof useCall>["t"]): string {
  if (days === null) return t("chat.kept.always");
  return days === 0 ? t("chat.kept.run") : t("chat.kept.days", { count: days });
}
