// Who hears whom, how well, and why no better.
import type { Call } from "../src/call/call";
import type { Connection } from "../src/wire/live.gen";
import { FIVE, inside } from "./cast";
import type { Story } from "./cast";

const HEARD: Connection = {
  kind: "connection",
  sound: { state: "arriving", heard_by: 5, others: 5, unheard_by: [] },
  line: { way: "udp", trouble: null, rtt_ms: 40, lost_up: 0, lost_down: 1 },
  troubles: [],
  weak: [],
};
const NOT_BY_ALL: Connection = {
  ...HEARD,
  sound: { state: "arriving", heard_by: 3, others: 5, unheard_by: ["p1", "p4"] },
  line: { way: "udp", trouble: "loss", rtt_ms: 180, lost_up: 15, lost_down: 4 },
  troubles: [
    { participant_id: "p0", source: "camera", cause: "bandwidth", is_sent: true, lost: 0 },
    { participant_id: "p2", source: "camera", cause: "loss", is_sent: true, lost: 8 },
    { participant_id: "p3", source: "camera", cause: "waiting", is_sent: false, lost: 0 },
    { participant_id: "p2", source: "microphone", cause: "loss", is_sent: true, lost: 6 },
  ],
  weak: [
    { participant_id: "p1", trouble: "cut" },
    { participant_id: "p4", trouble: "delay" },
  ],
};

const told = (news: Connection, then?: (call: Call) => void) =>
  inside((call, room) => {
    room.tell(news);
    then?.(call);
  });
const openDetails = (call: Call) => call.togglePanel("connection");

export const connectionStories: Readonly<Record<string, Story>> = {
  heard: { others: FIVE, speaks: "Kofi Mensah", play: told(HEARD) },
  weak: { others: FIVE, yourRole: "host", play: told(NOT_BY_ALL) },
  connection: { others: FIVE, yourRole: "host", play: told(NOT_BY_ALL, openDetails) },
  "connection-unknown": { others: FIVE, play: inside(openDetails) },
};
