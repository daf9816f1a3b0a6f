// A hand that presses what is on the screen, once it is there: panels and menus come in pieces.

/** Presses what *find* finds, once it is there: panels come in pieces. */
export const press = (find: () => HTMLElement | null | undefined, then?: () => void) => {
  const look = window.setInterval(() => {
    const found = find();
    if (!found) return;
    window.clearInterval(look);
    found.click();
    then?.();
  }, 100);
};

export const entry = (label: string) => () =>
  [...document.querySelectorAll<HTMLElement>("[role=menuitem]")].find((one) =>
    one.textContent.includes(label),
  );
