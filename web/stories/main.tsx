// Every state of the call page with drawn people, for eyes and screenshots: `npm run stories`, then
// /stories/index.html?story=grid&theme=dark. Nothing here is part of the product.
import "../src/styles/call.css";
import { createRoot } from "react-dom/client";
import { I18nProvider } from "react-aria-components";
import { Call } from "../src/call/call";
import { CallContext } from "../src/components/call_context";
import { browserChoices } from "../src/devices/choices";
import { watchDevices } from "../src/devices/device_list";
import { App } from "../src/features/app";
import { RoomSocket } from "../src/live/room_socket";
import { browserTimers } from "../src/timing/timers";
import { de } from "../src/text/de";
import { translator } from "../src/text/translate";
import { FakeEngine } from "./fake_engine";
import { FakeRoom } from "./fake_room";
import { stories } from "./stories";

const query = new URLSearchParams(window.location.search);
const story = stories[query.get("story") ?? "grid"];
if (!story) throw new Error(`stories: ${Object.keys(stories).join(", ")}`);
const language = query.get("lang") ?? "en";
document.documentElement.lang = language;
document.documentElement.dataset["theme"] = query.get("theme") ?? "light";
document.documentElement.dir = query.get("dir") ?? "ltr";
const marker = document.createElement("meta");
marker.id = "react-aria-pressable-style";
document.head.append(marker);

const room = new FakeRoom(story);
const engine = new FakeEngine(story);
window.fetch = (url) => Promise.resolve(room.fetch(url instanceof Request ? url.url : String(url)));
// Each story starts as in a browser that has never been here.
localStorage.clear();
sessionStorage.clear();

const media = story.hasDevices === false ? undefined : navigator.mediaDevices;
const call = new Call({
  boot: {
    slug: "autumn",
    title: "Autumn term planning",
    signed_in: true,
    name: "Amina Diallo",
    locale: language,
    theme: "light",
    urls: { home: "#", ws: "", preview: "/preview", sign_in: "#", settings: "#" },
    links: ["Home", "Contact", "About"].map((label) => ({ label, url: "#" })),
  },
  line: new RoomSocket({
    openSocket: () => room.socket(),
    timers: browserTimers,
    random: Math.random,
    tickets: {
      tab_id: "story",
      guest_key: "k",
      readGuestTicket: () => null,
      keepGuestTicket: () => undefined,
    },
    isSignedIn: true,
  }),
  loadEngine: () => Promise.resolve(engine),
  media,
  deviceList: watchDevices(media),
  choices: browserChoices(() => sessionStorage),
  timers: browserTimers,
  random: Math.random,
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <I18nProvider locale={query.get("dir") === "rtl" ? "ar" : language}>
      <CallContext
        value={{ call, t: translator(language, language === "de" ? de : undefined), locale: language }}
      >
        <App />
      </CallContext>
    </I18nProvider>,
  );
}
void story.play?.(call, room, engine);
