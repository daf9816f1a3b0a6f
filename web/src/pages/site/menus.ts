// <details data-menu>: opens by itself; this closes it as menus close.

/** Close an open menu on Escape, and when something outside it is pressed or focused. */
export function closeMenusOutside(page: Document): void {
  const openMenus = () => page.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]");
  const closeOthers = (event: Event) => {
    for (const menu of openMenus()) {
      if (event.target instanceof Node && !menu.contains(event.target)) {
        menu.open = false;
      }
    }
  };
  page.addEventListener("pointerdown", closeOthers);
  page.addEventListener("focusin", closeOthers);
  page.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") {
      return;
    }
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}
