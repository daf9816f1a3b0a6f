import { useState } from "react";
import { useCall } from "../../components/call_context";
import { playTestTone } from "../../devices/test_tone";

export function SpeakerTest({ speakerId }: { speakerId: string }) {
  const { t } = useCall();
  const [state, setState] = useState<"quiet" | "playing" | "failed">("quiet");
  const test = () => {
    setState("playing");
    playTestTone(speakerId).then(
      () => setState("quiet"),
      () => setState("failed"),
    );
  };
  return (
    <>
      <button className="btn text sm" type="button" aria-label={t("green.testSpeaker")} onClick={test}>
        {state === "playing" ? t("green.testing") : t("green.test")}
      </button>
      {state === "failed" ? (
        <p className="error" role="alert">
          {t("green.testFailed")}
        </p>
      ) : null}
    </>
  );
}
