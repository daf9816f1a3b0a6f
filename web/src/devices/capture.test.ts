import { beforeEach, describe, expect, it, vi } from "vitest";
import { Capture } from "./capture";

class FakeTrack extends EventTarget {
  enabled = true;
  isStopped = false;
  constructor(readonly deviceId: string) {
    super();
  }
  stop() {
    this.isStopped = true;
  }
  getSettings() {
    return { deviceId: this.deviceId };
  }
  end() {
    this.dispatchEvent(new Event("ended"));
  }
}

let opened: FakeTrack[];
let open: ReturnType<typeof vi.fn<() => Promise<MediaStreamTrack>>>;
const unplugged = vi.fn();

beforeEach(() => {
  opened = [];
  open = vi.fn(() => {
    const track = new FakeTrack(`device-${opened.length}`);
    opened.push(track);
    return Promise.resolve(track as unknown as MediaStreamTrack);
  });
  unplugged.mockReset();
});

const make = (kind: "microphone" | "camera") =>
  new Capture({ kind, open, keepsRunning: kind === "microphone", onUnplugged: unplugged });
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("a captured device", () => {
  it("is opened when wanted; a camera is released when not, a microphone only falls silent", async () => {
    const camera = make("camera");
    await camera.want(true);
    expect(camera.state.value).toMatchObject({ isWanted: true, deviceId: "device-0", problem: null });
    await camera.want(false);
    expect(opened[0]?.isStopped).toBe(true);
    expect(camera.state.value.track).toBeNull();

    const microphone = make("microphone");
    await microphone.want(true);
    await microphone.want(false);
    expect(opened[1]).toMatchObject({ isStopped: false, enabled: false });
    await microphone.want(true);
    expect(opened[1]).toMatchObject({ enabled: true });
    expect(open).toHaveBeenCalledTimes(2);
  });

  it("ends as last wished when wishes come faster than the device", async () => {
    const camera = make("camera");
    void camera.want(true);
    void camera.want(false);
    void camera.want(true);
    await camera.want(false);
    expect(camera.state.value.track).toBeNull();
    expect(opened.every((track) => track.isStopped)).toBe(true);
  });

  it("is let go for good when it is stopped while it is being opened", async () => {
    const microphone = make("microphone");
    const opening = microphone.want(true);
    microphone.stop();
    await opening;
    expect(opened.map((track) => track.isStopped)).toEqual([true]);
    expect(microphone.state.value).toMatchObject({ isWanted: false, track: null, isOpening: false });

    const again = microphone.want(true);
    microphone.stop();
    await Promise.all([again, microphone.want(true)]);
    expect(opened.map((track) => track.isStopped)).toEqual([true, true, false]);
    expect(microphone.state.value).toMatchObject({ isWanted: true, deviceId: "device-2" });
  });

  it("tells no problem of an opening that was stopped", async () => {
    open.mockRejectedValueOnce(Object.assign(new Error(), { name: "NotReadableError" }));
    const camera = make("camera");
    const opening = camera.want(true);
    camera.stop();
    await opening;
    expect(camera.state.value).toMatchObject({ isWanted: false, problem: null, isOpening: false });
  });

  it("is replaced by another choice without a gap", async () => {
    const camera = make("camera");
    await camera.want(true);
    await camera.reopen();
    expect(camera.state.value.deviceId).toBe("device-1");
    expect(opened.map((track) => track.isStopped)).toEqual([true, false]);
  });

  it("says what stood in the way, and tries again when asked", async () => {
    open.mockRejectedValueOnce(Object.assign(new Error(), { name: "NotReadableError" }));
    const camera = make("camera");
    await camera.want(true);
    expect(camera.state.value).toMatchObject({
      isWanted: false,
      track: null,
      problem: { device: "camera", kind: "in_use" },
    });
    await camera.want(true);
    expect(camera.state.value).toMatchObject({ isWanted: true, problem: null });
  });

  it("falls back to another device when it is unplugged", async () => {
    const microphone = make("microphone");
    await microphone.want(true);
    opened[0]?.end();
    await settled();
    expect(microphone.state.value.deviceId).toBe("device-1");
    expect(unplugged).toHaveBeenCalledWith(true);
  });

  it("says that it is unplugged when there is no other", async () => {
    const microphone = make("microphone");
    await microphone.want(true);
    open.mockRejectedValue(Object.assign(new Error(), { name: "NotFoundError" }));
    opened[0]?.end();
    await settled();
    expect(microphone.state.value).toMatchObject({ track: null, problem: { kind: "unplugged" } });
    expect(unplugged).toHaveBeenCalledWith(false);
  });

  it("takes over a track that was opened elsewhere", async () => {
    const track = new FakeTrack("elsewhere");
    const camera = make("camera");
    await camera.adopt(track as unknown as MediaStreamTrack, true);
    expect(camera.state.value).toMatchObject({ isWanted: true, deviceId: "elsewhere" });
    expect(open).not.toHaveBeenCalled();
    const refused = new FakeTrack("refused");
    await make("camera").adopt(refused as unknown as MediaStreamTrack, false);
    expect(refused.isStopped).toBe(true);
  });
});
