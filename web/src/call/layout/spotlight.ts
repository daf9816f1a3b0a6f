// One person large (the speaker), or up to two (those that one has pinned), the others in a strip.
import { centred, fitSize } from "./box";
import type { Box, Size } from "./box";
import { TALL_ASPECT, WIDE_ASPECT } from "./grid";
import { floatingBox, gridRules, place, STRIP_TILE, stripAlong } from "./stage_model";
import type { StageInput, StagePlan } from "./stage_model";

const MAX_LARGE = 2;
const SIDE_STRIP_FROM = 2;
const MIN_HEIGHT_WITH_STRIP = 300;
const PHONE_STRIP_TILE: Size = { width: 92, height: 116 };

export function planSpotlight(input: StageInput, wanted: readonly string[], room: Box): StagePlan {
  const gap = gridRules(input.device, room).gap;
  const isUpright = room.height > room.width;
  const large = wanted.slice(-MAX_LARGE);
  const others = input.people.filter((key) => !large.includes(key));
  const aspect = input.device === "phone" && isUpright ? TALL_ASPECT : WIDE_ASPECT;
  const mainIn = (rest: Box) => place(large, mainBoxes(large.length, rest, gap, aspect), "main");

  // With nobody else than oneself beside the large one, one's own picture floats as it does with two people.
  if (others.length === 1 && others[0] === input.you && large.length === 1) {
    const floating = {
      key: input.you,
      place: "floating" as const,
      ...floatingBox(input.corner, room, input.device),
    };
    return { tiles: [...mainIn(room), floating], screen: null, more: null, page: 0, pages: 1 };
  }
  if (others.length === 0 || room.height < MIN_HEIGHT_WITH_STRIP) {
    return { tiles: mainIn(room), screen: null, more: null, page: 0, pages: 1 };
  }
  const tile = input.device === "phone" ? PHONE_STRIP_TILE : STRIP_TILE;
  const isAtSide = room.width / room.height > SIDE_STRIP_FROM;
  const isBelow = input.device === "phone" && !isAtSide;
  const strip: Box = isAtSide
    ? { ...room, x: room.x + room.width - tile.width, width: tile.width }
    : isBelow
      ? { ...room, y: room.y + room.height - tile.height, height: tile.height }
      : { ...room, height: tile.height };
  const rest: Box = isAtSide
    ? { ...room, width: room.width - tile.width - gap }
    : {
        ...room,
        y: isBelow ? room.y : room.y + tile.height + gap,
        height: room.height - tile.height - gap,
      };
  const laid = stripAlong(others, strip, isAtSide ? "column" : "row", tile, gap);
  return { tiles: [...mainIn(rest), ...laid.tiles], screen: null, more: laid.more, page: 0, pages: 1 };
}

function mainBoxes(count: number, room: Box, gap: number, aspect: { min: number; max: number }): Box[] {
  if (count <= 1) return [centred(fitSize(room, aspect), room)];
  const isRow = room.width > room.height;
  const cells: Box[] = isRow
    ? split(room.width, gap).map(([start, size]) => ({ ...room, x: room.x + start, width: size }))
    : split(room.height, gap).map(([start, size]) => ({ ...room, y: room.y + start, height: size }));
  return cells.map((cell) => centred(fitSize(cell, aspect), cell));
}

function split(length: number, gap: number): [start: number, size: number][] {
  const size = (length - gap) / 2;
  return [
    [0, size],
    [size + gap, size],
  ];
}
