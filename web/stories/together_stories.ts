// Being together: hands, reactions, the spotlight and one presenter at a time.
import { FIVE, INGRID, KOFI, LEILA, MEI, SAMUEL, TOMAS, crowd, inside } from "./cast";
import type { Story, StoryPerson } from "./cast";
import type { FakeRoom } from "./fake_room";

const raised = (minute: number) => ({ hand_at: new Date(Date.now() - (5 - minute) * 60_000).toISOString() });
/** Hands in another order than the tiles, one away, one on the phone. */
const TOGETHER: StoryPerson[] = [
  KOFI,
  { ...LEILA, state: raised(2) },
  { ...TOMAS, state: raised(1) },
  { ...MEI, state: { standing: "away" } },
  { ...INGRID, state: { standing: "on_phone" } },
];
const ONLY_LOOKING = {
  microphone: true,
  camera: true,
  screen_share: true,
  chat: true,
  private_chat: true,
  reactions: false,
  rename: true,
};

/** What is shown for three seconds only is done when a picture is about to be taken. */
const later = (act: (room: FakeRoom) => void) =>
  inside((_call, room) => {
    window.setTimeout(() => act(room), 1_500);
  });

export const togetherStories: Readonly<Record<string, Story>> = {
  hands: { others: TOGETHER, yourState: raised(3), speaks: "Kofi Mensah", play: inside() },
  "hands-people": {
    others: TOGETHER,
    yourRole: "host",
    room: { one_presenter: true, presenter_id: "p0", spotlight: ["p0"] },
    play: inside((call) => call.togglePanel("people")),
  },
  reactions: {
    others: FIVE,
    play: later((room) =>
      room.react([0, "clap"], [1, "heart"], [2, "laugh"], [3, "surprise"], [4, "celebrate"]),
    ),
  },
  "reactions-elsewhere": {
    others: crowd(40),
    play: later((room) => room.react([0, "clap"], [36, "clap"], [37, "clap"], [38, "agree"], [39, "clap"])),
  },
  came: {
    others: FIVE.slice(0, 3),
    play: later((room) => room.come("Maximiliane von Hohenlohe")),
  },
  picker: { others: FIVE, play: inside((call) => call.together.reactions.setPickerOpen(true)) },
  "no-reactions": { others: FIVE, room: { rights: ONLY_LOOKING }, play: inside() },
  spotlight: { others: FIVE, room: { spotlight: ["p1"] }, speaks: "Leila Haddad", play: inside() },
  "spotlight-share": {
    others: [...FIVE, SAMUEL],
    presents: "Tomás Ferreira",
    room: { spotlight: ["p1"] },
    play: inside(),
  },
  "presenter-taken": {
    others: FIVE,
    room: { one_presenter: true, presenter_id: "p1" },
    play: inside((call) => call.together.presenting.toggle()),
  },
  "presenter-handed": { others: FIVE, room: { one_presenter: true, presenter_id: "you" }, play: inside() },
  "notices-dialog": { others: FIVE, play: inside((call) => call.together.openDialog("notices")) },
  "speaking-time": {
    others: FIVE,
    yourRole: "host",
    speaks: "Kofi Mensah",
    play: inside((call) => {
      window.setTimeout(() => call.together.openDialog("speaking_time"), 2_000);
    }),
  },
};
