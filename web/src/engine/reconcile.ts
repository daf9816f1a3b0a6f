// One worker that carries a wish out: level-triggered and serialised. Wishes that come while it works are not queued;
// when it is done it looks again and goes on until a look finds nothing left to do.

/** Each `step` moves the actual state nearer to the desired one; it returns "done" when they are equal. */
export function reconciler(step: () => Promise<"done" | "again">): { kick: () => Promise<void> } {
  let running: Promise<void> | null = null;
  let isWanted = false;

  const run = async () => {
    try {
      do {
        isWanted = false;
        while ((await step()) === "again");
        // `kick` may have set it while a step was awaited, which the type checker cannot see.
        // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
      } while (isWanted);
    } finally {
      running = null;
    }
  };

  return {
    kick: () => {
      isWanted = true;
      // Not at once: a step must never run inside the caller, who may be in the middle of a change.
      running ??= Promise.resolve().then(run);
      return running;
    },
  };
}
