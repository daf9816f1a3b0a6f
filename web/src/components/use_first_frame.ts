// When a picture is really there. An element that has a track may stay empty for a while: until the first frame has
// been decoded and painted, something else has to stand in its place.
import { useEffect, useState } from "react";
import type { RefObject } from "react";

/** Whether the element has painted a frame of the media called `mediaId`. */
export function useFirstFrame(element: RefObject<HTMLVideoElement | null>, mediaId: string): boolean {
  const [paintedId, setPaintedId] = useState<string | null>(null);
  useEffect(() => {
    const video = element.current;
    if (!video) return undefined;
    const painted = () => setPaintedId(mediaId);
    if ("requestVideoFrameCallback" in video) {
      const id = video.requestVideoFrameCallback(painted);
      return () => video.cancelVideoFrameCallback(id);
    }
    const plain = video as HTMLVideoElement;
    plain.addEventListener("timeupdate", painted, { once: true });
    return () => plain.removeEventListener("timeupdate", painted);
  }, [element, mediaId]);
  return paintedId === mediaId;
}
