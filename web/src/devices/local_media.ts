// The person's own camera, microphone, screen and speaker, with the remembered choices.
import { computed, signal } from "@preact/signals-core";
import type { ReadonlySignal } from "@preact/signals-core";
import { Capture } from "./capture";
import type { CaptureState } from "./capture";
import type { ChoiceStore, PictureQuality } from "./choices";
import { cameraConstraints, microphoneConstraints } from "./constraints";
import type { Firmness, Side } from "./constraints";
import { SYSTEM_SPEAKER } from "./device_list";
import type { DeviceList } from "./device_list";
import { problemOf } from "./problems";
import type { DeviceKind, DeviceProblem } from "./problems";
import { ScreenCapture } from "./screen_capture";

export interface LocalMediaEvents {
  onUnplugged(device: DeviceKind, isReplaced: boolean): void;
}

interface Wish {
  microphone: boolean;
  camera: boolean;
}

export class LocalMedia {
  readonly screen: ScreenCapture;
  readonly #microphone: Capture;
  readonly #camera: Capture;
  readonly #side = signal<Side | null>(null);
  readonly #speakerId = signal("");
  readonly #microphoneId = signal("");
  readonly #cameraId = signal("");
  readonly #quality = signal<PictureQuality>("high");
  /** What shall be on as soon as the browser has answered for both; `null` when nothing is asked. */
  #asked: Wish | null = null;

  constructor(
    private readonly media: MediaDevices | undefined,
    private readonly list: DeviceList,
    private readonly choices: ChoiceStore,
    events: LocalMediaEvents,
  ) {
    const kept = choices.read();
    this.#speakerId.value = kept.speakerId;
    this.#microphoneId.value = kept.microphoneId;
    this.#cameraId.value = kept.cameraId;
    this.#quality.value = kept.pictureQuality;
    this.screen = new ScreenCapture(media);
    this.#microphone = new Capture({
      kind: "microphone",
      open: async () => one(await this.#ask({ microphone: true, camera: false })),
      keepsRunning: true,
      onUnplugged: (isReplaced) => events.onUnplugged("microphone", isReplaced),
    });
    this.#camera = new Capture({
      kind: "camera",
      open: async () => one(await this.#ask({ microphone: false, camera: true })),
      keepsRunning: false,
      onUnplugged: (isReplaced) => events.onUnplugged("camera", isReplaced),
    });
    media?.addEventListener("devicechange", () => void this.#returnToChosen());
  }

  get microphone(): ReadonlySignal<CaptureState> {
    return this.#microphone.state;
  }
  get camera(): ReadonlySignal<CaptureState> {
    return this.#camera.state;
  }
  get devices(): DeviceList["devices"] {
    return this.list.devices;
  }
  /** The speaker in use; empty for the system's own. */
  readonly speakerId = computed(() => this.#speakerId.value);
  readonly pictureQuality = computed(() => this.#quality.value);
  /** The own picture is a mirror, except from the camera on the back. */
  readonly isMirrored = computed(() => {
    const facing = this.camera.value.track?.getSettings().facingMode ?? this.#side.value;
    return facing !== "environment";
  });

  /** Why no device can work at all here, or `null`. */
  get blocked(): "insecure" | "unsupported" | null {
    if (this.media) return null;
    return globalThis.isSecureContext ? "unsupported" : "insecure";
  }

  /** What the browser will do when asked: "granted" for both means that no question appears. */
  async permission(): Promise<"granted" | "prompt" | "denied"> {
    try {
      const names = ["camera", "microphone"] as PermissionName[];
      const states = await Promise.all(
        names.map(async (name) => (await navigator.permissions.query({ name })).state),
      );
      if (states.every((state) => state === "granted")) return "granted";
      return states.some((state) => state === "denied") ? "denied" : "prompt";
    } catch {
      // Firefox before 131 and old Safari do not tell: then asking is the only way to know.
      return "prompt";
    }
  }

  /** Asks once for both; when that fails, for each, so that one missing device does not take the other along. */
  async allow(wish: Wish): Promise<void> {
    if (this.blocked) {
      const kind = this.blocked;
      this.#microphone.fail({ device: "microphone", kind });
      this.#camera.fail({ device: "camera", kind });
      return;
    }
    const asked = { ...wish };
    this.#asked = asked;
    const answer = await this.#ask({ microphone: true, camera: true }).then(
      (stream) => ({ tracks: stream.getTracks(), problem: null }),
      (error: unknown) => ({ tracks: [], problem: problemOf("camera", error).kind }),
    );
    if (this.#asked !== asked) {
      // All was switched off before the browser answered, or it was asked anew.
      for (const track of answer.tracks) track.stop();
      return;
    }
    this.#asked = null;
    if (answer.problem === "dismissed") {
      this.#microphone.fail({ device: "microphone", kind: "dismissed" });
      this.#camera.fail({ device: "camera", kind: "dismissed" });
    } else if (answer.problem) {
      await Promise.all([asked.microphone && this.setMicrophone(true), asked.camera && this.setCamera(true)]);
    } else {
      const [audio, video] = ["audio", "video"].map((kind) => answer.tracks.find((one) => one.kind === kind));
      await Promise.all([
        audio && this.#microphone.adopt(audio, asked.microphone),
        video && this.#camera.adopt(video, asked.camera),
      ]);
    }
    await this.#returnToChosen();
  }

  async setMicrophone(isOn: boolean): Promise<void> {
    await this.#set("microphone", this.#microphone, isOn);
  }

  async setCamera(isOn: boolean): Promise<void> {
    await this.#set("camera", this.#camera, isOn);
  }

  async choose(device: "microphone" | "camera" | "speaker", id: string): Promise<void> {
    if (device === "speaker") {
      this.#speakerId.value = id === SYSTEM_SPEAKER ? "" : id;
      this.choices.change({ speakerId: this.#speakerId.value });
    } else if (device === "microphone") {
      this.#microphoneId.value = id;
      this.choices.change({ microphoneId: id });
      await this.#microphone.reopen();
    } else {
      this.#cameraId.value = id;
      this.#side.value = null;
      this.choices.change({ cameraId: id });
      await this.#camera.reopen();
    }
  }

  async choosePictureQuality(quality: PictureQuality): Promise<void> {
    this.#quality.value = quality;
    this.choices.change({ pictureQuality: quality });
    await this.#camera.reopen();
  }

  /** Phones: from the front camera to the back one, and again. Many open only one camera at a time. */
  async flipCamera(): Promise<void> {
    const now = this.camera.value.track?.getSettings().facingMode ?? this.#side.value ?? "user";
    const wasOn = this.camera.value.isWanted;
    this.#side.value = now === "environment" ? "user" : "environment";
    await this.#camera.want(false);
    await this.#camera.reopen();
    await this.#camera.want(wasOn);
  }

  remember(): void {
    this.choices.change({
      isMicrophoneOn: this.#asked?.microphone ?? this.microphone.value.isWanted,
      isCameraOn: this.#asked?.camera ?? this.camera.value.isWanted,
    });
  }

  /** Lets go of one device: it must not be captured now. */
  stop(device: keyof Wish): void {
    if (this.#asked) this.#asked[device] = false;
    (device === "microphone" ? this.#microphone : this.#camera).stop();
  }

  /** Also what is only being asked for: its light must not go on after this. */
  stopAll(): void {
    this.#asked = null;
    this.#microphone.stop();
    this.#camera.stop();
    this.screen.stop();
  }

  async #set(device: "microphone" | "camera", capture: Capture, isOn: boolean): Promise<void> {
    if (this.#asked) this.#asked[device] = isOn;
    if (isOn && this.blocked) {
      capture.fail({ device, kind: this.blocked } satisfies DeviceProblem);
      return;
    }
    await capture.want(isOn);
    if (isOn) await this.list.refresh();
  }

  /** The chosen device was plugged in again, or the browser opened another one: go back to it. */
  async #returnToChosen(): Promise<void> {
    await this.list.refresh();
    const { microphones, cameras } = this.list.devices.value;
    const isBack = (id: string, present: readonly { id: string }[], state: CaptureState) =>
      id !== "" && state.track !== null && state.deviceId !== id && present.some((one) => one.id === id);
    const isMicrophoneBack = isBack(this.#microphoneId.value, microphones, this.microphone.value);
    const isCameraBack = !this.#side.value && isBack(this.#cameraId.value, cameras, this.camera.value);
    await Promise.all([isMicrophoneBack && this.#microphone.reopen(), isCameraBack && this.#camera.reopen()]);
  }

  /** The chosen devices and no others; when one of them is gone, what there is, so that no call stops for that. */
  async #ask(kinds: Wish): Promise<MediaStream> {
    if (!this.media) throw new TypeError("no media devices");
    const hasChosen =
      (kinds.microphone && this.#microphoneId.value) || (kinds.camera && this.#cameraId.value);
    try {
      return await this.media.getUserMedia(this.#constraints(kinds, "exact"));
    } catch (error) {
      if (!hasChosen || problemOf("camera", error).kind !== "missing") throw error;
      return await this.media.getUserMedia(this.#constraints(kinds, "ideal"));
    }
  }

  #constraints(kinds: Wish, firmness: Firmness): MediaStreamConstraints {
    const camera = {
      deviceId: this.#cameraId.value,
      side: this.#side.value,
      quality: this.#quality.value,
      firmness,
    };
    return {
      ...(kinds.microphone ? { audio: microphoneConstraints(this.#microphoneId.value, firmness) } : {}),
      ...(kinds.camera ? { video: cameraConstraints(camera) } : {}),
    };
  }
}

function one(stream: MediaStream): MediaStreamTrack {
  const [track] = stream.getTracks();
  if (!track) throw new DOMException("no track", "NotFoundError");
  return track;
}
