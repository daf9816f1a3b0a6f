// The grid: the largest equal tiles that fit, rows centred. Rules 1 to 4 of "Grid" in the visual language.
import { area, centred, fitSize } from "./box";
import type { AspectRange, Box, Size } from "./box";

export interface GridRules {
  gap: number;
  aspect: AspectRange;
  smallest: Size;
  maxPerPage: number;
}

export const WIDE_ASPECT: AspectRange = { min: 4 / 3, max: 16 / 9 };
export const TALL_ASPECT: AspectRange = { min: 3 / 4, max: 1 };

const SINGLE_MAX_WIDTH = 1120;
const SINGLE_MAX_SHARE = 0.72;
const SIDE_BY_SIDE_FROM = 1.2;

interface Plan {
  columns: number;
  tile: Size;
}

/** The boxes of `count` tiles in `room`, in order. */
export function gridBoxes(count: number, room: Box, rules: GridRules): Box[] {
  if (count <= 0 || room.width <= 0 || room.height <= 0) return [];
  if (count === 1) return [centred(singleTile(room, rules), room)];
  const { columns, tile } = bestPlan(count, room, rules);
  const rows = Math.ceil(count / columns);
  const blockHeight = rows * tile.height + (rows - 1) * rules.gap;
  const top = room.y + (room.height - blockHeight) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - columns * (rows - 1) : columns;
    const rowWidth = inRow * tile.width + (inRow - 1) * rules.gap;
    const start = room.x + (room.width - rowWidth) / 2;
    return {
      x: start + (index % columns) * (tile.width + rules.gap),
      y: top + row * (tile.height + rules.gap),
      ...tile,
    };
  });
}

/** How many tiles one page may hold so that none is smaller than allowed; at least one. */
export function pageCapacity(count: number, room: Size, rules: GridRules): number {
  const most = Math.max(1, Math.min(count, rules.maxPerPage));
  for (let capacity = most; capacity > 1; capacity--) {
    const { tile } = bestPlan(capacity, room, rules);
    if (tile.width >= rules.smallest.width && tile.height >= rules.smallest.height) return capacity;
  }
  return 1;
}

function bestPlan(count: number, room: Size, rules: GridRules): Plan {
  if (count === 2) return planFor(2, room.width / room.height > SIDE_BY_SIDE_FROM ? 2 : 1, room, rules);
  let best = planFor(count, 1, room, rules);
  for (let columns = 2; columns <= count; columns++) {
    const plan = planFor(count, columns, room, rules);
    // More columns mean fewer rows, which win a tie; half a pixel is no difference.
    if (plan.tile.width >= best.tile.width - 0.5 && area(plan.tile) >= area(best.tile) - 0.5) best = plan;
    else if (area(plan.tile) > area(best.tile)) best = plan;
  }
  return best;
}

function planFor(count: number, columns: number, room: Size, rules: GridRules): Plan {
  const rows = Math.ceil(count / columns);
  const cell = {
    width: Math.max(1, (room.width - rules.gap * (columns - 1)) / columns),
    height: Math.max(1, (room.height - rules.gap * (rows - 1)) / rows),
  };
  return { columns, tile: fitSize(cell, rules.aspect) };
}

function singleTile(room: Size, rules: GridRules): Size {
  const fit = fitSize(room, rules.aspect);
  const share = (SINGLE_MAX_SHARE * area(room)) / area(fit);
  const scale = Math.min(1, SINGLE_MAX_WIDTH / fit.width, Math.sqrt(share));
  return { width: fit.width * scale, height: fit.height * scale };
}
