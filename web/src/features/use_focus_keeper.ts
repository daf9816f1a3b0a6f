// Focus is never lost: when the element that has it goes away (a banner's button, a menu entry whose dialog has
// closed), it returns to the last one that had it and is still there, and not to the top of the page.
import { useEffect } from "react";

const REMEMBERED = 8;

export function useFocusKeeper(): void {
  useEffect(() => {
    let trail: HTMLElement[] = [];
    const note = () => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement) || element === document.body || element === trail.at(-1)) return;
      trail = [...trail.filter((one) => one !== element), element].slice(-REMEMBERED);
    };
    const keep = () => {
      const last = trail.at(-1);
      if (document.activeElement !== document.body || !last || last.isConnected) return;
      trail = trail.filter((one) => one.isConnected);
      (trail.at(-1) ?? document.getElementById("controls"))?.focus({ preventScroll: true });
    };
    // Menus and dialogs give the focus back by themselves in the next frame; only what they leave is ours.
    const afterwards = () => requestAnimationFrame(() => requestAnimationFrame(keep));
    // The green room went away with the button that was pressed.
    if (document.activeElement === document.body) document.getElementById("controls")?.focus();
    note();
    const removals = new MutationObserver((changes) => {
      if (changes.some((change) => change.removedNodes.length > 0)) afterwards();
    });
    removals.observe(document.body, { childList: true, subtree: true });
    document.addEventListener("focusin", note);
    return () => {
      removals.disconnect();
      document.removeEventListener("focusin", note);
    };
  }, []);
}
