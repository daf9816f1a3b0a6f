import { KOFI, LEILA, TOMAS, MEI, SAMUEL, RAVI, FIVE, crowd, inside } from "./cast";
import type { Story } from "./cast";
import { chatStories } from "./chat_stories";
import { connectionStories } from "./connection_stories";
import { doorStories } from "./door_stories";
import { togetherStories } from "./together_stories";

export const stories: Readonly<Record<string, Story>> = {
  green: {
    others: [KOFI, LEILA, TOMAS, MEI],
    play: (call) => call.local.allow({ microphone: true, camera: true }),
  },
  ask: { others: [KOFI, LEILA] },
  "no-devices": {
    others: [],
    hasDevices: false,
    play: (call) => call.local.allow({ microphone: true, camera: true }),
  },
  grid: { others: FIVE, speaks: "Kofi Mensah", play: inside() },
  many: { others: crowd(30), speaks: "Person 3 with a rather long name", play: inside() },
  pair: { others: [LEILA], speaks: "Leila Haddad", play: inside() },
  alone: { others: [], yourRole: "host", play: inside() },
  speaker: {
    others: [...FIVE, RAVI],
    speaks: "Leila Haddad",
    play: inside((call) => call.stage.setMode("speaker")),
  },
  people: {
    others: [...FIVE, SAMUEL, RAVI],
    yourRole: "host",
    speaks: "Kofi Mensah",
    play: inside((call) => call.togglePanel("people")),
  },
  info: { others: FIVE, play: inside((call) => call.togglePanel("info")) },
  share: { others: [...FIVE, SAMUEL], presents: "Tomás Ferreira", speaks: "Leila Haddad", play: inside() },
  pinned: {
    others: [...FIVE, SAMUEL],
    presents: "Tomás Ferreira",
    play: inside((call) => {
      const leila = call.people.value.find((person) => person.name === "Leila Haddad");
      if (leila) call.pin(leila);
    }),
  },
  muted: {
    others: FIVE,
    play: inside((call) => {
      void call.local.setMicrophone(false);
      void call.local.setCamera(false);
    }),
  },
  external: {
    others: [KOFI, { name: "python-bot", picture: "jonas", isExternal: true }, SAMUEL],
    play: inside(),
  },
  reconnecting: { others: FIVE, play: inside((_call, room) => room.cut()) },
  toast: {
    others: FIVE,
    play: inside((call) => {
      call.toasts.show({
        icon: "microphone-off",
        title: { key: "toast.gone.microphone" },
        body: { key: "toast.gone.microphone.body" },
      });
    }),
  },
  shortcuts: { others: FIVE, play: inside((call) => call.openDialog("shortcuts")) },
  end: { others: FIVE, yourRole: "host", play: inside((call) => call.openDialog("end_for_all")) },
  left: { others: FIVE, play: inside((call) => call.leave()) },
  ended: { others: FIVE, play: inside((_call, room) => room.close("ended_by_host", 4410, "Kofi Mensah")) },
  removed: { others: FIVE, play: inside((_call, room) => room.close("removed", 4411, "Kofi Mensah")) },
  taken: { others: FIVE, play: inside((_call, room) => room.close("taken_over", 4409, null)) },
  here: {
    others: FIVE,
    play: (call, room) => {
      room.refuse("already_here");
      call.join({ name: "Amina" });
    },
  },
  ...chatStories,
  ...connectionStories,
  ...doorStories,
  ...togetherStories,
};
