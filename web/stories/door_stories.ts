// The door from both sides, and what keeping order looks like.
import { FIVE, inside } from "./cast";
import type { Play, Story, StoryPerson } from "./cast";
import { entry, press } from "./press";

const RIGHTS_OFF = {
  microphone: false,
  camera: true,
  screen_share: false,
  chat: true,
  private_chat: false,
  reactions: true,
  rename: true,
};
const ZOLA = { name: "Zola Nkosi", note: "I’m the new librarian" };
const RUTH = { name: "Dr. Ruth Klein" };
const LOST = { name: "Abdul Karim", is_connected: false };
const TEAM: StoryPerson[] = FIVE.map((person, index) => ({
  ...person,
  ...(index === 1 ? { role: "co_host" as const, handAgo_s: 130 } : {}),
  ...(index === 3 ? { handAgo_s: 40 } : {}),
  ...(index === 4 ? { role: "viewer" as const } : {}),
}));

const atTheDoor: Play = async (call) => {
  await call.local.allow({ microphone: true, camera: true });
  void call.local.setMicrophone(false);
  call.join({ name: "Zola Nkosi" });
};
const moreFor = (name: string) => () =>
  document.querySelector<HTMLElement>(`.panel [aria-label="More for ${name}"]`);
const people: Play = (call) => call.togglePanel("people");
const menuOf = (name: string): Play =>
  inside((call) => {
    call.togglePanel("people");
    press(moreFor(name));
  });
const dialogOf = (name: string, label: string): Play =>
  inside((call) => {
    call.togglePanel("people");
    press(moreFor(name), () => press(entry(label)));
  });

export const doorStories: Readonly<Record<string, Story>> = {
  "green-waits": {
    others: [],
    preview: { inside: null, waits: true, signed_in: false },
    play: (call) => call.local.allow({ microphone: true, camera: true }),
  },
  "green-password": {
    others: [],
    preview: { inside: null, may_join: false, reason: "password_required" },
    play: async (call, room) => {
      await call.local.allow({ microphone: true, camera: true });
      room.refuse("password_wrong");
      call.join({ name: "Amina Diallo", password: "acorn" });
    },
  },
  "green-locked": {
    others: [],
    preview: { inside: null, may_join: false, reason: "meeting_locked" },
    play: (call) => call.local.allow({ microphone: true, camera: true }),
  },
  "green-banned": { others: [], preview: { inside: null, may_join: false, reason: "banned" } },
  door: { others: [], atTheDoor: { note: "", status: "asked" }, play: atTheDoor },
  "door-unanswered": {
    others: [],
    atTheDoor: { note: "I’m the new librarian", status: "unanswered" },
    play: atTheDoor,
  },
  "door-cut": {
    others: [],
    atTheDoor: { note: "", status: "asked" },
    play: async (call, room, engine) => {
      await atTheDoor(call, room, engine);
      window.setTimeout(() => room.cut(), 300);
    },
  },
  denied: { others: FIVE, play: inside((_call, room) => room.close("denied", 4414, null)) },
  banned: { others: FIVE, play: inside((_call, room) => room.close("banned", 4412, "Kofi Mensah")) },
  knock: { others: FIVE, yourRole: "host", waiting: [ZOLA], play: inside() },
  knocks: { others: FIVE, yourRole: "co_host", waiting: [RUTH, ZOLA, LOST], play: inside() },
  "people-door": { others: TEAM, yourRole: "host", waiting: [RUTH, ZOLA, LOST], play: inside(people) },
  "deny-all": {
    others: TEAM,
    yourRole: "host",
    waiting: [RUTH, ZOLA, LOST],
    play: inside((call) => {
      call.togglePanel("people");
      press(() => document.querySelector<HTMLElement>(".sect.waiting .head .btn"));
    }),
  },
  "people-member": { others: TEAM, play: inside(people) },
  "people-menu": { others: TEAM, yourRole: "owner", play: menuOf("Tomás Ferreira") },
  ban: { others: TEAM, yourRole: "owner", play: dialogOf("Mei-Ling Wu", "Ban") },
  "rename-other": { others: TEAM, yourRole: "owner", play: dialogOf("Tomás Ferreira", "Rename") },
  host: {
    others: TEAM,
    yourRole: "owner",
    room: { rights: RIGHTS_OFF, waiting_room: "guests" },
    play: inside((call) => call.togglePanel("host")),
  },
  suspend: { others: TEAM, yourRole: "host", play: inside((call) => call.openDialog("suspend")) },
  "suspended-host": { others: TEAM, yourRole: "host", room: { is_suspended: true }, play: inside() },
  suspended: { others: TEAM, room: { is_suspended: true }, play: inside() },
  viewer: { others: TEAM, yourRole: "viewer", play: inside() },
  stopped: {
    others: TEAM,
    play: inside((_call, room) =>
      room.tell({ kind: "stopped_by", source: "microphone", by: "Kofi Mensah", may_resume: true }),
    ),
  },
  asked: {
    others: TEAM,
    play: inside((call, room) => {
      void call.local.setMicrophone(false);
      room.tell({ kind: "asked_to_unmute", by: "Kofi Mensah" });
    }),
  },
};
