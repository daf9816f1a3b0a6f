import { describe, expect, it } from "vitest";
import { problemOf } from "./problems";

const error = (name: string, message = "") => Object.assign(new Error(message), { name });

describe("device problems", () => {
  it.each([
    ["NotAllowedError", "Permission denied", "denied"],
    ["NotAllowedError", "Permission denied by system", "denied_by_system"],
    ["NotAllowedError", "Permission dismissed", "dismissed"],
    ["SecurityError", "", "denied"],
    ["NotFoundError", "Requested device not found", "missing"],
    ["OverconstrainedError", "", "missing"],
    ["NotReadableError", "Could not start video source", "in_use"],
    ["AbortError", "", "in_use"],
    ["TypeError", "", "unsupported"],
    ["SomethingElse", "", "unknown"],
  ])("a camera's %s (%s) is %s", (name, message, kind) => {
    expect(problemOf("camera", error(name, message))).toEqual({ device: "camera", kind });
  });

  it("closing the screen picker is an answer; a screen that cannot be read is the system's no", () => {
    expect(problemOf("screen", error("NotAllowedError", "Permission denied")).kind).toBe("dismissed");
    expect(problemOf("screen", error("NotAllowedError", "Permission denied by system")).kind).toBe(
      "denied_by_system",
    );
    expect(problemOf("screen", error("NotFoundError")).kind).toBe("denied_by_system");
    expect(problemOf("screen", error("NotReadableError")).kind).toBe("denied_by_system");
  });

  it("what is no error at all is unknown", () => {
    expect(problemOf("microphone", "boom").kind).toBe("unknown");
  });
});
