// Where everything on the stage goes: a pure function of size, people, mode and choices.
import type { Box } from "./box";
import { gridBoxes, pageCapacity } from "./grid";
import { planShare } from "./share";
import { planSpotlight } from "./spotlight";
import { floatingBox, gridRules, place } from "./stage_model";
import type { StageInput, StagePlan } from "./stage_model";

/** Room for the arrows at the sides and for "2 of 4" below; on phones the arrows stand below as well. */
const PAGER = { sides: 52, below: 36 };
const PHONE_PAGER = { sides: 0, below: 52 };

export function planStage(input: StageInput): StagePlan {
  const room: Box = { x: 0, y: 0, ...input.room };
  const nothing: StagePlan = { tiles: [], screen: null, more: null, page: 0, pages: 1 };
  if (room.width < 1 || room.height < 1 || input.people.length === 0) return nothing;
  if (input.screen) return planShare(input, input.screen, room);
  const pinned = input.pinned.filter((key) => input.people.includes(key));
  if (pinned.length > 0) return planSpotlight(input, pinned, room);
  if (input.people.length === 2) return planPair(input, room);
  if (input.mode === "speaker" && input.people.length > 1) {
    const main = input.mainSpeaker ?? input.people.find((key) => key !== input.you) ?? input.you;
    return planSpotlight(input, [main], room);
  }
  return planGrid(input, room);
}

function planGrid(input: StageInput, room: Box): StagePlan {
  const rules = gridRules(input.device, room);
  const count = input.people.length;
  const single = count === 1 ? "single" : "grid";
  const fits = pageCapacity(count, room, rules);
  if (fits >= count) {
    const boxes = gridBoxes(count, room, rules);
    return { tiles: place(input.people, boxes, single), screen: null, more: null, page: 0, pages: 1 };
  }
  const pager = input.device === "phone" ? PHONE_PAGER : PAGER;
  const paged: Box = {
    x: pager.sides,
    y: 0,
    width: Math.max(1, room.width - 2 * pager.sides),
    height: Math.max(1, room.height - pager.below),
  };
  const capacity = pageCapacity(count, paged, rules);
  const pages = Math.ceil(count / capacity);
  const page = Math.min(Math.max(0, input.page), pages - 1);
  const shown = input.people.slice(page * capacity, (page + 1) * capacity);
  // The last page keeps the tile size of the others, so that nothing jumps while leafing.
  const boxes = gridBoxes(capacity, paged, rules);
  return { tiles: place(shown, boxes, "grid"), screen: null, more: null, page, pages };
}

/** Two people: the other one is large, one's own picture floats in a corner. */
function planPair(input: StageInput, room: Box): StagePlan {
  const other = input.people.find((key) => key !== input.you);
  const [box] = gridBoxes(1, room, gridRules(input.device, room));
  if (!other || !box) return planGrid(input, room);
  return {
    tiles: [
      { key: other, place: "single", ...box },
      { key: input.you, place: "floating", ...floatingBox(input.corner, room, input.device) },
    ],
    screen: null,
    more: null,
    page: 0,
    pages: 1,
  };
}
