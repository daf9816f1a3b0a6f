// Marks on the browser's own performance timeline, so that a join can be measured from outside without any hook:
// `palaver:join-start`, `palaver:track:<identity>:<source>` and `palaver:first-frame:<identity>:<source>`, and
// `palaver:first-frame` for the first of all.

export function markJoinStart(): void {
  performance.clearMarks("palaver:first-frame");
  performance.mark("palaver:join-start");
}

export function markTrack(identity: string, source: string): void {
  performance.mark(`palaver:track:${identity}:${source}`);
}

export function markFirstFrame(identity: string, source: string, element: HTMLVideoElement): void {
  const mark = () => {
    performance.mark(`palaver:first-frame:${identity}:${source}`);
    if (performance.getEntriesByName("palaver:first-frame").length === 0)
      performance.mark("palaver:first-frame");
  };
  if ("requestVideoFrameCallback" in element) element.requestVideoFrameCallback(mark);
  else (element as HTMLVideoElement).addEventListener("loadeddata", mark, { once: true });
}
