import { signal } from "@preact/signals-core";
import { beforeEach, describe, expect, it } from "vitest";
import { browserChoices } from "./choices";
import type { DeviceList } from "./device_list";
import { LocalMedia } from "./local_media";

class FakeTrack extends EventTarget {
  enabled = true;
  isStopped = false;
  constructor(
    readonly kind: "audio" | "video",
    readonly deviceId: string,
  ) {
    super();
  }
  stop() {
    this.isStopped = true;
  }
  getSettings() {
    return { deviceId: this.deviceId };
  }
}

/** Asks a person, who takes their time: each question waits until the test answers it. */
class FakeDevices extends EventTarget {
  readonly tracks: FakeTrack[] = [];
  readonly questions: {
    kinds: string;
    ids: (ConstrainDOMString | undefined)[];
    yes: (opens?: string) => void;
    no: (name: string) => void;
  }[] = [];

  getUserMedia({ audio, video }: MediaStreamConstraints): Promise<MediaStream> {
    const ids = [audio, video].filter((one) => typeof one === "object").map((one) => one.deviceId);
    const kinds = [audio && "audio", video && "video"].filter(Boolean) as ("audio" | "video")[];
    return new Promise((resolve, reject) => {
      this.questions.push({
        kinds: kinds.join("+"),
        ids,
        yes: (opens = "default") => {
          const given = kinds.map((kind) => new FakeTrack(kind, opens));
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
    devices: signal({ microphones: [{ id: "headset", label: "Headset" }], cameras: [], speakers: [] }),
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

describe("the chosen device", () => {
  it("is asked for exactly: a browser may take a wish for none", async () => {
    const chosen = local.choose("microphone", "headset");
    void local.setMicrophone(true);
    expect(devices.questions[0]?.ids).toEqual([{ exact: "headset" }]);
    devices.questions[0]?.yes("headset");
    await chosen;
    await settled();
    expect(local.microphone.value.deviceId).toBe("headset");
  });

  it("is replaced by what there is when it is gone", async () => {
    await local.choose("microphone", "gone");
    const opening = local.setMicrophone(true);
    devices.questions[0]?.no("OverconstrainedError");
    await settled();
    expect(devices.questions[1]?.ids).toEqual([{ ideal: "gone" }]);
    devices.questions[1]?.yes();
    await opening;
    expect(local.microphone.value).toMatchObject({ isWanted: true, deviceId: "default", problem: null });
    expect(choices.read().microphoneId).toBe("gone");
  });

  it("is taken as soon as it is found to be there, when the other of the two was gone", async () => {
    await Promise.all([local.choose("microphone", "headset"), local.choose("camera", "gone")]);
    const allowed = local.allow(BOTH);
    devices.questions[0]?.no("OverconstrainedError");
    await settled();
    devices.questions[1]?.yes();
    await settled();
    expect(devices.questions[2]).toMatchObject({ kinds: "audio", ids: [{ exact: "headset" }] });
    devices.questions[2]?.yes("headset");
    await allowed;
    expect(local.microphone.value.deviceId).toBe("headset");
    expect(areOn()).toEqual([true, true]);
  });
});
