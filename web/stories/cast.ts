// Who plays in the stories, and how somebody gets into the call.
import type { Call } from "../src/call/call";
import type { FakeEngine } from "./fake_engine";
import type { Preview } from "../src/wire/page";
import type { ChatPage, Participant, Role, Room, WaitingPerson, WaitingStatus } from "../src/wire/live.gen";
import type { FakeRoom } from "./fake_room";

export interface StoryPerson {
  name: string;
  /** The drawing that is their picture; without one their camera is off. */
  picture?: string;
  role?: Role;
  handAgo_s?: number;
  isMuted?: boolean;
  isWeak?: boolean;
  isReconnecting?: boolean;
  isExternal?: boolean;
  state?: Partial<Participant>;
}

export interface Story {
  others: readonly StoryPerson[];
  yourRole?: Role;
  room?: Partial<Room>;
  preview?: Partial<Preview>;
  waiting?: readonly (Partial<WaitingPerson> & { name: string })[];
  atTheDoor?: { note: string; status: WaitingStatus };
  speaks?: string;
  presents?: string;
  hasDevices?: boolean;
  yourState?: Partial<Participant>;
  /** What was written, or why nothing of it can be seen. */
  chat?: Partial<ChatPage> | "loading" | "failed";
  play?: Play;
}

export type Play = (call: Call, room: FakeRoom, engine: FakeEngine) => void | Promise<void>;

export const KOFI: StoryPerson = { name: "Kofi Mensah", picture: "kofi", role: "host" };
export const LEILA: StoryPerson = { name: "Leila Haddad", picture: "leila" };
export const TOMAS: StoryPerson = { name: "Tomás Ferreira", picture: "tomas", isMuted: true };
export const MEI: StoryPerson = { name: "Mei-Ling Wu", picture: "mei", role: "guest" };
export const INGRID: StoryPerson = {
  name: "Ingrid Sørensen",
  picture: "ingrid",
  isWeak: true,
  isMuted: true,
};
export const SAMUEL: StoryPerson = { name: "Samuel Adeyemi", isMuted: true };
export const RAVI: StoryPerson = { name: "Ravi Pillai", picture: "ravi", isReconnecting: true };
export const FIVE = [KOFI, LEILA, TOMAS, MEI, INGRID];
export const crowd = (count: number): StoryPerson[] =>
  Array.from({ length: count }, (_, index) => ({
    ...([KOFI, LEILA, TOMAS, MEI, INGRID, SAMUEL, RAVI][index % 7] ?? KOFI),
    name: `Person ${index + 1} with a rather long name`,
  }));

export const inside =
  (then?: Play): Play =>
  async (call, room, engine) => {
    await call.local.allow({ microphone: true, camera: true });
    call.join({ name: "Amina Diallo" });
    window.setTimeout(() => void then?.(call, room, engine), 300);
  };
