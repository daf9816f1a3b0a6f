// How a room socket ends: which ends are final, and which ones call for another try.
import { CLOSE_CODE } from "../wire/live.gen";

export type EndReason =
  | "left"
  | "ended_by_host"
  | "removed"
  | "banned"
  | "denied"
  | "meeting_locked"
  | "password_required"
  | "password_wrong"
  | "taken_over"
  | "already_here"
  | "meeting_deleted"
  | "signed_out"
  | "sign_in_required"
  | "not_allowed"
  | "not_found"
  | "room_full"
  | "protocol"
  | "refused";

export interface End {
  reason: EndReason;
  /** The name of the person who caused it, where a person did. */
  by: string | null;
  /** The server's code where `reason` is "refused". */
  code: string | null;
}

export type SocketFate = { kind: "final"; reason: EndReason } | { kind: "retry"; min_delay_ms: number };

/** Being told to slow down means more than the usual first step. */
const RATE_LIMITED_DELAY_MS = 10_000;

export function fateOfClose(code: number): SocketFate {
  switch (code) {
    case CLOSE_CODE.protocol:
    case CLOSE_CODE.too_large:
      return { kind: "final", reason: "protocol" };
    case CLOSE_CODE.sign_in_required:
      return { kind: "final", reason: "sign_in_required" };
    case CLOSE_CODE.not_allowed:
      return { kind: "final", reason: "not_allowed" };
    case CLOSE_CODE.not_found:
      return { kind: "final", reason: "not_found" };
    case CLOSE_CODE.taken_over:
      return { kind: "final", reason: "taken_over" };
    case CLOSE_CODE.ended_by_host:
      return { kind: "final", reason: "ended_by_host" };
    case CLOSE_CODE.removed:
      return { kind: "final", reason: "removed" };
    case CLOSE_CODE.banned:
      return { kind: "final", reason: "banned" };
    case CLOSE_CODE.denied:
      return { kind: "final", reason: "denied" };
    case CLOSE_CODE.meeting_locked:
      return { kind: "final", reason: "meeting_locked" };
    case CLOSE_CODE.password_required:
      return { kind: "final", reason: "password_required" };
    case CLOSE_CODE.password_wrong:
      return { kind: "final", reason: "password_wrong" };
    case CLOSE_CODE.signed_out:
      return { kind: "final", reason: "signed_out" };
    case CLOSE_CODE.left:
      return { kind: "final", reason: "left" };
    case CLOSE_CODE.rate_limited:
      return { kind: "retry", min_delay_ms: RATE_LIMITED_DELAY_MS };
    default:
      return { kind: "retry", min_delay_ms: 0 };
  }
}

/** Refusals of a hello that no further try can change, by code. Everything else follows `retryable`. */
export function fateOfRefusal(code: string, retryable: boolean): SocketFate {
  switch (code) {
    case "already_here":
    case "sign_in_required":
    case "not_allowed":
    case "removed":
    case "banned":
    case "denied":
    case "meeting_locked":
    case "password_required":
    case "password_wrong":
    case "room_full":
      return { kind: "final", reason: code };
    case "meeting_not_found":
    case "not_found":
      return { kind: "final", reason: "not_found" };
    default:
      return retryable ? { kind: "retry", min_delay_ms: 0 } : { kind: "final", reason: "refused" };
  }
}
