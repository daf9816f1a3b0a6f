// A message that is on its way, or that the server refused.
import type { Outgoing } from "../../../chat/outbox";
import { useCall } from "../../../components/call_context";
import { Icon } from "../../../components/icon";
import { useSignalValue } from "../../../components/use_signal";
import { Markdown } from "./markdown";
import { refusalKey } from "./problems";

export function Sending({ outgoing }: { outgoing: Outgoing }) {
  const { call, t } = useCall();
  const isBroken = useSignalValue(call.brokenSince_ms) !== null;
  const { audience, clientId, files, refusal, text } = outgoing;
  return (
    <article className={audience.kind === "everyone" ? "msg me sending" : "msg me private sending"}>
      <div className="who">
        <b>{t("chat.you")}</b>
        {refusal === null ? t(isBroken ? "chat.sending.offline" : "chat.sending") : t("chat.notSent")}
        {audience.kind === "everyone" ? null : (
          <span className="private-line">
            <Icon name={audience.kind === "private" ? "lock" : "shield"} size="sm" isFilled />
            {audience.kind === "private" ? t("chat.only", { name: audience.name }) : t("chat.onlyHosts")}
          </span>
        )}
      </div>
      <div className="bubble">
        <div className="said" dir="auto">
          <Markdown text={text} />
        </div>
        {files.map((file) => (
          <span key={file.id}>{file.name}</span>
        ))}
      </div>
      {refusal === null ? null : (
        <div className="refused" role="alert">
          <p className="tiny">{t(refusalKey(refusal))}</p>
          <button type="button" className="btn text sm" onClick={() => call.chat.outbox.retry(clientId)}>
            {t("device.tryAgain")}
          </button>
          <button type="button" className="btn text sm" onClick={() => call.chat.outbox.discard(clientId)}>
            {t("chat.discard")}
          </button>
        </div>
      )}
    </article>
  );
}
