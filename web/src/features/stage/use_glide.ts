// A tile that gets another place glides there; only `transform` is animated.
import { useLayoutEffect, useRef } from "react";
import type { RefObject } from "react";
import type { Box } from "../../call/layout/box";

const GLIDE_MS = 320;

export function useGlide(element: RefObject<HTMLElement | null>, box: Box): void {
  const last = useRef<DOMRect | null>(null);
  useLayoutEffect(() => {
    const node = element.current;
    if (!node) return;
    const before = last.current;
    const now = node.getBoundingClientRect();
    last.current = now;
    if (!before || window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const move = { x: before.left - now.left, y: before.top - now.top };
    if (Math.abs(move.x) < 1 && Math.abs(move.y) < 1) return;
    node.animate([{ transform: `translate(${move.x}px, ${move.y}px)` }, { transform: "none" }], {
      duration: GLIDE_MS,
      easing: "cubic-bezier(.3, 0, .1, 1)",
    });
  }, [element, box.x, box.y, box.width, box.height]);
}
