// The button in password fields: <button data-shows="id of the field" data-show="Show" data-hide="Hide">.

/** Show and connect the buttons that make a password readable. */
export function offerShowing(page: Document): void {
  for (const button of page.querySelectorAll<HTMLButtonElement>("button[data-shows]")) {
    const field = page.getElementById(button.dataset["shows"] ?? "");
    const word = button.querySelector("[data-word]");
    if (!(field instanceof HTMLInputElement) || word === null) {
      continue;
    }
    button.hidden = false;
    button.addEventListener("click", () => {
      const isShown = field.type === "password";
      field.type = isShown ? "text" : "password";
      word.textContent = (isShown ? button.dataset["hide"] : button.dataset["show"]) ?? "";
    });
    // A shown password must not be kept as a form value by the browser.
    field.form?.addEventListener("submit", () => {
      field.type = "password";
    });
  }
}
