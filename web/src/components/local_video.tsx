// One's own picture or screen, straight from the device.
import { useEffect, useRef } from "react";

export function LocalVideo({ track, label }: { track: MediaStreamTrack; label: string }) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current;
    if (!video) return undefined;
    video.srcObject = new MediaStream([track]);
    return () => {
      video.srcObject = null;
    };
  }, [track]);
  // The picture of a person who is here and heard has no captions; the name beside it is its text.
  return <video ref={ref} className="pic" autoPlay playsInline muted aria-label={label} />;
}
