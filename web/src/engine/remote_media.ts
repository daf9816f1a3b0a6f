// From LiveKit's participants to the plain values of the port.
import { ConnectionQuality, Track } from "livekit-client";
import type { RemoteParticipant, Room } from "livekit-client";
import type { RemoteMedia, RemoteTrack, Source } from "./media_engine";

const SOURCES: readonly [Source, Track.Source][] = [
  ["microphone", Track.Source.Microphone],
  ["camera", Track.Source.Camera],
  ["screen_share", Track.Source.ScreenShare],
  ["screen_share_audio", Track.Source.ScreenShareAudio],
];

export function liveKitSource(source: Source): Track.Source {
  return SOURCES.find(([ours]) => ours === source)?.[1] ?? Track.Source.Unknown;
}

export function ourSource(source: Track.Source): Source | null {
  return SOURCES.find(([, theirs]) => theirs === source)?.[0] ?? null;
}

export function readRemotes(room: Room): ReadonlyMap<string, RemoteMedia> {
  return new Map(
    [...room.remoteParticipants.values()].map((participant) => [
      participant.identity,
      readRemote(participant),
    ]),
  );
}

function readRemote(participant: RemoteParticipant): RemoteMedia {
  const tracks: Partial<Record<Source, RemoteTrack>> = {};
  for (const [ours, theirs] of SOURCES) {
    const publication = participant.getTrackPublication(theirs);
    if (!publication) continue;
    const { width, height } = publication.dimensions ?? { width: 0, height: 0 };
    tracks[ours] = {
      id: publication.trackSid,
      isMuted: publication.isMuted,
      receivedId: publication.track?.mediaStreamTrack.id ?? null,
      aspectRatio: width > 0 && height > 0 ? width / height : null,
    };
  }
  return {
    identity: participant.identity,
    name: participant.name || participant.identity,
    tracks,
    isWeak: participant.connectionQuality === ConnectionQuality.Poor,
    joinedAt_ms: participant.joinedAt?.getTime() ?? 0,
  };
}
