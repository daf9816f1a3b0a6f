// The room's word on how this person is received, read from what the wire brings.
import type { Connection } from "../../wire/live.gen";
import { flag, list, nullable, number, object, oneOf, text, WireError } from "../../wire/shape";
import type { Opaque } from "../../wire/server_message";

const trouble = oneOf("cut", "loss", "delay");

const readNews = object<Connection>({
  kind: oneOf("connection"),
  sound: object({
    state: oneOf("none", "muted", "silent", "arriving"),
    heard_by: number,
    others: number,
    unheard_by: list(text),
  }),
  line: nullable(
    object({
      way: oneOf("udp", "tcp"),
      trouble: nullable(trouble),
      rtt_ms: nullable(number),
      lost_up: number,
      lost_down: number,
    }),
  ),
  troubles: list(
    object({
      participant_id: text,
      source: oneOf("microphone", "camera", "screen_share", "screen_share_audio"),
      cause: oneOf("loss", "bandwidth", "cpu", "waiting"),
      is_sent: flag,
      lost: number,
    }),
  ),
  weak: list(object({ participant_id: text, trouble })),
});

/** `null` for other news, and for words that a newer server may have: then nothing is known. */
export function readConnection(news: Opaque): Connection | null {
  if (news["kind"] !== "connection") return null;
  try {
    return readNews(news, "connection");
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
