// The pickers of microphone, speaker and camera, apart from the page: a call does without their lists.
import { lazy, Suspense } from "react";

const DevicePickers = lazy(() => import("./device_pickers"));

export function Devices() {
  return (
    <Suspense fallback={<div className="devices" />}>
      <DevicePickers />
    </Suspense>
  );
}
