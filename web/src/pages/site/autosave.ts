// Forms that save each change at once: <form data-autosave> with a button[data-save], which is for browsers without
// scripts, and a [role=status] that says what became of the change.

/** Connect every such form of the page. */
export function saveChangesAtOnce(page: Document): void {
  for (const form of page.querySelectorAll<HTMLFormElement>("form[data-autosave]")) {
    const status = form.querySelector<HTMLElement>("[role=status]");
    const button = form.querySelector<HTMLButtonElement>("button[data-save]");
    if (status === null || button === null) {
      continue;
    }
    button.hidden = true;
    const say = (what: "saved" | "saving" | "failed"): void => {
      status.dataset["state"] = what;
      status.textContent = status.dataset[what] ?? "";
    };
    form.addEventListener(
      "change",
      newestOnly(() => save(form, say)),
    );
  }
}

/** One run after the other; changes that come while one waits are all covered by that one. */
function newestOnly(run: () => Promise<void>): () => void {
  let last = Promise.resolve();
  let isWaiting = false;
  return () => {
    if (isWaiting) {
      return;
    }
    isWaiting = true;
    last = last.then(() => {
      isWaiting = false;
      return run();
    });
  };
}

async function save(
  form: HTMLFormElement,
  say: (what: "saved" | "saving" | "failed") => void,
): Promise<void> {
  say("saving");
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
      redirect: "manual",
    });
    if (answer.status === 422) {
      // The page says beside each field what is wrong with it.
      form.submit();
      return;
    }
    say(answer.status === 204 ? "saved" : "failed");
  } catch {
    say("failed");
  }
}
