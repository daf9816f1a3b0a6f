import type { CSSProperties } from "react";
import type { Box } from "../../call/layout/box";

/** Logical, so that the stage is mirrored in right-to-left languages. */
export function placeStyle(box: Box): CSSProperties {
  return {
    insetInlineStart: `${box.x}px`,
    insetBlockStart: `${box.y}px`,
    inlineSize: `${box.width}px`,
    blockSize: `${box.height}px`,
  };
}
