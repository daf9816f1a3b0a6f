// What is to be known before joining, asked again now and then while somebody stands in the green room.
import { useEffect, useState } from "react";
import { useCall } from "../../components/call_context";
import { parsePreview } from "../../wire/page";
import type { Preview } from "../../wire/page";

const REFRESH_MS = 10_000;
/** Whoever is stopped for now waits for nothing else. */
const REFRESH_STOPPED_MS = 3_000;

/** Refusals that a host, or somebody who leaves, may lift at any moment. */
export function isStopped(preview: Preview | null): boolean {
  return preview?.reason === "meeting_locked" || preview?.reason === "room_full";
}

export function usePreview(): { preview: Preview | null; hasFailed: boolean } {
  const { call } = useCall();
  const [preview, setPreview] = useState<Preview | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const read = async () => {
      window.clearTimeout(timer);
      let seen: Preview | null = null;
      try {
        const answer = await fetch(call.boot.urls.preview, {
          signal: stop.signal,
          headers: { accept: "application/json", ...call.guestHeaders() },
        });
        if (!answer.ok) throw new Error(`preview: ${answer.status}`);
        seen = parsePreview(await answer.json());
        setPreview(seen);
        setFailed(false);
      } catch {
        if (!stop.signal.aborted) setFailed(true);
      }
      if (stop.signal.aborted) return;
      window.clearTimeout(timer);
      timer = window.setTimeout(readIfSeen, isStopped(seen) ? REFRESH_STOPPED_MS : REFRESH_MS);
    };
    const readIfSeen = () => {
      if (document.visibilityState === "visible") void read();
    };
    void read();
    // A hidden tab asks nothing; whoever comes back to it sees what holds now.
    document.addEventListener("visibilitychange", readIfSeen);
    return () => {
      stop.abort();
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", readIfSeen);
    };
  }, [call]);
  return { preview, hasFailed };
}
