// What we ask of a device: the chosen one if it is there, for the rest wishes.
import type { PictureQuality } from "./choices";

export type Side = "user" | "environment";

const SIZES: Record<PictureQuality, { width: number; height: number; frameRate: number }> = {
  high: { width: 1280, height: 720, frameRate: 30 },
  medium: { width: 640, height: 360, frameRate: 30 },
  low: { width: 320, height: 180, frameRate: 15 },
};

/** How firmly the chosen device is asked for: Chromium takes "ideal" for a microphone as no wish at all. */
export type Firmness = "exact" | "ideal";

export function microphoneConstraints(deviceId: string, firmness: Firmness): MediaTrackConstraints {
  return {
    ...(deviceId ? { deviceId: { [firmness]: deviceId } } : {}),
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  };
}

export function cameraConstraints(options: {
  deviceId: string;
  side: Side | null;
  quality: PictureQuality;
  firmness: Firmness;
}): MediaTrackConstraints {
  const size = SIZES[options.quality];
  return {
    ...(options.side
      ? { facingMode: { ideal: options.side } }
      : options.deviceId
        ? { deviceId: { [options.firmness]: options.deviceId } }
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
