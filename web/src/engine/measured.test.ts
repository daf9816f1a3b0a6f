import { describe, expect, it } from "vitest";
import { readPulse, readSize, readSoundEnergy, readWay } from "./measured";

const report = (...rows: Record<string, unknown>[]) =>
  new Map(rows.map((row) => [String(row["id"]), row])) as unknown as RTCStatsReport;
const pair = { id: "pair", type: "candidate-pair", localCandidateId: "mine" };
const transport = { id: "t", type: "transport", selectedCandidatePairId: "pair" };

describe("what the browser measures", () => {
  it("tells which way packets go", () => {
    for (const [mine, way] of [
      [{ candidateType: "host", protocol: "udp" }, "udp"],
      [{ candidateType: "prflx", protocol: "tcp" }, "tcp"],
      [{ candidateType: "relay", protocol: "udp", relayProtocol: "udp" }, "turn-udp"],
      [{ candidateType: "relay", protocol: "udp", relayProtocol: "tcp" }, "turn-tcp"],
      [{ candidateType: "relay", protocol: "udp", relayProtocol: "tls" }, "turn-tls"],
    ] as const) {
      const own = { id: "mine", type: "local-candidate", ...mine };
      expect(readWay(report(own, pair, transport))).toBe(way);
      // Firefox marks the pair itself.
      expect(readWay(report(own, { ...pair, selected: true }))).toBe(way);
    }
    expect(readWay(report(pair))).toBeNull();
    expect(readWay(undefined)).toBeNull();
  });

  it("tells whether the way is alive, where the browser counts", () => {
    const counts = { bytesReceived: 900, requestsSent: 7, responsesReceived: 5 };
    expect(readPulse(report({ ...pair, ...counts }, transport))).toEqual({ received: 900, unanswered: 2 });
    expect(readPulse(report(pair, transport))).toBeNull();
    expect(readPulse(report({ id: "t", type: "transport" }))).toBe("gone");
    expect(readPulse(undefined)).toBeNull();
  });

  it("tells the size of a picture once there is one, and what a microphone gave", () => {
    const inbound = { id: "i", type: "inbound-rtp", frameWidth: 320, frameHeight: 180 };
    expect(readSize(report(inbound))).toEqual({ width: 320, height: 180 });
    expect(readSize(report({ ...inbound, frameWidth: 0 }))).toBeNull();
    expect(readSoundEnergy(report({ id: "s", type: "media-source", totalAudioEnergy: 0.5 }))).toBe(0.5);
    expect(readSoundEnergy(report({ id: "s", type: "media-source" }))).toBeNull();
  });
});
