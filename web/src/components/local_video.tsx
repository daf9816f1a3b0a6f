// One's own picture or screen, straight from the device.
import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import { useFirstFrame } from "./use_first_frame";

export interface LocalVideoProps {
  track: MediaStreamTrack;
  label: string;
  /** Lies over the element until its first frame is painted. */
  cover: ReactNode;
}

export function LocalVideo({ track, label, cover }: LocalVideoProps) {
  const ref = useRef<HTMLVideoElement>(null);
  const isPainted = useFirstFrame(ref, track.id);
  useEffect(() => {
    const video = ref.current;
    if (!video) return undefined;
    video.srcObject = new MediaStream([track]);
    return () => {
      video.srcObject = null;
    };
  }, [track]);
  return (
    <>
      {/* The picture of a person who is here and heard has no captions; the name beside it is its text. */}
      <video
        ref={ref}
        className="pic"
        autoPlay
        playsInline
        muted
        aria-label={label}
        data-painted={isPainted}
      />
      {isPainted ? null : cover}
    </>
  );
}
