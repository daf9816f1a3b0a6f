// The meeting page: puts the call together from the browser's own parts and shows it.
import "../styles/call.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { I18nProvider } from "react-aria-components";
import { Call } from "../call/call";
import { followPage } from "../call/page_life";
import { CallContext } from "../components/call_context";
import { browserChoices } from "../devices/choices";
import { watchDevices } from "../devices/device_list";
import { playTestTone } from "../devices/test_tone";
import { App } from "../features/app";
import { CrashGuard } from "../features/crash_guard";
import { RoomSocket } from "../live/room_socket";
import { browserTickets } from "../live/tickets";
import { browserTimers } from "../timing/timers";
import { loadTranslator } from "../text/translate";
import { parseBoot } from "../wire/page";

// react-aria would add a <style> element for this rule, which the content-security policy forbids; call.css has the
// rule, and an element with this id tells react-aria that it is there.
const marker = document.createElement("meta");
marker.id = "react-aria-pressable-style";
document.head.append(marker);

const boot = parseBoot(document.getElementById("palaver-boot")?.textContent ?? "");
const media = navigator.mediaDevices as MediaDevices | undefined;
const locale = boot.locale;
const t = await loadTranslator(locale);

const tickets = browserTickets(boot.slug, newId);
const call = new Call({
  boot,
  guestTicket: () => tickets.readGuestTicket(),
  line: new RoomSocket({
    openSocket: () => new WebSocket(new URL(boot.urls.ws, window.location.href.replace(/^http/, "ws"))),
    timers: browserTimers,
    random: Math.random,
    tickets,
    isSignedIn: boot.signed_in,
  }),
  loadEngine: async (events) =>
    new (await import("../engine/livekit_engine")).LiveKitEngine(events, Math.random),
  media,
  deviceList: watchDevices(media),
  choices: browserChoices(() => localStorage),
  timers: browserTimers,
  random: Math.random,
  chime: (speakerId) => void playTestTone(speakerId).catch(() => undefined),
});

followPage(call, t);

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <CrashGuard t={t}>
        <I18nProvider locale={locale}>
          <CallContext value={{ call, t, locale }}>
            <App />
          </CallContext>
        </I18nProvider>
      </CrashGuard>
    </StrictMode>,
  );
}

/** randomUUID is missing on plain http, where a page may still join without devices. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
