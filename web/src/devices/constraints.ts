// What we ask of a device. Wishes only, never `exact`: a device that is gone must not stop a call.
import type { PictureQuality } from "./choices";

export type Side = "user" | "environment";

const SIZES: Record<PictureQuality, { width: number; height: number; frameRate: number }> = {
  high: { width: 1280, height: 720, frameRate: 30 },
  medium: { width: 640, height: 360, frameRate: 30 },
  low: { width: 320, height: 180, frameRate: 15 },
};

export function microphoneConstraints(deviceId: string): MediaTrackConstraints {
  return {
    ...(deviceId ? { deviceId: { ideal: deviceId } } : {}),
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  };
}

export function cameraConstraints(options: {
  deviceId: string;
  side: Side | null;
  quality: PictureQuality;
}): MediaTrackConstraints {
  const size = SIZES[options.quality];
  return {
    ...(options.side
      ? { facingMode: { ideal: options.side } }
      : options.deviceId
        ? { deviceId: { ideal: options.deviceId } }
        : {}),
    width: { ideal: size.width },
    height: { ideal: size.height },
    frameRate: { ideal: size.frameRate, max: 30 },
    aspectRatio: { ideal: 16 / 9 },
  };
}

/** The sound of the shared tab or system as it is: no voice processing. */
export const SCREEN_OPTIONS: DisplayMediaStreamOptions = {
  video: { frameRate: { ideal: 15, max: 30 } },
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
};
