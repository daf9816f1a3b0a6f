// The devices of this machine. Browsers name them only after the person has allowed a first use.
import { signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";

export interface Device {
  id: string;
  /** Empty until the browser tells names. */
  label: string;
}

export interface Devices {
  microphones: readonly Device[];
  cameras: readonly Device[];
  speakers: readonly Device[];
}

export interface DeviceList {
  readonly devices: ReadonlySignal<Devices>;
  refresh(): Promise<void>;
}

/** The id that stands for whatever the system plays on; browsers write it as no id at all. */
export const SYSTEM_SPEAKER = "system";

const NONE: Devices = { microphones: [], cameras: [], speakers: [] };

export function watchDevices(media: MediaDevices | undefined): DeviceList {
  const devices = signal<Devices>(NONE);
  const refresh = async () => {
    if (!media) return;
    devices.value = sortDevices(await media.enumerateDevices());
  };
  media?.addEventListener("devicechange", () => void refresh());
  return { devices, refresh };
}

function sortDevices(found: readonly Pick<MediaDeviceInfo, "kind" | "deviceId" | "label">[]): Devices {
  const of = (kind: MediaDeviceKind) =>
    found.filter((one) => one.kind === kind).map((one) => ({ id: one.deviceId, label: one.label }));
  return { microphones: of("audioinput"), cameras: of("videoinput"), speakers: of("audiooutput") };
}

/** A phone has a front and a back camera: there the picture is switched by side, not picked from a list. */
export function hasTwoSides(devices: Devices, isTouch: boolean): boolean {
  return isTouch && devices.cameras.length >= 2;
}
