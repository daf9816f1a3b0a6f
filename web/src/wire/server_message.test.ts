import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { participant, snapshot, welcome } from "../testing/fakes";
import { parseServerMessage } from "./server_message";
import { WireError } from "./shape";

const parse = (message: unknown) => parseServerMessage(JSON.stringify(message));

describe("server messages", () => {
  it("are read as they are", () => {
    const message = welcome("r1", snapshot(3, [participant("alice")]), { guest_ticket: "g" });
    expect(parse(message)).toEqual(message);
    expect(parse({ type: "heartbeat", version: 4 })).toEqual({ type: "heartbeat", version: 4 });
    expect(parse({ type: "closing", reason: "removed", by: null })).toEqual({
      type: "closing",
      reason: "removed",
      by: null,
    });
  });

  it("of a later protocol are nothing, not an error", () => {
    expect(parse({ type: "confetti" })).toBeNull();
    expect(parse({ type: "toString" })).toBeNull();
  });

  it("may carry codes and fields that are new", () => {
    expect(
      parse({
        type: "error",
        request_id: null,
        code: "new_code",
        retryable: true,
        params: { a: 1 },
        extra: 1,
      }),
    ).toEqual({
      type: "error",
      request_id: null,
      code: "new_code",
      retryable: true,
      params: { a: 1 },
    });
  });

  it.each([
    ["not JSON", "{"],
    ["not an object", "[]"],
    ["no type", "{}"],
    ["a wrong field", JSON.stringify({ type: "heartbeat", version: "4" })],
    ["a missing field", JSON.stringify({ type: "delta", base: 1, version: 2 })],
    ["an unknown change", JSON.stringify({ type: "delta", base: 1, version: 2, changes: [{ op: "paint" }] })],
    [
      "an unknown role",
      JSON.stringify(welcome("r", snapshot(1, [{ ...participant("a"), role: "king" as never }]))),
    ],
  ])("with %s are a WireError", (_, raw) => {
    expect(() => parseServerMessage(raw)).toThrow(WireError);
  });

  it("never fail in another way", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (raw) => {
        try {
          parseServerMessage(raw);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});
