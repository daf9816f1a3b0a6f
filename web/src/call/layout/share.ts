// A shared screen: the big place for it, people along its side, the presenter's picture floating over it.
import { centred, fitSize } from "./box";
import type { Box } from "./box";
import { gridBoxes, TALL_ASPECT, WIDE_ASPECT } from "./grid";
import { gridRules, largest, place, STRIP_TILE, stripAlong } from "./stage_model";
import type { PlacedTile, StageInput, StagePlan } from "./stage_model";

type Screen = NonNullable<StageInput["screen"]>;

/** A room wider than this has more to spare at its side than at its top. */
const SIDE_STRIP_FROM = 2;
/** Below this the strip would take more than its third from the screen. */
const MIN_HEIGHT_WITH_STRIP = 360;
const PRESENTER_SHARE = 0.175;
const PRESENTER_WIDTH = { min: 116, max: 216 };
const PRESENTER_ASPECT = 13 / 8;
const PINNED_SHARE = 0.28;
const MAX_PINNED = 2;
/** On a phone the presenter's name stands below the screen. */
const NAME_ROW_HEIGHT = 44;

export function planShare(input: StageInput, screen: Screen, room: Box): StagePlan {
  const gap = gridRules(input.device, room).gap;
  const isFloating = screen.hasOwnerPicture && !screen.isOwnerHidden && input.people.includes(screen.owner);
  if (input.device === "phone" && room.height > room.width) return planUpright(input, screen, room, gap);

  const pinned = input.pinned.filter((key) => input.people.includes(key)).slice(0, MAX_PINNED);
  const others = input.people.filter((key) => !pinned.includes(key) && !(isFloating && key === screen.owner));
  let rest = room;
  const tiles: PlacedTile[] = [];
  let more: StagePlan["more"] = null;

  if (others.length > 0 && room.height >= MIN_HEIGHT_WITH_STRIP) {
    const isAtSide = room.width / room.height > SIDE_STRIP_FROM;
    const strip: Box = isAtSide
      ? { ...room, x: room.x + room.width - STRIP_TILE.width, width: STRIP_TILE.width }
      : { ...room, height: STRIP_TILE.height };
    rest = isAtSide
      ? { ...room, width: room.width - STRIP_TILE.width - gap }
      : { ...room, y: room.y + STRIP_TILE.height + gap, height: room.height - STRIP_TILE.height - gap };
    const laid = stripAlong(others, strip, isAtSide ? "column" : "row", STRIP_TILE, gap);
    tiles.push(...laid.tiles);
    more = laid.more;
  }
  if (pinned.length > 0) {
    const width = rest.width * PINNED_SHARE;
    const column: Box = { ...rest, x: rest.x + rest.width - width, width };
    rest = { ...rest, width: rest.width - width - gap };
    const cellHeight = (column.height - gap * (pinned.length - 1)) / pinned.length;
    const cells = pinned.map((_, index) => {
      const cell: Box = { ...column, y: column.y + index * (cellHeight + gap), height: cellHeight };
      return centred(fitSize(cell, { min: 3 / 4, max: WIDE_ASPECT.max }), cell);
    });
    tiles.push(...place(pinned, cells, "main"));
  }
  const box = largest(rest, screen.aspectRatio);
  if (isFloating && !pinned.includes(screen.owner)) tiles.push(presenterTile(screen.owner, box));
  return { tiles, screen: box, more, page: 0, pages: 1 };
}

function presenterTile(key: string, screen: Box): PlacedTile {
  const margin = Math.min(14, screen.height * 0.05);
  const wished = Math.min(PRESENTER_WIDTH.max, Math.max(PRESENTER_WIDTH.min, screen.width * PRESENTER_SHARE));
  const width = Math.min(wished, screen.width / 2, (screen.height - 2 * margin) * PRESENTER_ASPECT);
  const height = width / PRESENTER_ASPECT;
  return {
    key,
    place: "presenter",
    width,
    height,
    x: screen.x + screen.width - width - margin,
    y: screen.y + screen.height - height - margin,
  };
}

/** Phone upright: the screen on top at full width, the name under it, people two by two below. */
function planUpright(input: StageInput, screen: Screen, room: Box, gap: number): StagePlan {
  const height = Math.min(room.width / screen.aspectRatio, room.height * 0.6);
  const box = largest({ ...room, height }, screen.aspectRatio);
  const top = room.y + height + NAME_ROW_HEIGHT;
  const below: Box = { ...room, y: top, height: Math.max(1, room.y + room.height - top) };
  const rules = gridRules("phone", { width: 1, height: 2 });
  const rowHeight = Math.min(224, (room.width - gap) / 2 / rules.aspect.min);
  const rows = Math.max(1, Math.floor((below.height + gap) / (Math.min(rowHeight, 150) + gap)));
  const pinned = input.pinned.filter((key) => input.people.includes(key));
  const order = [...pinned, ...input.people.filter((key) => !pinned.includes(key))];
  const slots = Math.min(rows * 2, order.length);
  const isTooMany = order.length > slots;
  const shown = order.slice(0, isTooMany ? Math.max(1, slots - 1) : slots);
  const boxes = slots > 2 ? gridBoxes(slots, below, { ...rules, gap }) : sideBySide(below, gap);
  const moreBox = boxes[shown.length];
  return {
    tiles: place(shown, boxes, "strip"),
    screen: box,
    more: isTooMany && moreBox ? { box: moreBox, count: order.length - shown.length } : null,
    page: 0,
    pages: 1,
  };
}

/** A grid of two would stack them where the rest is high; beside each other they are larger, as two by two are. */
function sideBySide(room: Box, gap: number): Box[] {
  const width = (room.width - gap) / 2;
  const height = Math.min(room.height, width / TALL_ASPECT.min);
  return [0, width + gap].map((x) => ({ x: room.x + x, y: room.y, width, height }));
}
