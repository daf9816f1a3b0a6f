// Who is inside, asked again now and then while somebody stands in the green room.
import { useEffect, useState } from "react";
import { parsePreview } from "../../wire/page";
import type { Preview } from "../../wire/page";

const REFRESH_MS = 10_000;

export function usePreview(url: string): { preview: Preview | null; hasFailed: boolean } {
  const [preview, setPreview] = useState<Preview | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      try {
        const answer = await fetch(url, { signal: stop.signal, headers: { accept: "application/json" } });
        if (!answer.ok) throw new Error(`preview: ${answer.status}`);
        setPreview(parsePreview(await answer.json()));
        setFailed(false);
      } catch {
        if (!stop.signal.aborted) setFailed(true);
      }
    };
    void read();
    const id = window.setInterval(() => {
      if (document.visibilityState === "visible") void read();
    }, REFRESH_MS);
    return () => {
      stop.abort();
      window.clearInterval(id);
    };
  }, [url]);
  return { preview, hasFailed };
}
