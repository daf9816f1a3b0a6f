import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import type { TextKey } from "../../text/translate";
import { useEngineStatus } from "../use_engine";

/**
 * Who hears you, as far as this page knows. It says that nobody does when that is certain; whether sound arrives at
 * the others only the server can know, so nothing is claimed about that.
 */
export function HearingLine() {
  const { call, t } = useCall();
  const microphone = useSignalValue(call.local.microphone);
  const people = useSignalValue(call.people);
  const status = useEngineStatus();
  const others = people.filter((person) => !person.isYou).length;
  const silent = ((): TextKey | null => {
    if (microphone.problem) return "hearing.noMicrophone";
    if (!microphone.isWanted || !microphone.track) return "hearing.muted";
    return status === "connected" ? null : "hearing.notConnected";
  })();
  return (
    <div className={`truth${silent ? " no" : ""}`}>
      <Icon name={silent ? "microphone-off" : "microphone"} size="lg" />
      <span>
        {/* Who comes and goes is announced elsewhere, once: the count below is only shown. */}
        <span role="status">{t(silent ?? "hearing.on")}</span>{" "}
        <small>
          {silent
            ? t("hearing.muted.body")
            : others > 0
              ? t("hearing.on.body", { count: others })
              : t("hearing.on.alone")}
        </small>
      </span>
    </div>
  );
}
