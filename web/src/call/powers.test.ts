import { describe, expect, it } from "vitest";
import { participant, snapshot } from "../testing/fakes";
import type { Participant, Role } from "../wire/live.gen";
import { blockOf } from "./own_rights";
import { powersOver } from "./powers";
import type { Power } from "./powers";

const SILENT = { microphone: "off", pictureId: null, screen: null } as const;
const LOUD = {
  microphone: "on",
  pictureId: "c",
  screen: { id: "s", receivedId: "s", aspectRatio: 1.6 },
} as const;
const who = (role: Role, part: Partial<Participant> = {}) => participant(`a ${role}`, { role, ...part });
const powers = (you: Participant, them: Participant, media: Parameters<typeof powersOver>[2] = SILENT) =>
  [...powersOver(you, them, media)].sort();

describe("what somebody may do to others", () => {
  it.each<Role>(["member", "guest", "viewer"])("is nothing for a %s", (role) => {
    expect(powers(who(role), participant("bob"), LOUD)).toEqual([]);
  });

  it("is nothing to themselves", () => {
    const alice = who("owner");
    expect(powers(alice, alice, LOUD)).toEqual([]);
  });

  it("is everything for an owner over a member who sends all and has raised a hand", () => {
    const bob = participant("bob", { hand_at: "2026-11-20T10:05:00Z" });
    const all: Power[] = [
      "ban", "lower_hand", "make_co_host", "make_host", "make_viewer", "mute", "remove", "rename", "spotlight",
      "stop_camera", "stop_sharing",
    ]; // prettier-ignore
    expect(powers(who("owner"), bob, LOUD)).toEqual(all);
  });

  it("is order but no office for a co-host", () => {
    expect(powers(who("co_host"), participant("bob"))).toEqual([
      "ask_to_unmute",
      "remove",
      "rename",
      "spotlight",
    ]);
  });

  it("asks those above, and no more", () => {
    expect(powers(who("host"), who("owner"), LOUD)).toEqual(["spotlight"]);
    expect(powers(who("co_host"), who("host"))).toEqual(["ask_to_unmute", "spotlight"]);
  });

  it("puts out only those below", () => {
    const between = powers(who("host"), who("host", { participant_id: "other" }));
    expect(between).not.toContain("remove");
    expect(between).not.toContain("ban");
    expect(between).toContain("make_member");
  });

  it("makes nobody a moderator who is not signed in", () => {
    const guest = who("guest", { is_signed_in: false });
    const given = powers(who("owner"), guest);
    expect(given).toContain("make_viewer");
    expect(given).not.toContain("make_host");
    expect(given).not.toContain("make_co_host");
  });

  it("is less for whoever only acts as host: neither bans nor hosts", () => {
    const acting = powers(who("host", { is_acting: true }), participant("bob"));
    expect(acting).toContain("make_co_host");
    expect(acting).not.toContain("make_host");
    expect(acting).not.toContain("ban");
    expect(acting).toContain("remove");
  });
});

describe("what stands in the way of sending", () => {
  const room = (part: object) => ({ ...snapshot(1, []).room, ...part });
  const off = { ...snapshot(1, []).room.rights, microphone: false };

  it("is nothing in an open room", () => {
    expect(blockOf("microphone", "guest", room({}))).toBe(null);
  });

  it("is a switch, for those who do not moderate, and for that source alone", () => {
    expect(blockOf("microphone", "member", room({ rights: off }))).toBe("switched_off");
    expect(blockOf("camera", "member", room({ rights: off }))).toBe(null);
    expect(blockOf("microphone", "co_host", room({ rights: off }))).toBe(null);
  });

  it("is suspension before a switch, and the role before both", () => {
    const suspended = room({ rights: off, is_suspended: true });
    expect(blockOf("microphone", "guest", suspended)).toBe("suspended");
    expect(blockOf("microphone", "viewer", suspended)).toBe("viewer");
    expect(blockOf("camera", "owner", suspended)).toBe(null);
  });
});
