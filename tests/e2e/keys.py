"""Walking by keyboard alone: where the focus is, and whether the person can see it."""

from typing import Any

from playwright.sync_api import Page

# What has the focus, as somebody at the screen sees it. A field or button is *shown* when its middle lies in the
# window with nothing over it, and *marked* when it, or a box that stands for it, has an outline.
_FOCUS = """
() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const box = element.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const top = document.elementFromPoint(x, y);
  const hasOutline = (one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  };
  const labels = (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id));
  const named = element.labels?.[0]?.innerText || labels.map((one) => one?.innerText ?? '').join(' ').trim();
  return {
    name: (element.getAttribute('aria-label') || named || element.innerText || element.value || '').trim(),
    isShown: top !== null && (element.contains(top) || top.contains(element)),
    isMarked: hasOutline(element) || [...element.querySelectorAll('.bench')].some(hasOutline),
    html: element.outerHTML.slice(0, 160),
  };
}
"""


# What moves for ever (the bars of who speaks) moves nothing away.
_IS_STILL = """
() => document.getAnimations().every(
  (one) => one.playState !== 'running' || one.effect.getComputedTiming().endTime === Infinity)
"""


def focus(page: Page) -> dict[str, Any] | None:
    """What has the focus, or `None` when it is lost."""
    found: dict[str, Any] | None = page.evaluate(_FOCUS)
    return found


def tab_to(page: Page, name: str, *, at_most: int = 40) -> None:
    """Press Tab until *name* has the focus; on the way each stop must be seen."""
    passed: list[str] = []
    for _ in range(at_most):
        page.keyboard.press("Tab")
        page.wait_for_function(_IS_STILL)
        here = focus(page)
        # Past the last stop the browser's own buttons have their turn.
        if here is None:
            continue
        assert here["isShown"], f"covered or outside the window: {here}"
        assert here["isMarked"], f"no mark of the focus: {here}"
        if here["name"] == name:
            return
        passed.append(here["name"])
    raise AssertionError(f"{name} is not among {passed}")
