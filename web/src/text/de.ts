// Every word of the call page, in German. It says du, as the other pages do.
import { arrivingDe } from "./arriving.de";
import { callDe } from "./call.de";
import { chatDe } from "./chat.de";
import { connectionDe } from "./connection.de";
import { devicesDe } from "./devices.de";
import { hostDe } from "./host.de";
import { noticesDe } from "./notices.de";
import { peopleDe } from "./people.de";
import { togetherDe } from "./together.de";
import type { Catalogue } from "./translate";

export const de: Catalogue = {
  "app.home": "Palaver",
  "app.main": "Hauptmenü",
  "app.skip": "Zur Steuerung der Besprechung springen",
  "app.close": "Schließen",
  "app.opening": "Wird geöffnet…",
  "app.crashed.title": "Die Seite geht nicht mehr",
  "app.crashed.body": "Lade sie neu, dann bist du wieder in derselben Besprechung.",
  "app.crashed.reload": "Neu laden",

  "page.title": "{title} · Palaver",
  "page.title.waiting": "Vor der Tür · {title} · Palaver",
  "page.title.letIn": "Du bist drin · {title} · Palaver",
  "page.title.knocks": "({count}) {title} · Palaver",

  ...arrivingDe,
  ...devicesDe,
  ...callDe,
  ...connectionDe,
  ...peopleDe,
  ...togetherDe,
  ...chatDe,
  ...hostDe,
  ...noticesDe,
};
