// Copy buttons: <button data-copy="id of the field" data-copied="Copied."> and, beside it, <p role="status">.

/** Show and connect every copy button of the page. They are hidden until the browser can copy. */
export function offerCopying(page: Document): void {
  for (const button of page.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    const field = page.getElementById(button.dataset["copy"] ?? "");
    const said = page.getElementById(button.getAttribute("aria-describedby") ?? "");
    if (!(field instanceof HTMLInputElement)) {
      continue;
    }
    button.hidden = false;
    button.addEventListener("click", () => {
      void copy(field).then((isCopied) => {
        if (said !== null) {
          // Emptied first, so that a second copy is announced again.
          said.textContent = "";
          said.textContent = (isCopied ? button.dataset["copied"] : button.dataset["failed"]) ?? "";
        }
      });
    });
    field.addEventListener("focus", () => field.select());
  }
}

async function copy(field: HTMLInputElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // No clipboard on plain http: the text is selected, so that one key copies it.
    field.select();
    return false;
  }
}
