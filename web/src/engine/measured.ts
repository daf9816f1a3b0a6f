// What the browser itself measures, read from its statistics.
import type { RemoteParticipant } from "livekit-client";
import { Track } from "livekit-client";
import type { Measured, MeasuredPicture, Way } from "./media_engine";
import type { Pulse } from "./path_watch";
import { ourSource } from "./remote_media";

type Row = Record<string, unknown> & { id: string; type: string };

const rowsOf = (report: RTCStatsReport | undefined): Row[] =>
  report ? [...(report as unknown as ReadonlyMap<string, Row>).values()] : [];

/** The pair of addresses in use. */
function pairOf(rows: readonly Row[]): Row | undefined {
  const chosen = rows.find((row) => row.type === "transport")?.["selectedCandidatePairId"];
  return (
    rows.find((row) => row.id === chosen) ??
    // Firefox has no rows of transports.
    rows.find((row) => row.type === "candidate-pair" && row["selected"] === true)
  );
}

/** How sound and picture travel; `null` while nothing does. */
export function readWay(report: RTCStatsReport | undefined): Way | null {
  const rows = rowsOf(report);
  const pair = pairOf(rows);
  const local = rows.find((row) => row.id === pair?.["localCandidateId"]);
  if (!local) return null;
  if (local["candidateType"] !== "relay") return local["protocol"] === "tcp" ? "tcp" : "udp";
  const { relayProtocol } = local as { relayProtocol?: unknown };
  return relayProtocol === "tls" ? "turn-tls" : relayProtocol === "tcp" ? "turn-tcp" : "turn-udp";
}

/** What of the way tells whether it is alive; `null` where the browser does not say. */
export function readPulse(report: RTCStatsReport | undefined): Pulse | "gone" | null {
  const rows = rowsOf(report);
  if (rows.length === 0) return null;
  const pair = pairOf(rows);
  if (!pair) return "gone";
  const { bytesReceived: received, requestsSent: asked, responsesReceived: answered } = pair;
  if (typeof received !== "number" || typeof asked !== "number" || typeof answered !== "number") return null;
  return { received, unanswered: asked - answered };
}

/** The sum over the time that it was on; `null` when the browser does not tell. */
export function readSoundEnergy(report: RTCStatsReport | undefined): number | null {
  const source = rowsOf(report).find((row) => row.type === "media-source");
  return typeof source?.["totalAudioEnergy"] === "number" ? source["totalAudioEnergy"] : null;
}

/** Width and height of what arrives; `null` before the first picture. */
export function readSize(report: RTCStatsReport | undefined): { width: number; height: number } | null {
  const inbound = rowsOf(report).find((row) => row.type === "inbound-rtp" && row["frameWidth"]);
  if (!inbound) return null;
  return { width: Number(inbound["frameWidth"]), height: Number(inbound["frameHeight"]) };
}

export async function measure(participants: Iterable<RemoteParticipant>): Promise<Measured> {
  const pictures: MeasuredPicture[] = [];
  let way: Way | null = null;
  for (const participant of participants) {
    for (const publication of participant.trackPublications.values()) {
      const source = ourSource(publication.source);
      const { track } = publication;
      if (!source || !track) continue;
      const isPicture = publication.kind === Track.Kind.Video && !publication.isMuted;
      if (!isPicture && way !== null) continue;
      const report = await track.getRTCStatsReport();
      way ??= readWay(report);
      const size = isPicture ? readSize(report) : null;
      if (!size) continue;
      const whole = publication.dimensions ?? size;
      pictures.push({
        identity: participant.identity,
        source,
        ...size,
        wholeWidth: whole.width,
        wholeHeight: whole.height,
      });
    }
  }
  return { way, pictures };
}
