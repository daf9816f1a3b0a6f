// Rectangles in CSS pixels, from the top and the inline start of the stage.
export interface Size {
  width: number;
  height: number;
}
export interface Box extends Size {
  x: number;
  y: number;
}
/** Width divided by height. */
export interface AspectRange {
  min: number;
  max: number;
}

/** The largest size of an allowed shape that fits. */
export function fitSize(room: Size, aspect: AspectRange): Size {
  const shape = room.width / room.height;
  if (shape > aspect.max) return { width: room.height * aspect.max, height: room.height };
  if (shape < aspect.min) return { width: room.width, height: room.width / aspect.min };
  return { width: room.width, height: room.height };
}

export function centred(size: Size, room: Box): Box {
  return {
    x: room.x + (room.width - size.width) / 2,
    y: room.y + (room.height - size.height) / 2,
    width: size.width,
    height: size.height,
  };
}

export const area = (size: Size): number => size.width * size.height;
