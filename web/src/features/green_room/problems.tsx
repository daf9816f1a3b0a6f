// Camera or microphone did not start: the words for that are there only when they are needed.
import { lazy, Suspense } from "react";
import { useCall } from "../../components/call_context";
import { useSignalValue } from "../../components/use_signal";

export const loadProblemDialog = () => import("./problem_dialog");
const ProblemDialog = lazy(loadProblemDialog);

/** Shows the problem of camera or microphone once; `onJoinWithout` is absent inside the call. */
export function Problems({ onJoinWithout }: { onJoinWithout?: () => void }) {
  const { call } = useCall();
  if (useSignalValue(call.openProblems).length === 0) return null;
  return (
    <Suspense fallback={null}>
      <ProblemDialog {...(onJoinWithout ? { onJoinWithout } : {})} />
    </Suspense>
  );
}
