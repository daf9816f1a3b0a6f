// Answer, react, edit, delete; and the reactions that are there.
import { Button } from "react-aria-components";
import { EMOJI } from "../../../chat/shapes";
import type { Emoji } from "../../../chat/shapes";
import type { Call } from "../../../call/call";
import { useCall } from "../../../components/call_context";
import { Icon } from "../../../components/icon";
import { MenuBox } from "../../../components/menu";
import type { MenuEntry } from "../../../components/menu";
import type { ChatMessage } from "../../../wire/live.gen";
import { ChatIcon } from "./chat_icon";
import { useChatRights } from "./use_chat";

export interface MessageActionsProps {
  message: ChatMessage;
  isOwn: boolean;
  onAnswer: (message: ChatMessage) => void;
  onEdit: (message: ChatMessage) => void;
}

export function MessageActions({ message, isOwn, onAnswer, onEdit }: MessageActionsProps) {
  const { call, t } = useCall();
  const { isModerator, mayWrite, mayWritePrivately } = useChatRights();
  const { name } = message.sender;
  const mayAnswer = message.audience === "private" ? mayWritePrivately : mayWrite;
  const mayEdit = isOwn && mayAnswer;
  const entries: MenuEntry[] = [
    ...(mayEdit && message.text
      ? [{ id: "edit", label: t("chat.edit"), icon: "rename" as const, onAction: () => onEdit(message) }]
      : []),
    ...(isOwn || isModerator
      ? [
          {
            id: "delete",
            label: t("chat.delete"),
            icon: "trash" as const,
            isDangerous: true,
            onAction: () => void tell(call, call.chat.delete(message)),
          },
        ]
      : []),
  ];
  return (
    <span className="msg-acts">
      {mayAnswer ? (
        <button
          type="button"
          className="icon-btn"
          aria-label={t("chat.answer", { name })}
          onClick={() => onAnswer(message)}
        >
          <Icon name="reply" />
        </button>
      ) : null}
      {mayWrite ? (
        <MenuBox
          label={t("chat.react", { name })}
          placement="bottom end"
          groups={[
            {
              id: t("chat.react", { name }),
              entries: EMOJI.map((emoji) => ({
                id: emoji,
                label: t(`chat.emoji.${emoji}`),
                picture: <ChatIcon name={emoji} isFilled />,
                onAction: () => void tell(call, call.chat.react(message, emoji)),
              })),
            },
          ]}
          trigger={
            <Button className="icon-btn" aria-label={t("chat.react", { name })}>
              <ChatIcon name="emoji" />
            </Button>
          }
        />
      ) : null}
      {entries.length > 0 ? (
        <MenuBox
          label={t("chat.more")}
          placement="bottom end"
          groups={[{ id: t("chat.more"), entries }]}
          trigger={
            <Button className="icon-btn" aria-label={t("chat.more")}>
              <Icon name="more" />
            </Button>
          }
        />
      ) : null}
    </span>
  );
}

export function Reactions({ message, mine }: { message: ChatMessage; mine: readonly Emoji[] | undefined }) {
  const { call, t } = useCall();
  const { mayWrite } = useChatRights();
  const people = call.people.value;
  if (message.reactions.length === 0) return null;
  return (
    <div className="chips">
      {message.reactions.map(({ emoji, count, by }) => {
        const names = by.flatMap((identity) => people.find((one) => one.identity === identity)?.name ?? []);
        return (
          <button
            key={emoji}
            type="button"
            className="chip"
            aria-pressed={mine?.includes(emoji) ?? false}
            aria-label={t("chat.reaction", { count, emoji: t(`chat.emoji.${emoji}`) })}
            title={names.join(", ")}
            // To take one's own back is always possible.
            disabled={!mayWrite && !mine?.includes(emoji)}
            onClick={() => void tell(call, call.chat.react(message, emoji))}
          >
            <ChatIcon name={emoji} isFilled />
            <span className="num">{count}</span>
          </button>
        );
      })}
    </div>
  );
}

/** Says it when the server did not take it. */
async function tell(call: Call, done: Promise<string | null>): Promise<void> {
  if ((await done) !== null)
    call.toasts.show({
      icon: "warning",
      title: { key: "toast.commandFailed" },
      body: { key: "toast.commandFailed.body" },
    });
}
