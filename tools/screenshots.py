"""Take pictures of every page and call state, with the drawn people as cameras.

    python tools/screenshots.py FOLDER                # desktop and phone, light and dark
    python tools/screenshots.py FOLDER pages manage   # only these parts: pages, manage, call
    python tools/screenshots.py docs/images readme    # only `call.png`, the README's picture

They are there to be looked at with a critical eye. Needs what the browser tests need.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Page, expect, sync_playwright

from tools.studio import (
    WAIT_MS,
    PalaverServer,
    Studio,
    enter,
    go_to_the_door,
    one_speaks,
    painted,
    sign_up,
)

MEMBERS = (("kofi", "Kofi", "Mensah"), ("leila", "Leila", "Haddad"))
GUESTS = (("mei", "Mei-Ling Wu"), ("tomas", "Tomás Ferreira"), ("ingrid", "Ingrid Sørensen"))
SIGNED_OUT_PAGES = {
    "start": "/",
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
    "about": "/about/",
    "contact": "/contact/",
    "lost": "/m/no-such-link",
}
SIGNED_IN_PAGES = {
    "home-empty": "/",
    "profile": "/profile/",
    "change-password": "/accounts/password/change/",
    "sign-out": "/accounts/logout/",
}
MANAGING_PAGES = {"meeting": "/", "settings": "/settings", "people": "/people", "bans": "/bans", "delete": "/delete"}
PAST_MEETING = Path(__file__).parents[1] / "tests/e2e/past_meeting.py"
PARTS = ("pages", "manage", "call")


def visit_pages(studio: Studio, amina: Page) -> None:
    """Every page of the site; Amina is signed in."""
    server = studio.server
    visitor = studio.page("zola")
    for name, path in SIGNED_OUT_PAGES.items():
        visitor.goto(server.url + path)
        studio.shoot(visitor, name)
    for name, path in SIGNED_IN_PAGES.items():
        amina.goto(server.url + path)
        studio.shoot(amina, name)


def manage_a_meeting(studio: Studio, amina: Page) -> None:
    """The pages of a meeting, new and with a past."""
    new_meeting(studio, amina)
    base = amina.url.rstrip("/")
    for name, path in MANAGING_PAGES.items():
        amina.goto(base + path)
        studio.shoot(amina, f"{name}-new" if path in ("/people", "/bans") else name)
    meeting_id = base.rsplit("/", 1)[-1]
    script = f"{PAST_MEETING.read_text()}\nprint('run', leave_behind({meeting_id!r}))\n"
    run = studio.server.manage("shell", "-v", "0", "-c", script).split()[-1]
    with_a_past = {"meeting-past": "/", "people": "/people", "bans": "/bans", "run": f"/sessions/{run}/"}
    for name, path in with_a_past.items():
        amina.goto(base + path)
        studio.shoot(amina, name)


def new_meeting(studio: Studio, amina: Page) -> str:
    amina.goto(studio.server.url)
    amina.get_by_role("button", name="New meeting").click()
    link = amina.get_by_role("textbox", name="Link to share").input_value()
    title = amina.get_by_role("textbox", name="Title", exact=True)
    title.fill("Autumn term planning")
    title.press("Enter")
    expect(amina.get_by_role("heading", level=1)).to_have_text("Autumn term planning")
    return link


def gather(studio: Studio, amina: Page, link: str) -> dict[str, Page]:
    """Everybody comes, one after the other."""
    enter(amina, link)
    studio.shoot(amina, "call-alone", painted)
    others: dict[str, Page] = {}
    for person, first, last in MEMBERS:
        page = others[person] = studio.page(person)
        sign_up(page, studio.server, first, last)
        enter(page, link)
        if person == "kofi":
            expect(amina.locator("[data-participant-id] video")).to_have_count(2, timeout=WAIT_MS)
            studio.shoot(amina, "call-two", one_speaks)
    expect(amina.locator("[data-participant-id] video")).to_have_count(3, timeout=WAIT_MS)
    studio.shoot(amina, "call-three", one_speaks)
    for person, name in GUESTS:
        page = others[person] = studio.page(person)
        if person == "mei":
            page.goto(link)
            expect(page.get_by_label("Your name")).to_be_visible(timeout=WAIT_MS)
            studio.shoot(page, "green-room-asked")
        go_to_the_door(page, link, name=name)
        if person == "mei":
            studio.shoot(page, "green-room", painted)
        page.get_by_role("button", name="Join now").click()
        expect(page.get_by_role("button", name="Leave", exact=True)).to_be_visible(timeout=WAIT_MS)
    others["ingrid"].get_by_role("button", name="Mute", exact=True).click()
    expect(amina.locator("[data-participant-id] video")).to_have_count(6, timeout=WAIT_MS)
    return others


def take_the_readme_picture(studio: Studio, amina: Page, link: str) -> None:
    """Five people, one of whom speaks."""
    enter(amina, link)
    for person, name in (*((one, f"{first} {last}") for one, first, last in MEMBERS), *GUESTS[:2]):
        enter(studio.page(person), link, name=name)
    expect(amina.locator("[data-participant-id] video")).to_have_count(5, timeout=WAIT_MS)
    studio.shoot_once(amina, "call", one_speaks_and_nobody_moves)


def one_speaks_and_nobody_moves(page: Page) -> None:
    one_speaks(page)
    # That somebody joined is said for some seconds.
    expect(page.locator(".news-note")).to_have_count(0, timeout=WAIT_MS)


def hold_a_meeting(studio: Studio, amina: Page, link: str) -> None:
    """Every state of the call, from the first who comes to the page after it."""
    others = gather(studio, amina, link)
    studio.shoot(amina, "call-grid", one_speaks)
    amina.get_by_role("button", name="People", exact=True).click()
    studio.shoot(amina, "call-people", one_speaks)
    amina.get_by_role("button", name="Close people").click()
    amina.get_by_role("button", name="Info", exact=True).click()
    studio.shoot(amina, "call-info", one_speaks)
    amina.get_by_role("button", name="Close info").click()
    others["kofi"].get_by_role("button", name="Share screen").click()
    expect(amina.locator("[data-screen-of] video")).to_be_visible(timeout=WAIT_MS)
    studio.shoot(amina, "call-share", painted)
    others["leila"].get_by_role("button", name="Share screen").click()
    expect(amina.get_by_role("group", name="2 screens are shared")).to_be_visible(timeout=WAIT_MS)
    studio.shoot(amina, "call-two-screens", painted)
    for person in ("kofi", "leila"):
        others[person].get_by_role("button", name="Stop sharing").first.click()
    expect(amina.locator("[data-screen-of]")).to_have_count(0, timeout=WAIT_MS)
    amina.get_by_role("button", name="Leave", exact=True).click()
    studio.shoot_once(amina, "call-leave-menu")
    amina.get_by_role("menuitem", name="Leave", exact=True).click()
    expect(amina.get_by_role("button", name="Rejoin")).to_be_visible(timeout=WAIT_MS)
    studio.shoot(amina, "after-call")
    amina.goto(studio.server.url)
    studio.shoot(amina, "home")


def main() -> int:
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="palaver-pictures-"))
    folder.mkdir(parents=True, exist_ok=True)
    parts = sys.argv[2:] or PARTS
    with (
        tempfile.TemporaryDirectory() as scratch,
        PalaverServer(Path(scratch) / "palaver") as server,
        sync_playwright() as driver,
    ):
        studio = Studio(driver, server, folder, Path(scratch))
        try:
            amina = studio.page("amina")
            sign_up(amina, server, "Amina", "Diallo")
            # In this order: a page of no meetings comes first.
            if "pages" in parts:
                visit_pages(studio, amina)
            if "manage" in parts:
                manage_a_meeting(studio, amina)
            if "call" in parts:
                hold_a_meeting(studio, amina, new_meeting(studio, amina))
            if "readme" in parts:
                take_the_readme_picture(studio, amina, new_meeting(studio, amina))
        finally:
            studio.close()
    return 1 if studio.hasty else 0


if __name__ == "__main__":
    sys.exit(main())
