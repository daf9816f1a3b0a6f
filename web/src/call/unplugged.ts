// A camera or microphone went away in the call: whether another one took its place, and what that means.
import type { Call } from "./call";

export function tellUnplugged(
  call: Pick<Call, "local" | "toasts">,
  device: "microphone" | "camera",
  isReplaced: boolean,
): void {
  const label = call.local[device].value.track?.label ?? "";
  call.toasts.show(
    isReplaced
      ? {
          icon: device,
          title: { key: `toast.replaced.${device}` },
          body: { key: "toast.replaced.body", params: { label } },
        }
      : {
          icon: `${device}-off`,
          title: { key: `toast.gone.${device}` },
          body: { key: `toast.gone.${device}.body` },
        },
  );
}
