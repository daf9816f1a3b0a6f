// When a menu opens. react-aria opens it as the mouse goes down; a menu that then appears under the pointer (a sheet
// on a phone, one turned round at an edge) would take the release of that same press for a choice. So it opens when
// the press is over, and not at all when the pointer has left the trigger by then, as every button does.
import { useEffect, useRef, useState } from "react";

interface Opening {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

export function useOpenOnRelease(): Opening {
  const [isOpen, setOpen] = useState(false);
  const pressed = useRef<Element | null>(null);
  const isWanted = useRef(false);

  useEffect(() => {
    const listening = new AbortController();
    const options = { capture: true, signal: listening.signal };
    const release = (isOver: boolean) => {
      const opens = isWanted.current && isOver;
      pressed.current = null;
      isWanted.current = false;
      // The click that ends the press belongs to the trigger still.
      if (opens) window.setTimeout(() => setOpen(true), 0);
    };
    document.addEventListener(
      "pointerdown",
      (event) => {
        pressed.current = event.target instanceof Element ? event.target.closest("button") : null;
      },
      options,
    );
    document.addEventListener(
      "pointerup",
      (event) => release(event.target instanceof Node && pressed.current?.contains(event.target) === true),
      options,
    );
    document.addEventListener("pointercancel", () => release(false), options);
    return () => listening.abort();
  }, []);

  return {
    isOpen,
    onOpenChange: (isToOpen) => {
      if (isToOpen && pressed.current) isWanted.current = true;
      else setOpen(isToOpen);
    },
  };
}
