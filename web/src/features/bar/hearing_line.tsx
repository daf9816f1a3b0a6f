import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import { hearingWords } from "../connection/hearing_words";

/** Nothing is wrong: heard, or on the way to it. */
const FINE = ["all", "some", "on", "connecting"];

/** Who hears you, as the server knows it; where it does not say, only what is certain here. Opens the details. */
export function HearingLine() {
  const { call, t } = useCall();
  const hearing = useSignalValue(call.connection.hearing);
  const isOpen = useSignalValue(call.panel) === "connection";
  const { fact, meaning } = hearingWords(t, hearing);
  const isFine = FINE.includes(hearing.kind);
  const isKnown = hearing.kind === "all" || hearing.kind === "some";
  return (
    <button
      type="button"
      className={`truth${isFine ? "" : " no"}`}
      data-hearing={hearing.kind}
      aria-expanded={isOpen}
      onClick={() => call.togglePanel("connection")}
    >
      <Icon name={isKnown ? "ear" : isFine ? "microphone" : "microphone-off"} size="lg" />
      <span>
        {fact} <small>{meaning}</small>
      </span>
      <span className="sr">. {t("hearing.details")}</span>
    </button>
  );
}
