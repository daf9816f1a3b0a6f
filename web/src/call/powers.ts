// What a moderator may do to somebody: the same rules as the room's, so that no menu offers what would be refused.
import type { Participant, Role } from "../wire/live.gen";
import { isHostRole, isModerator } from "./person";
import type { Person } from "./person";

export type Power =
  | "mute"
  | "ask_to_unmute"
  | "stop_camera"
  | "stop_sharing"
  | "lower_hand"
  | "spotlight"
  | "rename"
  | "make_host"
  | "make_co_host"
  | "make_member"
  | "make_viewer"
  | "remove"
  | "ban";

type Media = Pick<Person, "microphone" | "pictureId" | "screen">;

const RANKS: Partial<Record<Role, number>> = { owner: 3, host: 2, co_host: 1 };
const rankOf = (role: Role): number => RANKS[role] ?? 0;
/** Whoever only acts as host is protected by what they are themselves, which is a co-host at most. */
const ownRank = (person: Participant): number => (person.is_acting ? 1 : rankOf(person.role));

export function powersOver(you: Participant, them: Participant, media: Media): ReadonlySet<Power> {
  const powers = new Set<Power>();
  if (!isModerator(you.role) || you.participant_id === them.participant_id) return powers;
  const gap = rankOf(you.role) - ownRank(them);
  powers.add("spotlight");
  if (media.microphone !== "on") powers.add("ask_to_unmute");
  if (gap >= 0) {
    if (media.microphone === "on") powers.add("mute");
    if (media.pictureId !== null) powers.add("stop_camera");
    if (media.screen) powers.add("stop_sharing");
    if (them.hand_at !== null) powers.add("lower_hand");
    powers.add("rename");
    for (const power of rolePowers(you, them)) powers.add(power);
  }
  if (gap > 0) {
    powers.add("remove");
    if (isHostRole(you.role) && !you.is_acting) powers.add("ban");
  }
  return powers;
}

function rolePowers(you: Participant, them: Participant): Power[] {
  if (!isHostRole(you.role) || them.role === "owner") return [];
  const isPlain = them.role === "member" || them.role === "guest";
  // What an acting host was before, the room knows alone.
  const role = them.is_acting ? null : them.role;
  const given: (Power | false)[] = [
    them.is_signed_in && !you.is_acting && role !== "host" && "make_host",
    them.is_signed_in && role !== "co_host" && "make_co_host",
    !isPlain && "make_member",
    role !== "viewer" && "make_viewer",
  ];
  return given.filter((power) => power !== false);
}

export const ROLE_GIVEN = {
  make_host: "host",
  make_co_host: "co_host",
  make_member: "member",
  make_viewer: "viewer",
} as const satisfies Partial<Record<Power, Role>>;
