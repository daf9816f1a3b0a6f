// The title of the tab: what somebody wants to know who looks at another tab.
import type { Saying } from "../text/translate";
import type { Call } from "./call";

export function tabTitle(call: Pick<Call, "title" | "phase" | "door" | "knocks" | "together">): Saying {
  const title = call.title.value;
  if (call.phase.value.kind === "waiting") return { key: "page.title.waiting", params: { title } };
  if (call.door.isLetInNews.value) return { key: "page.title.letIn", params: { title } };
  const count = call.knocks.waiting.value.length;
  if (count > 0) return { key: "page.title.knocks", params: { title, count } };
  const missed = call.together.attention.missed.value;
  return missed > 0
    ? { key: "page.title.missed", params: { title, count: missed } }
    : { key: "page.title", params: { title } };
}
