// Every word of the call page, in English. Short, concrete, kind: what happened, what it means, what to do.
import { arrivingEn } from "./arriving.en";
import { callEn } from "./call.en";
import { chatEn } from "./chat.en";
import { connectionEn } from "./connection.en";
import { devicesEn } from "./devices.en";
import { hostEn } from "./host.en";
import { noticesEn } from "./notices.en";
import { peopleEn } from "./people.en";
import { togetherEn } from "./together.en";

export const en = {
  "app.home": "Palaver",
  "app.main": "Main",
  "app.skip": "Skip to call controls",
  "app.close": "Close",
  "app.opening": "Opening…",
  "app.crashed.title": "The page stopped working",
  "app.crashed.body": "Loading it again brings you back to the same meeting.",
  "app.crashed.reload": "Load again",

  "page.title": "{title} · Palaver",
  "page.title.waiting": "At the door · {title} · Palaver",
  "page.title.letIn": "You are in · {title} · Palaver",
  "page.title.knocks": "({count}) {title} · Palaver",

  ...arrivingEn,
  ...devicesEn,
  ...callEn,
  ...connectionEn,
  ...peopleEn,
  ...togetherEn,
  ...chatEn,
  ...hostEn,
  ...noticesEn,
} as const;
