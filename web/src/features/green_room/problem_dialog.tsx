// A device that does not start: its own words, and a way on that always works.
import { useState } from "react";
import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import type { DeviceProblem } from "../../devices/problems";
import { AddressPicture } from "./address_picture";

type Problem = DeviceProblem & { device: "microphone" | "camera" };

/** Shows the problem of camera or microphone once; `onJoinWithout` is absent inside the call. */
export function ProblemDialog({ onJoinWithout }: { onJoinWithout?: () => void }) {
  const { call, t } = useCall();
  const microphone = useSignalValue(call.local.microphone).problem;
  const camera = useSignalValue(call.local.camera).problem;
  const [dismissed, setDismissed] = useState<readonly (DeviceProblem | null)[]>([]);
  const open = [camera, microphone].filter(
    (problem): problem is Problem =>
      problem !== null && problem.kind !== "unplugged" && !dismissed.includes(problem),
  );
  const [problem] = open;
  if (!problem) return null;
  const isBoth = open.length === 2 && open[0]?.kind === open[1]?.kind;
  const device = t(isBoth ? "problem.device.both" : `problem.device.${problem.device}`);
  const close = () => setDismissed([camera, microphone]);
  const retry = () => {
    close();
    if (isBoth) void call.local.allow({ microphone: true, camera: true });
    else void (problem.device === "camera" ? call.local.setCamera(true) : call.local.setMicrophone(true));
  };
  const canRetry = problem.kind !== "insecure" && problem.kind !== "unsupported";
  return (
    <DialogBox
      title={t(`problem.${problem.kind}.title`, { device })}
      closeLabel={t("app.close")}
      onClose={close}
      actions={
        <>
          <button
            className={`btn ${canRetry ? "quiet" : "primary"}`}
            type="button"
            onClick={() => {
              close();
              onJoinWithout?.();
            }}
          >
            {onJoinWithout ? t("problem.joinWithout") : t("problem.goOn")}
          </button>
          {canRetry ? (
            <button className="btn primary" type="button" onClick={retry}>
              <Icon name="retry" size="sm" />
              {t("device.tryAgain")}
            </button>
          ) : null}
        </>
      }
    >
      <p>{t(`problem.${problem.kind}.body`, { device })}</p>
      {problem.kind === "denied" ? (
        <>
          <AddressPicture cameraLabel={t("device.camera")} microphoneLabel={t("device.microphone")} />
          <ol className="steps">
            <li>{t("problem.denied.step1")}</li>
            <li>{t("problem.denied.step2", { device: capital(device) })}</li>
            <li>{t("problem.denied.step3")}</li>
          </ol>
        </>
      ) : null}
    </DialogBox>
  );
}

const capital = (word: string) => word.charAt(0).toLocaleUpperCase() + word.slice(1);
