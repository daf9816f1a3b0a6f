import { signal } from "@preact/signals-core";
import { beforeEach, describe, expect, it } from "vitest";
import { browserChoices } from "./choices";
import type { DeviceList } from "./device_list";
import { LocalMedia } from "./local_media";

class FakeTrack extends EventTarget {
  enabled = true;
  isStopped = false;
  constructor(readonly kind: "audio" | "video") {
    super();
  }
  stop() {
    this.isStopped = true;
  }
  getSettings() {
    return { deviceId: `a-${this.kind}` };
  }
}

/** Asks a person, who takes their time: each question waits until the test answers it. */
class FakeDevices extends EventTarget {
  readonly tracks: FakeTrack[] = [];
  readonly questions: { kinds: string; yes: () => void; no: (name: string) => void }[] = [];

  getUserMedia({ audio, video }: MediaStreamConstraints): Promise<MediaStream> {
    const kinds = [audio && "audio", video && "video"].filter(Boolean) as ("audio" | "video")[];
    return new Promise((resolve, reject) => {
      this.questions.push({
        kinds: kinds.join("+"),
        yes: () => {
          const given = kinds.map((kind) => new FakeTrack(kind));
          this.tracks.push(...given);
          resolve({ getTracks: () => given } as unknown as MediaStream);
        },
        no: (name) => reject(Object.assign(new Error(), { name })),
      });
    });
  }
}

const BOTH = { microphone: true, camera: true };
const settled = () => new Promise((resolve) => setTimeout(resolve));

let devices: FakeDevices;
let local: LocalMedia;
let choices: ReturnType<typeof browserChoices>;

beforeEach(() => {
  devices = new FakeDevices();
  choices = browserChoices(() => {
    throw new Error("no storage");
  });
  const list: DeviceList = {
    devices: signal({ microphones: [], cameras: [], speakers: [] }),
    refresh: () => Promise.resolve(),
  };
  local = new LocalMedia(devices as unknown as MediaDevices, list, choices, {
    onUnplugged: () => undefined,
  });
});

const areOn = () => [local.microphone.value.isWanted, local.camera.value.isWanted];

describe("asking for camera and microphone", () => {
  it("is one question, answered for both", async () => {
    const allowed = local.allow(BOTH);
    expect(devices.questions.map((one) => one.kinds)).toEqual(["audio+video"]);
    devices.questions[0]?.yes();
    await allowed;
    expect(areOn()).toEqual([true, true]);
  });

  it("opens nothing when all was switched off before the answer", async () => {
    const allowed = local.allow(BOTH);
    local.stopAll();
    devices.questions[0]?.yes();
    await allowed;
    expect(devices.tracks.map((track) => track.isStopped)).toEqual([true, true]);
    expect(areOn()).toEqual([false, false]);
    expect(local.microphone.value.track).toBeNull();
  });

  it("asks for none of them one by one when all was switched off before a no", async () => {
    const allowed = local.allow(BOTH);
    local.stopAll();
    devices.questions[0]?.no("NotFoundError");
    await allowed;
    expect(devices.questions).toHaveLength(1);
    expect(local.camera.value.problem).toBeNull();
  });

  it("heeds a switch that was pressed before the answer", async () => {
    const allowed = local.allow(BOTH);
    await local.setCamera(false);
    devices.questions[0]?.yes();
    await allowed;
    expect(areOn()).toEqual([true, false]);
    expect(devices.tracks.map((track) => track.isStopped)).toEqual([false, true]);
  });

  it("remembers what is asked for as wished, also before the answer", () => {
    void local.allow({ microphone: true, camera: false });
    local.remember();
    expect(choices.read()).toMatchObject({ isMicrophoneOn: true, isCameraOn: false });
    local.stopAll();
    local.remember();
    expect(choices.read()).toMatchObject({ isMicrophoneOn: false, isCameraOn: false });
  });

  it("tries each that is wished for when one of them is missing, and no other", async () => {
    const allowed = local.allow({ microphone: false, camera: true });
    devices.questions[0]?.no("NotFoundError");
    await settled();
    expect(devices.questions.slice(1).map((one) => one.kinds)).toEqual(["video"]);
    devices.questions[1]?.yes();
    await allowed;
    expect(areOn()).toEqual([false, true]);
  });
});
