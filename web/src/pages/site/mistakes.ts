// A form that was not taken: whoever does not see the red words is led to them.

/** Put the focus on the first field that needs another look, or on what is wrong with the whole form. */
export function goToMistakes(page: Document): void {
  const field = page.querySelector<HTMLElement>('main form [aria-invalid="true"]:not([type="hidden"])');
  if (field !== null) {
    field.focus();
    return;
  }
  const words = page.querySelector<HTMLElement>("main .form-errors");
  if (words !== null) {
    words.tabIndex = -1;
    words.focus();
  }
}
