// What part of a picture is seen: a square within it, by zoom and two positions. Pure; the page draws it.

export interface View {
  /** At least 1, where the shorter side just fits. */
  zoom: number;
  /** From 0, the left edge, to 1, the right one. */
  x: number;
  /** From 0, the top, to 1, the bottom. */
  y: number;
}

export interface Square {
  left: number;
  top: number;
  side: number;
}

/** The square of the picture that is seen, in its own pixels; always within it. */
export function seen(width: number, height: number, view: View): Square {
  const side = Math.min(width, height) / Math.max(1, view.zoom);
  return { left: (width - side) * within(view.x), top: (height - side) * within(view.y), side };
}

/** The view after the picture was dragged by so many of its own pixels; what has no room to move stays. */
export function dragged(width: number, height: number, view: View, right: number, down: number): View {
  const { side } = seen(width, height, view);
  const room = { x: width - side, y: height - side };
  return {
    zoom: view.zoom,
    x: room.x > 0 ? within(view.x - right / room.x) : view.x,
    y: room.y > 0 ? within(view.y - down / room.y) : view.y,
  };
}

function within(position: number): number {
  return Math.min(1, Math.max(0, position));
}
