// The words of being together, in German.
import type { togetherEn } from "./together.en";
import type { Catalogue } from "./translate";

export const togetherDe: Pick<Catalogue, keyof typeof togetherEn> = {
  "page.title.missed": "({count}) {title} · Palaver",

  "command.hand": "Hand heben",
  "command.hand.short": "Hand",
  "command.react": "Reagieren",
  "command.react.short": "Reagieren",

  "tile.hand": "Hand gehoben, Nummer {count}",
  "tile.spotlight": "Im Rampenlicht",
  "people.lowerHand": "Hand senken",
  "people.handOver": "Präsentieren lassen",
  "people.handOver.take": "Präsentieren beenden",
  "people.waitsToPresent": "Möchte präsentieren",
  "people.presenter": "Präsentiert",

  "say.hand.up": "Deine Hand ist oben. Du bist Nummer {count}.",
  "say.hand.down": "Deine Hand ist unten",
  "say.hand.spoke": "Du sprichst, darum ist deine Hand unten",
  "say.hand.other": "{name} hebt die Hand",
  "say.hand.others": {
    one: "{name} und {count} weitere Person heben die Hand",
    other: "{name} und {count} weitere heben die Hand",
  },
  "toast.handLowered": "{name} hat deine Hand gesenkt",

  "react.pick": "Reaktion wählen",
  "reaction.agree": "Daumen hoch",
  "reaction.clap": "Beifall",
  "reaction.heart": "Herz",
  "reaction.laugh": "Lachen",
  "reaction.surprise": "Staunen",
  "reaction.celebrate": "Jubel",
  "react.bundle": { one: "{name} und {count} weitere Person", other: "{name} und {count} weitere" },
  "say.react.agree": "{name} stimmt zu",
  "say.react.agree.more": {
    one: "{name} und {count} weitere Person stimmen zu",
    other: "{name} und {count} weitere stimmen zu",
  },
  "say.react.clap": "{name} klatscht",
  "say.react.clap.more": {
    one: "{name} und {count} weitere Person klatschen",
    other: "{name} und {count} weitere klatschen",
  },
  "say.react.heart": "{name} schickt ein Herz",
  "say.react.heart.more": {
    one: "{name} und {count} weitere Person schicken Herzen",
    other: "{name} und {count} weitere schicken Herzen",
  },
  "say.react.laugh": "{name} lacht",
  "say.react.laugh.more": {
    one: "{name} und {count} weitere Person lachen",
    other: "{name} und {count} weitere lachen",
  },
  "say.react.surprise": "{name} staunt",
  "say.react.surprise.more": {
    one: "{name} und {count} weitere Person staunen",
    other: "{name} und {count} weitere staunen",
  },
  "say.react.celebrate": "{name} jubelt",
  "say.react.celebrate.more": {
    one: "{name} und {count} weitere Person jubeln",
    other: "{name} und {count} weitere jubeln",
  },

  "standing.title": "Dein Status",
  "standing.here": "Da",
  "standing.away": "Abwesend",
  "standing.on_phone": "Am Telefon",

  "speakingTime.command": "Redezeit",
  "speakingTime.title": "Redezeit",
  "speakingTime.since": "In diesem Fenster gezählt, seit du da bist.",
  "speakingTime.gone": "Gegangen",
  "speakingTime.none": "Noch hat niemand gesprochen.",

  "toast.spotlight": "Du bist im Rampenlicht",
  "toast.spotlight.body": "Alle sehen dich jetzt groß.",
  "say.spotlight": "{name} ist im Rampenlicht",
  "say.spotlight.over": "Das Rampenlicht ist aus",

  "toast.presenterTaken": "{name} präsentiert",
  "toast.presenterTaken.body": "Hier immer nur eine Person.",
  "toast.presenterTaken.asked": "Du hast gefragt, ob du präsentieren kannst.",
  "toast.askToPresent": "Danach fragen",
  "toast.askNoMore": "Zurücknehmen",
  "toast.takeOver": "Übernehmen",
  "toast.mayNotShare": "Du kannst jetzt keinen Bildschirm teilen",
  "toast.asksToPresent": "{name} möchte präsentieren",
  "toast.handOver": "Übergeben",
  "toast.youPresent": "Du kannst jetzt präsentieren",
  "toast.youPresent.body": "Die anderen sehen nichts, bis du teilst.",
  "toast.presentsNow": "{name} präsentiert jetzt.",
  "toast.shareEnded": "Jemand, der die Besprechung leitet, hat es beendet.",
  "say.askedToPresent": "Du hast gefragt, ob du präsentieren kannst",
  "say.askedNoMore": "Du fragst nicht mehr danach, zu präsentieren",

  "notices.command": "Hinweise und Töne",
  "notices.title": "Hinweise und Töne",
  "notices.reactions": "Reaktionen zeigen",
  "notices.reactions.help": "Über der Kachel derer, die sie schicken.",
  "notices.reactions.say": "Reaktionen vorlesen",
  "notices.reactions.say.help": "Für Screenreader, mehrere zusammen als ein Satz.",
  "notices.sounds": "Töne, wenn jemand kommt oder geht",
  "notices.sounds.small": { one: "Mit {count} Person", other: "Bis {count} Personen" },
  "notices.sounds.always": "Immer",
  "notices.sounds.never": "Nie",
  "notices.system": "Hinweise, während du einen anderen Tab ansiehst",
  "notices.system.help": "Wenn jemand die Hand hebt, dich im Chat nennt oder vor der Tür steht.",
  "notices.system.denied":
    "Dein Browser erlaubt dieser Seite keine Hinweise. Das lässt sich in seinen Einstellungen ändern.",
  "notices.system.none": "Dieser Browser kennt keine Hinweise.",
  "notice.knock": "{name} möchte hereinkommen",
  "notice.knocks": {
    one: "{name} und {count} weitere Person möchten hereinkommen",
    other: "{name} und {count} weitere möchten hereinkommen",
  },
  "notice.joined": "{name} ist da",
  "notice.joined.more": {
    one: "{name} und {count} weitere Person sind da",
    other: "{name} und {count} weitere sind da",
  },
  "notice.left": "{name} ist gegangen",
  "notice.left.more": {
    one: "{name} und {count} weitere Person sind gegangen",
    other: "{name} und {count} weitere sind gegangen",
  },
  "notice.mention": "{name} hat dich im Chat genannt",
};
