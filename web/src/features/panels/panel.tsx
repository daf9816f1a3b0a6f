// A panel at the end side: takes the focus when it opens, gives it back when it closes.
import { useEffect, useRef } from "react";
import type { ReactNode, RefObject } from "react";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";

export interface PanelProps {
  id: string;
  title: ReactNode;
  closeLabel: string;
  actions?: ReactNode;
  /** Takes the focus instead of the panel. */
  firstFocus?: RefObject<HTMLElement | null>;
  children: ReactNode;
}

export function Panel({ id, title, closeLabel, actions, firstFocus, children }: PanelProps) {
  const { call } = useCall();
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    (firstFocus?.current ?? element.current)?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [firstFocus]);
  const close = () => {
    const panel = call.panel.value;
    if (panel) call.togglePanel(panel);
  };
  return (
    // Escape closes it, as it does a dialog; the close button is the visible way.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <aside
      ref={element}
      className="panel"
      aria-labelledby={`${id}-title`}
      tabIndex={-1}
      data-region
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) close();
      }}
    >
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        {actions}
        <button className="icon-btn" type="button" aria-label={closeLabel} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </aside>
  );
}
