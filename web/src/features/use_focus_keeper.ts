// Focus is never lost: when the element that has it goes away (a banner's button, a menu entry whose dialog has
// closed), it goes to the region where it was, and not to the top of the page.
import { useEffect } from "react";

export function useFocusKeeper(): void {
  useEffect(() => {
    let last: Element | null = null;
    let region: HTMLElement | null = null;
    const note = () => {
      last = document.activeElement;
      region = last?.closest<HTMLElement>("[data-region]") ?? region;
    };
    const keep = () => {
      const isLost = document.activeElement === document.body && last !== null && !last.isConnected;
      if (!isLost) return;
      const refuge = region?.isConnected ? region : document.getElementById("controls");
      refuge?.focus({ preventScroll: true });
    };
    // The green room went away with the button that was pressed.
    if (document.activeElement === document.body) document.getElementById("controls")?.focus();
    note();
    const removals = new MutationObserver(keep);
    removals.observe(document.body, { childList: true, subtree: true });
    document.addEventListener("focusin", note);
    return () => {
      removals.disconnect();
      document.removeEventListener("focusin", note);
    };
  }, []);
}
