// A device that does not start: its own words, and a way on that always works.
import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import type { DeviceProblem } from "../../devices/problems";
import { AddressPicture } from "./address_picture";
import "../../styles/call/dialogs.css";

type Problem = DeviceProblem & { device: "microphone" | "camera" };

/** One cause for both devices; the others are about one device each. */
const TOLD_TOGETHER: ReadonlySet<DeviceProblem["kind"]> = new Set([
  "denied",
  "denied_by_system",
  "missing",
  "insecure",
  "unsupported",
  "dismissed",
]);

export default function ProblemDialog({ onJoinWithout }: { onJoinWithout?: () => void }) {
  const { call, t } = useCall();
  const open = useSignalValue(call.openProblems).filter((one): one is Problem => one.device !== "screen");
  const [problem] = open;
  if (!problem) return null;
  const isBoth = open.length === 2 && open[0]?.kind === open[1]?.kind && TOLD_TOGETHER.has(problem.kind);
  const both = problem.kind === "missing" ? "either" : "both";
  const device = t(`problem.device.${isBoth ? both : problem.device}`);
  const close = () => call.closeProblems();
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
