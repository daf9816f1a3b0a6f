// A picture from the engine; which element shows it also tells the engine which size is needed.
import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import type { MediaEngine, Source } from "../engine/media_engine";
import { useFirstFrame } from "./use_first_frame";

export interface RemoteVideoProps {
  engine: MediaEngine;
  identity: string;
  source: Source;
  /** Another id means other media: attach again. */
  mediaId: string;
  label: string;
  /** Lies over the element until its first frame is painted. */
  cover: ReactNode;
  onAspect?: (aspectRatio: number) => void;
}

export function RemoteVideo({ engine, identity, source, mediaId, label, cover, onAspect }: RemoteVideoProps) {
  const ref = useRef<HTMLVideoElement>(null);
  const isPainted = useFirstFrame(ref, mediaId);
  useEffect(() => {
    const video = ref.current;
    return video && mediaId ? engine.attach(identity, source, video) : undefined;
  }, [engine, identity, source, mediaId]);
  return (
    <>
      <video
        ref={ref}
        className="pic"
        autoPlay
        playsInline
        muted
        aria-label={label}
        data-painted={isPainted}
        onResize={(event) => {
          const { videoWidth, videoHeight } = event.currentTarget;
          if (videoWidth > 0 && videoHeight > 0) onAspect?.(videoWidth / videoHeight);
        }}
      />
      {isPainted ? null : cover}
    </>
  );
}
