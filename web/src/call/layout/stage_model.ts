// What a stage is made of, and the pieces that several arrangements share.
import { centred, fitSize } from "./box";
import type { Box, Size } from "./box";
import { TALL_ASPECT, WIDE_ASPECT } from "./grid";
import type { GridRules } from "./grid";

export type Corner = "end-bottom" | "start-bottom" | "start-top" | "end-top";

export interface StageInput {
  room: Size;
  device: "desktop" | "tablet" | "phone";
  /** Keys in order; one's own last. */
  people: readonly string[];
  you: string;
  mode: "grid" | "speaker";
  /** Whoever fills the big place in speaker view. */
  mainSpeaker: string | null;
  pinned: readonly string[];
  screen: { owner: string; aspectRatio: number; hasOwnerPicture: boolean; isOwnerHidden: boolean } | null;
  page: number;
  corner: Corner;
}

export type TilePlace = "grid" | "single" | "main" | "strip" | "floating" | "presenter";

export interface PlacedTile extends Box {
  key: string;
  place: TilePlace;
}

export interface StagePlan {
  tiles: PlacedTile[];
  screen: Box | null;
  /** Where the people who have no tile are counted; opens the list of people. */
  more: { box: Box; count: number } | null;
  page: number;
  pages: number;
}

export const STRIP_TILE: Size = { width: 198, height: 118 };
const FLOATING_SHARE = 0.22;
const FLOATING_MAX_WIDTH = 240;
const FLOATING_MIN_WIDTH = 96;
export function gridRules(device: StageInput["device"], room: Size): GridRules {
  if (device === "phone") {
    const isUpright = room.height >= room.width;
    return {
      gap: 8,
      aspect: isUpright ? TALL_ASPECT : WIDE_ASPECT,
      // Two columns still fit on the narrowest phones (320 px).
      smallest: isUpright ? { width: 140, height: 150 } : { width: 140, height: 100 },
      maxPerPage: 6,
    };
  }
  return {
    gap: 10,
    aspect: WIDE_ASPECT,
    smallest: { width: 180, height: 120 },
    maxPerPage: device === "tablet" ? 9 : 25,
  };
}

export function floatingBox(corner: Corner, room: Box, device: StageInput["device"]): Box {
  const aspect = gridRules(device, room).aspect;
  const margin = 12;
  const shape = Math.min(aspect.max, 16 / 10);
  const wished = Math.min(FLOATING_MAX_WIDTH, Math.max(FLOATING_MIN_WIDTH, room.width * FLOATING_SHARE));
  const width = Math.max(1, Math.min(wished, (room.height - 2 * margin) * shape, room.width - 2 * margin));
  const size = { width, height: width / shape };
  return {
    ...size,
    x: corner.startsWith("end") ? room.x + room.width - size.width - margin : room.x + margin,
    y: corner.endsWith("bottom") ? room.y + room.height - size.height - margin : room.y + margin,
  };
}

export function place(keys: readonly string[], boxes: readonly Box[], where: TilePlace): PlacedTile[] {
  return keys.flatMap((key, index) => {
    const box = boxes[index];
    return box ? [{ key, place: where, ...box }] : [];
  });
}

/** The row above a screen or a large tile: as many as fit, the rest counted in a last box. */
export function stripAlong(
  keys: readonly string[],
  strip: Box,
  direction: "row" | "column",
  tile: Size,
  gap: number,
): Pick<StagePlan, "tiles" | "more"> {
  const length = direction === "row" ? strip.width : strip.height;
  const step = (direction === "row" ? tile.width : tile.height) + gap;
  const fits = Math.max(1, Math.floor((length + gap) / step));
  const shownCount = keys.length <= fits ? keys.length : Math.max(1, fits - 1);
  const slots = keys.length <= fits ? shownCount : shownCount + 1;
  const used = slots * step - gap;
  const start = Math.max(0, (length - used) / 2);
  const boxAt = (index: number): Box =>
    direction === "row"
      ? {
          x: strip.x + start + index * step,
          y: strip.y,
          width: Math.min(tile.width, length),
          height: tile.height,
        }
      : {
          x: strip.x,
          y: strip.y + start + index * step,
          width: tile.width,
          height: Math.min(tile.height, length),
        };
  const boxes = Array.from({ length: slots }, (_, index) => boxAt(index));
  const rest = keys.length - shownCount;
  const moreBox = boxes[shownCount];
  return {
    tiles: place(keys.slice(0, shownCount), boxes, "strip"),
    more: rest > 0 && moreBox ? { box: moreBox, count: rest } : null,
  };
}

export function largest(room: Box, aspectRatio: number): Box {
  return centred(fitSize(room, { min: aspectRatio, max: aspectRatio }), room);
}
