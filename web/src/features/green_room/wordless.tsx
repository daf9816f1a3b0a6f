/** Somebody without a name yet: a head and shoulders. */
export function Wordless() {
  return (
    <svg viewBox="0 0 24 24" width="50%" height="50%" fill="currentColor" aria-hidden="true">
      <circle cx="12" cy="8" r="4.5" />
      <path d="M3 21c1-5 5-7 9-7s8 2 9 7z" />
    </svg>
  );
}
