// Walking through the small field of reactions by the keyboard.

const COLUMNS = 3;

/** The cell that the key leads to; the same one where there is none, `null` for another key. */
export function nextCell(index: number, key: string, count: number, isRightToLeft: boolean): number | null {
  const forward = isRightToLeft ? -1 : 1;
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: forward,
    ArrowLeft: -forward,
    ArrowDown: COLUMNS,
    ArrowUp: -COLUMNS,
    Home: -index,
    End: count - 1 - index,
  };
  const step = steps[key];
  if (step === undefined) return null;
  const next = index + step;
  return next < 0 || next >= count ? index : next;
}
