// A person as the screen needs them: what the live room says, joined with what the engine receives.
import type { CaptureState } from "../devices/capture";
import type { RemoteMedia } from "../engine/media_engine";
import type { Participant, Role, Snapshot, Tone, You } from "../wire/live.gen";

export interface Person {
  /** The participant id; for somebody who came by the media server's own key, the identity. */
  key: string;
  identity: string;
  name: string;
  isYou: boolean;
  /** `null` for somebody whom the live room does not know. */
  role: Role | null;
  isSignedIn: boolean;
  tone: Tone;
  /** The picture that stands in for them while their camera is off; initials without it. */
  avatarUrl: string | null;
  microphone: "on" | "off" | "none";
  /** Names the picture that can be shown now; `null` without one. */
  pictureId: string | null;
  screen: { id: string; receivedId: string | null; aspectRatio: number } | null;
  isWeak: boolean;
  isReconnecting: boolean;
}

export interface PeopleInput {
  snapshot: Snapshot | null;
  you: You | null;
  remotes: ReadonlyMap<string, RemoteMedia>;
  /** Every identity that the live room has named during this call. */
  knownIdentities: ReadonlySet<string>;
  own: { microphone: CaptureState; camera: CaptureState; screen: MediaStreamTrack | null };
}

const TONES: readonly Tone[] = ["leaf", "lake", "indigo", "plum", "clay", "ochre"];
const DEFAULT_SCREEN_ASPECT = 16 / 9;

/** In order of arrival, those of the live room first. */
export function readPeople(input: PeopleInput): Person[] {
  const roster = Object.values(input.snapshot?.participants ?? {}).sort(byArrival);
  const people = roster.map((participant) =>
    participant.participant_id === input.you?.participant_id
      ? ownPerson(participant, input.own)
      : remotePerson(participant, input.remotes.get(participant.identity)),
  );
  // Somebody who has left the live room may linger in the engine for a moment: that is no new person.
  const external = [...input.remotes.values()]
    .filter((remote) => !input.knownIdentities.has(remote.identity))
    .sort((a, b) => a.joinedAt_ms - b.joinedAt_ms)
    .map(externalPerson);
  return [...people, ...external];
}

function byArrival(a: Participant, b: Participant): number {
  return Date.parse(a.joined_at) - Date.parse(b.joined_at) || (a.participant_id < b.participant_id ? -1 : 1);
}

function ownPerson(participant: Participant, own: PeopleInput["own"]): Person {
  const { microphone, camera, screen } = own;
  return {
    ...fromRoster(participant),
    isYou: true,
    microphone: microphone.track && microphone.isWanted ? "on" : microphone.problem ? "none" : "off",
    pictureId: camera.isWanted ? (camera.track?.id ?? null) : null,
    screen: screen && { id: screen.id, receivedId: screen.id, aspectRatio: aspectOf(screen) },
    isWeak: false,
    isReconnecting: false,
  };
}

function remotePerson(participant: Participant, remote: RemoteMedia | undefined): Person {
  return {
    ...fromRoster(participant),
    isYou: false,
    ...received(remote),
    isReconnecting: participant.presence === "reconnecting",
  };
}

function externalPerson(remote: RemoteMedia): Person {
  return {
    key: remote.identity,
    identity: remote.identity,
    name: remote.name,
    isYou: false,
    role: null,
    isSignedIn: false,
    tone: toneOf(remote.identity),
    avatarUrl: null,
    ...received(remote),
    isReconnecting: false,
  };
}

function fromRoster(participant: Participant) {
  return {
    key: participant.participant_id,
    identity: participant.identity,
    name: participant.name,
    role: participant.role,
    isSignedIn: participant.is_signed_in,
    tone: participant.tone,
    avatarUrl: participant.avatar_url ?? null,
  };
}

function received(
  remote: RemoteMedia | undefined,
): Pick<Person, "microphone" | "pictureId" | "screen" | "isWeak"> {
  const { microphone, camera, screen_share: screen } = remote?.tracks ?? {};
  return {
    microphone: microphone ? (microphone.isMuted ? "off" : "on") : "none",
    pictureId: camera && !camera.isMuted ? camera.receivedId : null,
    screen:
      screen && !screen.isMuted
        ? {
            id: screen.id,
            receivedId: screen.receivedId,
            aspectRatio: screen.aspectRatio ?? DEFAULT_SCREEN_ASPECT,
          }
        : null,
    isWeak: remote?.isWeak ?? false,
  };
}

function aspectOf(track: MediaStreamTrack): number {
  const { width, height } = track.getSettings();
  return width && height ? width / height : DEFAULT_SCREEN_ASPECT;
}

function toneOf(identity: string): Tone {
  let hash = 0;
  for (const character of identity) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return TONES[hash % TONES.length] ?? "leaf";
}

/** At most two letters: of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => Array.from(word ?? "")[0] ?? "",
  );
  return letters.join("").toLocaleUpperCase();
}

/** Whether somebody may end the meeting. */
export const isHostRole = (role: Role | null): boolean => role === "owner" || role === "host";

/** Whether somebody keeps order: lets people in, mutes, suspends. */
export const isModerator = (role: Role | null): boolean => isHostRole(role) || role === "co_host";

export const firstName = (name: string): string => name.trim().split(/\s+/u)[0] ?? name;
