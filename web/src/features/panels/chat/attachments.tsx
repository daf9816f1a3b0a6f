// The files that go with the next message: how far they are, what is wrong, and a way to take them back.
import { useCall } from "../../../components/call_context";
import { Icon } from "../../../components/icon";
import { useSignalValue } from "../../../components/use_signal";
import { ChatIcon } from "./chat_icon";
import { fileProblemKey } from "./problems";
import { sizeText } from "./use_chat";

export function Attachments() {
  const { call, t, locale } = useCall();
  const uploads = useSignalValue(call.uploads.shown);
  if (uploads.length === 0) return null;
  return (
    <ul className="attachments" aria-label={t("chat.attachments")}>
      {uploads.map(({ key, name, size, sentBytes, id, problem }) => (
        <li key={key} className={problem ? "file bad" : "file"}>
          <span className="ic">
            <ChatIcon name="file" />
          </span>
          <span className="txt">
            <b dir="auto">{name}</b>
            {problem ? (
              <span className="tiny" role="alert">
                {t(fileProblemKey(problem))}
              </span>
            ) : id === null ? (
              <>
                <progress max={size || 1} value={sentBytes} aria-label={t("chat.file.sending", { name })} />
                <span className="tiny muted num">
                  {t("chat.file.sent", { sent: sizeText(sentBytes, locale), size: sizeText(size, locale) })}
                </span>
              </>
            ) : (
              <span className="tiny muted">{t("chat.file.ready", { size: sizeText(size, locale) })}</span>
            )}
          </span>
          {problem ? (
            <button
              type="button"
              className="icon-btn"
              aria-label={t("chat.file.retry", { name })}
              onClick={() => call.uploads.retry(key)}
            >
              <Icon name="retry" />
            </button>
          ) : null}
          <button
            type="button"
            className="icon-btn"
            aria-label={t("chat.file.cancel", { name })}
            onClick={() => call.uploads.cancel(key)}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
