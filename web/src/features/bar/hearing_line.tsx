import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import { hearingWords } from "../connection/hearing_words";

const HEARD = ["all", "some", "on"];

/** Who hears you, as the server knows it; where it does not say, only what is certain here. Opens the details. */
export function HearingLine() {
  const { call, t } = useCall();
  const hearing = useSignalValue(call.connection.hearing);
  const isOpen = useSignalValue(call.panel) === "connection";
  const { fact, meaning } = hearingWords(t, hearing);
  const isHeard = HEARD.includes(hearing.kind);
  const isKnown = hearing.kind === "all" || hearing.kind === "some";
  return (
    <button
      type="button"
      className={`truth${isHeard ? "" : " no"}`}
      data-hearing={hearing.kind}
      aria-expanded={isOpen}
      onClick={() => call.togglePanel("connection")}
    >
      <Icon name={isKnown ? "ear" : isHeard ? "microphone" : "microphone-off"} size="lg" />
      <span>
        {fact} <small>{meaning}</small>
      </span>
      <span className="sr">. {t("hearing.details")}</span>
    </button>
  );
}
