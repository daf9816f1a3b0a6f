// Bars that follow a microphone.
import { useEffect, useState } from "react";
import { watchLevel } from "../devices/level_meter";

const BARS = 8;

export function LevelBars({ track, label }: { track: MediaStreamTrack | null; label: string }) {
  const [level, setLevel] = useState(0);
  useEffect(() => {
    if (!track) return undefined;
    const stop = watchLevel(track, setLevel);
    return () => {
      stop();
      setLevel(0);
    };
  }, [track]);
  const lit = Math.round(level * BARS);
  return (
    <span
      className="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={BARS}
      aria-valuenow={lit}
    >
      {Array.from({ length: BARS }, (_, index) => (
        <i key={index} className={index < lit ? "on" : ""} />
      ))}
    </span>
  );
}
