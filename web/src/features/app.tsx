// Which page is up: the green room, the call, or the page after it.
import { lazy, Suspense, useEffect } from "react";
import { useCall } from "../components/call_context";
import { useSignalValue } from "../components/use_signal";
import { WaitingPage } from "./door/waiting_page";
import { EndedPage } from "./ended/ended_page";
import { GreenRoom } from "./green_room/green_room";
import { LiveRegion, Toasts } from "./notices";

const loadCallScreen = () => import("./call_screen");
const CallScreen = lazy(loadCallScreen);

export function App() {
  const { call } = useCall();
  const phase = useSignalValue(call.phase);
  useEffect(() => {
    // While somebody looks at their own picture, the rest of the call arrives. A failure shows when it is needed.
    void loadCallScreen().catch(() => undefined);
    void call.link.load().catch(() => undefined);
  }, [call]);
  return (
    <>
      {phase.kind === "green" || phase.kind === "joining" ? <GreenRoom /> : null}
      {phase.kind === "waiting" ? <WaitingPage place={phase.place} /> : null}
      {phase.kind === "call" ? (
        <Suspense fallback={<div className="call" />}>
          <CallScreen />
        </Suspense>
      ) : null}
      {phase.kind === "ended" ? <EndedPage ending={phase.ending} /> : null}
      <Toasts />
      <LiveRegion />
    </>
  );
}
