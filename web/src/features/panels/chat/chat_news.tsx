// What a screen reader is told of new messages; the messages themselves are read in the panel.
import { useCall } from "../../../components/call_context";
import { useSignalValue } from "../../../components/use_signal";

export function ChatNews() {
  const { call, t } = useCall();
  const said = useSignalValue(call.chatAnnouncer.said);
  return (
    <div className="sr" role="log" aria-live="polite" aria-label={t("chat.news")}>
      {said ? <span key={said.id}>{t(said.key, said.params)}</span> : null}
    </div>
  );
}
