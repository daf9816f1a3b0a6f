// Durations as people read them on a clock.
/** 65 s is "1:05", one hour and five seconds "1:00:05". */
export function clockText(duration_ms: number): string {
  const total_s = Math.max(0, Math.floor(duration_ms / 1000));
  const pad = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(total_s / 3600), Math.floor(total_s / 60) % 60, total_s % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
}
