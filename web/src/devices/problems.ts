// What can go wrong between a person and a device, told apart so that each gets its own words and way on.

export type DeviceKind = "microphone" | "camera" | "screen";

type ProblemKind =
  | "denied" // the person or the browser said no
  | "denied_by_system" // the operating system said no
  | "missing" // there is no such device
  | "in_use" // another program holds it
  | "unplugged" // it went away during use
  | "insecure" // the page is not on https or localhost, so the browser hides all devices
  | "unsupported" // this browser cannot do it at all
  | "dismissed" // the question was closed without an answer
  | "unknown";

export interface DeviceProblem {
  device: DeviceKind;
  kind: ProblemKind;
}

/**
 * From the error of getUserMedia or getDisplayMedia. Browsers agree on names but not on when to use them; the text is
 * looked at only where the name says too little ("Permission denied by system" in Chromium, "The request is not
 * allowed by the user agent or the platform" in Safari and Firefox).
 */
export function problemOf(device: DeviceKind, error: unknown): DeviceProblem {
  const { name, message } = readError(error);
  const kind = ((): ProblemKind => {
    switch (name) {
      case "NotAllowedError":
      case "PermissionDeniedError":
      case "SecurityError":
        if (/by system|by the system|platform permission/i.test(message)) return "denied_by_system";
        if (/dismissed/i.test(message)) return "dismissed";
        // Closing the screen picker is an answer, not a fault.
        return device === "screen" ? "dismissed" : "denied";
      case "NotFoundError":
      case "DevicesNotFoundError":
      case "OverconstrainedError":
        // Firefox on macOS: no screen found means that the system did not let it look.
        return device === "screen" ? "denied_by_system" : "missing";
      case "NotReadableError":
      case "TrackStartError":
      case "AbortError":
        return device === "screen" ? "denied_by_system" : "in_use";
      case "NotSupportedError":
      case "TypeError":
        return "unsupported";
      default:
        return "unknown";
    }
  })();
  return { device, kind };
}

function readError(error: unknown): { name: string; message: string } {
  return error instanceof Error || error instanceof DOMException
    ? { name: error.name, message: error.message }
    : { name: "", message: "" };
}
