// The dialogs of being together, loaded when somebody opens one.
import { lazy, Suspense } from "react";
import { useCall } from "../../components/call_context";
import { useSignalValue } from "../../components/use_signal";

const NoticesDialog = lazy(() => import("./notices_dialog"));
const SpeakingTimeDialog = lazy(() => import("./speaking_time_dialog"));

export function TogetherDialogs() {
  const { call } = useCall();
  const dialog = useSignalValue(call.together.dialog);
  const close = () => call.together.openDialog(null);
  return (
    <Suspense fallback={null}>
      {dialog === "notices" ? <NoticesDialog onClose={close} /> : null}
      {dialog === "speaking_time" ? <SpeakingTimeDialog onClose={close} /> : null}
    </Suspense>
  );
}
