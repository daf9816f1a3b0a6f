import { SYSTEM_SPEAKER } from "../devices/device_list";
import type { Device, Devices } from "../devices/device_list";
import type { Translate } from "../text/translate";

export type ListedKind = "microphone" | "camera" | "speaker";

/** Devices with the names that people know, or numbers while the browser does not tell names. */
export function namedDevices(
  t: Translate,
  kind: ListedKind,
  devices: Devices,
): { id: string; label: string }[] {
  const list: readonly Device[] = {
    microphone: devices.microphones,
    camera: devices.cameras,
    speaker: devices.speakers,
  }[kind];
  const named = list
    .filter((device) => device.id !== "")
    .map((device, index) => ({
      id: device.id,
      label: device.label || t(`device.${kind}.nth`, { count: index + 1 }),
    }));
  if (kind !== "speaker" || named.some((device) => device.id === "default")) return named;
  return [{ id: SYSTEM_SPEAKER, label: t("device.system") }, ...named];
}
