import { beforeEach, describe, expect, it } from "vitest";
import { participant } from "../../testing/fakes";
import { Presenting } from "./presenting";
import { TogetherWorld } from "../../testing/together_world";

let world: TogetherWorld;
let presenting: Presenting;
const alice = (part = {}) => participant("alice", part);
const leila = (part = {}) => participant("leila", part);
const settled = async () => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};
const press = (label: string) => {
  const actions = world.toasts.shown.value.flatMap((one) => one.actions ?? []);
  const action = actions.find((one) => one.label.key === label);
  expect(action, label).toBeDefined();
  action?.perform();
};

beforeEach(() => {
  world = new TogetherWorld();
  presenting = new Presenting(world.deps);
  world.roster(alice(), leila());
});

describe("where several may share", () => {
  it("sharing asks nobody", async () => {
    presenting.toggle();
    await settled();
    expect(world.shared.value).not.toBeNull();
    presenting.toggle();
    expect(world.shared.value).toBeNull();
    expect(world.kinds).toEqual([]);
  });
});

describe("where one at a time presents", () => {
  beforeEach(() => world.room({ one_presenter: true }));

  it("sharing asks the room first, and stopping makes room for the next", async () => {
    presenting.toggle();
    await settled();
    expect(world.kinds).toEqual(["share_take"]);
    world.room({ presenter_id: "id-alice" });
    expect(world.shared.value).not.toBeNull();
    expect(world.toastKeys).toEqual([]);
    // The browser's own Stop button ends the track without a word to us.
    world.shared.value = null;
    expect(world.kinds).toEqual(["share_take", "share_release"]);
  });

  it("keeps a share that begins before the room has told of the new presenter", async () => {
    presenting.toggle();
    await settled();
    world.roster(alice(), leila(), participant("bob"));
    expect(world.stop).not.toHaveBeenCalled();
  });

  it("gives the place back when the browser's question was closed", async () => {
    world.start.mockResolvedValue({ device: "screen", kind: "dismissed" });
    presenting.toggle();
    await settled();
    expect(world.kinds).toEqual(["share_take", "share_release"]);
    expect(world.toastKeys).toEqual([]);
  });

  it("says who presents, and lets one ask and take that back", async () => {
    world.room({ presenter_id: "id-leila" });
    presenting.toggle();
    expect(world.toasts.shown.value[0]?.title).toEqual({
      key: "toast.presenterTaken",
      params: { name: "leila" },
    });
    press("toast.askToPresent");
    await settled();
    world.roster(alice({ asks_to_share_at: "2026-11-20T10:00:00Z" }), leila());
    presenting.toggle();
    press("toast.askNoMore");
    expect(world.commands).toEqual([
      { kind: "share_ask", is_asking: true },
      { kind: "share_ask", is_asking: false },
    ]);
    expect(world.start).not.toHaveBeenCalled();
  });

  it("says the same when somebody was quicker by a moment", async () => {
    world.refusal = "presenter_taken";
    presenting.toggle();
    world.room({ presenter_id: "id-leila" });
    await settled();
    expect(world.toastKeys).toEqual(["toast.presenterTaken"]);
    expect(world.start).not.toHaveBeenCalled();
  });

  it("lets a moderator take over", async () => {
    world.roster(alice({ role: "host" }), leila());
    world.room({ presenter_id: "id-leila" });
    presenting.toggle();
    press("toast.takeOver");
    await settled();
    expect(world.kinds).toEqual(["share_take"]);
    expect(world.shared.value).not.toBeNull();
  });

  it("tells the presenter who would like to, and hands over by one press", () => {
    world.room({ presenter_id: "id-alice" });
    world.roster(alice(), leila({ asks_to_share_at: "2026-11-20T10:00:00Z" }));
    press("toast.handOver");
    expect(world.commands).toEqual([{ kind: "share_hand_over", participant_id: "id-leila" }]);
  });

  it("bothers nobody with it who could not hand over", () => {
    world.room({ presenter_id: "id-bob" });
    world.roster(alice(), participant("bob"), leila({ asks_to_share_at: "2026-11-20T10:00:00Z" }));
    expect(world.toastKeys).toEqual([]);
  });

  it("stops what is shared when somebody else presents, and says who", async () => {
    presenting.toggle();
    await settled();
    world.room({ presenter_id: "id-alice" });
    world.room({ presenter_id: "id-leila" });
    expect(world.shared.value).toBeNull();
    expect(world.toasts.shown.value.map((one) => [one.title.key, one.body])).toEqual([
      ["toast.mutedByServer.screen", { key: "toast.presentsNow", params: { name: "leila" } }],
    ]);
    // The place is Leila's now: there is nothing to give back.
    expect(world.kinds).toEqual(["share_take"]);
  });

  it("stops it when presenting was taken away", async () => {
    presenting.toggle();
    await settled();
    world.room({ presenter_id: "id-alice" });
    world.room({ presenter_id: null });
    expect(world.shared.value).toBeNull();
    expect(world.toasts.shown.value[0]?.body).toEqual({ key: "toast.shareEnded" });
  });

  it("tells who was made the presenter, and a press begins", async () => {
    world.room({ presenter_id: "id-leila" });
    world.room({ presenter_id: "id-alice" });
    press("command.share");
    await settled();
    expect(world.shared.value).not.toBeNull();
    expect(world.kinds).toEqual([]);
  });
});
