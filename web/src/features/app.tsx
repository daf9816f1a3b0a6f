// Which page is up: the green room, the call, or the page after it.
import { lazy, Suspense, useEffect } from "react";
import { useCall } from "../components/call_context";
import { useSignalValue } from "../components/use_signal";
import { GreenRoom } from "./green_room/green_room";
import { loadProblemDialog } from "./green_room/problems";
import { LiveRegion, Toasts } from "./notices";

const loadCallScreen = () => import("./call_screen");
const loadEnded = () => import("./ended/ended_page");
const loadWaiting = () => import("./door/waiting_page");
const CallScreen = lazy(loadCallScreen);
const EndedPage = lazy(loadEnded);
const WaitingPage = lazy(loadWaiting);

export function App() {
  const { call } = useCall();
  const phase = useSignalValue(call.phase);
  useEffect(() => {
    // While somebody looks at their own picture, the rest of the call arrives. A failure shows when it is needed.
    for (const load of [loadCallScreen, loadWaiting, loadEnded, loadProblemDialog])
      void load().catch(() => undefined);
    void call.link.load().catch(() => undefined);
  }, [call]);
  return (
    <>
      {phase.kind === "green" || phase.kind === "joining" ? <GreenRoom /> : null}
      <Suspense fallback={null}>
        {phase.kind === "waiting" ? <WaitingPage place={phase.place} /> : null}
        {phase.kind === "ended" ? <EndedPage ending={phase.ending} /> : null}
      </Suspense>
      {phase.kind === "call" ? (
        <Suspense fallback={<div className="call" />}>
          <CallScreen />
        </Suspense>
      ) : null}
      <Toasts />
      <LiveRegion />
    </>
  );
}
