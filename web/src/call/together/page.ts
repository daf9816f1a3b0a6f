// Being together and the page around it: notices of the system, sounds at the door.
import { doorSounds } from "../../devices/door_sounds";
import type { Translate } from "../../text/translate";
import type { Call } from "../call";

export function followTogether(call: Call, t: Translate): void {
  const { attention } = call.together;
  attention.watch({
    isHidden: () => document.visibilityState === "hidden",
    notify: (cause, saying) => {
      if (!("Notification" in window) || Notification.permission !== "granted") return;
      try {
        const notice = new Notification(t(saying.key, saying.params), {
          body: call.title.peek(),
          tag: `palaver-${cause}`,
        });
        notice.onclick = () => {
          window.focus();
          notice.close();
        };
      } catch {
        // Phones want a service worker for it: the count in the title is all there.
      }
    },
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") attention.settle();
  });
  const play = doorSounds(() => call.local.speakerId.peek());
  call.together.onCue(play);
}
