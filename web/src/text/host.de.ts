// The words of the host controls, in German.
import type { hostEn } from "./host.en";
import type { Catalogue } from "./translate";

export const hostDe: Pick<Catalogue, keyof typeof hostEn> = {
  "host.title": "Steuerung für Gastgeber",
  "host.close": "Steuerung schließen",
  "host.door": "Wer hereinkommt",
  "host.lock": "Besprechung abschließen",
  "host.lock.help": "Niemand Neues kommt herein, auch nicht zum Warten.",
  "host.waiting": "Wer vor der Tür wartet",
  "host.waiting.nobody": "Niemand",
  "host.waiting.guests": "Gäste",
  "host.waiting.everyone": "Alle",
  "host.waiting.help": "Gastgeber und Vertraute kommen ohne Warten herein.",
  "host.rights": "Was alle dürfen",
  "host.rights.help": "Gastgeber und Mitgastgeber dürfen es immer.",
  "host.right.microphone": "Sprechen",
  "host.right.camera": "Kamera einschalten",
  "host.right.screen_share": "Bildschirm teilen",
  "host.right.chat": "Im Chat schreiben",
  "host.right.private_chat": "Einer Person schreiben",
  "host.right.reactions": "Reagieren",
  "host.right.rename": "Den eigenen Namen ändern",
  "host.onePresenter": "Nur ein geteilter Bildschirm zur Zeit",
  "host.quiet": "Ruhe",
  "host.muteAll.help":
    "Gastgeber bleiben, wie sie sind. Mit „so bleibt es“ können nur Gastgeber das Sprechen wieder erlauben.",
  "host.lowerAll": "Alle Hände senken",
  "host.suspend": "Alles anhalten…",
  "host.suspend.title": "Alles anhalten?",
  "host.suspend.body":
    "Ton, Bild, geteilte Bildschirme und Schreiben halten für alle an, die nicht Gastgeber sind, und niemand kommt herein. Ein Druck lässt es weitergehen, wie es war.",
  "host.suspend.confirm": "Anhalten",
  "host.settings": "Einstellungen dieser Besprechung",
  "host.settings.help": "Sie gelten für jedes Mal; was du hier änderst, gilt für heute.",
};
