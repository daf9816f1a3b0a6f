// A tooltip with the name and the keys of a control; after half a second on hover, at once on focus.
import type { ReactElement } from "react";
import { Focusable, Tooltip, TooltipTrigger } from "react-aria-components";

export function Tip({
  text,
  keys,
  children,
}: {
  text: string;
  keys?: string | undefined;
  children: ReactElement;
}) {
  return (
    <TooltipTrigger delay={500} closeDelay={100}>
      <Focusable>{children as ReactElement<React.DOMAttributes<HTMLElement>, string>}</Focusable>
      <Tooltip className="tip" offset={8}>
        {text}
        {keys ? <kbd>{keys}</kbd> : null}
      </Tooltip>
    </TooltipTrigger>
  );
}
