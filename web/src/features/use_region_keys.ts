// F6 and Shift+F6 walk through stage, panel and controls, as in desktop programs.
import { useEffect } from "react";

export function useRegionKeys(): void {
  useEffect(() => {
    const walk = (event: KeyboardEvent) => {
      if (event.key !== "F6" || event.ctrlKey || event.altKey || event.metaKey) return;
      const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")];
      if (regions.length === 0) return;
      event.preventDefault();
      const here = regions.findIndex((region) => region.contains(document.activeElement));
      const step = event.shiftKey ? -1 : 1;
      const next = here === -1 ? 0 : (here + step + regions.length) % regions.length;
      regions[next]?.focus();
    };
    window.addEventListener("keydown", walk);
    return () => window.removeEventListener("keydown", walk);
  }, []);
}
