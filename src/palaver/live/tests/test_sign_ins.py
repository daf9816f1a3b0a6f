"""No seat outlives the sign-in that it was taken with. LIVE-027 to LIVE-029."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.forms import default_token_generator
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils.http import int_to_base36

from palaver.accounts.facts import SessionEnded, SessionRenewed, SignInsRevoked
from palaver.accounts.models import User
from palaver.conftest import PASSWORD
from palaver.engines.memory import MemoryEngine
from palaver.kernel.ids import UserId
from palaver.live.domain.sign_in import SignIn
from palaver.live.lifecycle import Live
from palaver.live.tests.page import Page
from palaver.meetings.models import Meeting
from palaver.meetings.services import create_meeting

SIGNED_OUT = ({"type": "closing", "reason": "signed_out", "by": None}, 4416)
OTHER = "four loud geese"


class Browser(Client):
    """A browser that somebody has signed in with."""

    def __init__(self, person: User) -> None:
        super().__init__()
        self.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")

    @property
    def cookie(self) -> str:
        return str(self.cookies["sessionid"].value)

    async def send(self, path: str, **form: str) -> None:
        answer = await sync_to_async(self.post)(path, form)
        assert answer.status_code == 302, answer.content.decode()


@pytest.fixture
def carol(transactional_db: None) -> User:
    return User.objects.create_user("carol@example.org", PASSWORD, first_name="Carol", last_name="Okafor")


@pytest.fixture
def browser(carol: User) -> Browser:
    return Browser(carol)


@pytest.fixture
def other_browser(carol: User) -> Browser:
    return Browser(carol)


@pytest.fixture
def other_meeting(alice: User) -> Meeting:
    return create_meeting(actor=alice, title="Chess club", now=datetime.now(tz=UTC))


async def sign_out(carol: User, browser: Browser) -> None:
    await browser.send("/accounts/logout/")


async def close_account(carol: User, browser: Browser) -> None:
    def close() -> None:
        carol.is_active = False
        carol.save()

    await sync_to_async(close)()


async def delete_account(carol: User, browser: Browser) -> None:
    await sync_to_async(carol.delete)()


async def reset_password(carol: User, browser: Browser) -> None:
    def by_mail() -> None:
        link = f"/accounts/password/reset/key/{int_to_base36(carol.pk)}-{default_token_generator.make_token(carol)}/"
        stranger = Client()
        page = stranger.get(link, follow=True)
        stranger.post(page.request["PATH_INFO"], {"password1": OTHER, "password2": OTHER})
        carol.refresh_from_db()
        assert carol.check_password(OTHER)

    await sync_to_async(by_mail)()


async def change_password_elsewhere(carol: User, browser: Browser) -> None:
    elsewhere = await sync_to_async(Browser)(carol)
    await elsewhere.send("/accounts/password/change/", oldpassword=PASSWORD, password1=OTHER, password2=OTHER)


Way = Callable[[User, Browser], Awaitable[None]]
WAYS: tuple[Way, ...] = (sign_out, close_account, delete_account, reset_password, change_password_elsewhere)


@pytest.mark.parametrize("end_it", WAYS)
async def test_a_sign_in_that_ends_ends_the_call_with_sound_and_picture(
    live: Live, *, engine: MemoryEngine, meeting: Meeting, carol: User, browser: Browser, end_it: Way
) -> None:
    """LIVE-027, LIVE-051."""
    async with Page(meeting.slug, cookie=browser.cookie) as page, Page(meeting.slug) as bob:
        await page.hello()
        await bob.hello("Bob")
        ticket = page.welcome["media"]["token"]
        connection = engine.connect(ticket)
        await end_it(carol, browser)
        assert await page.farewell() == SIGNED_OUT
        change = (await bob.until("delta"))["changes"][-1]
        assert (change["op"], change["participant_id"]) == ("drop_participant", page.participant_id)
        await connection.closed.wait()
        with pytest.raises(PermissionError):
            engine.connect(ticket)
        async with Page(meeting.slug, cookie=browser.cookie) as again:
            assert (await again.hello("Carol"))["you"]["role"] == "guest", "the same cookie is nobody's any more"


async def test_a_seat_whose_connection_is_cut_goes_too(
    live: Live, meeting: Meeting, carol: User, browser: Browser
) -> None:
    """LIVE-027: who cuts their own line on purpose keeps neither seat nor media."""
    async with Page(meeting.slug) as bob:
        await bob.hello("Bob")
        async with Page(meeting.slug, cookie=browser.cookie) as page:
            await page.hello()
            page.drop(1006)
            await page.ended()
        await sign_out(carol, browser)
        while (change := (await bob.until("delta"))["changes"][-1])["op"] != "drop_participant":
            pass
        assert change["participant_id"] == page.participant_id


async def test_signing_out_ends_no_call_of_another_browser_nor_of_anybody_else(
    live: Live, *, meeting: Meeting, alice_cookie: str, carol: User, browser: Browser, other_browser: Browser
) -> None:
    async with Page(meeting.slug, cookie=browser.cookie) as page, Page(meeting.slug, cookie=alice_cookie) as alice:
        await page.hello()
        await alice.hello()
        await sign_out(carol, other_browser)
        await sync_to_async(Client().post)("/accounts/logout/")
        assert (await page.command("media_ticket"))["type"] == "ack"
        assert (await alice.command("media_ticket"))["type"] == "ack"


async def test_who_changes_the_password_stays_in_the_calls_of_that_browser(
    live: Live, *, meeting: Meeting, other_meeting: Meeting, browser: Browser, other_browser: Browser, carol: User
) -> None:
    """LIVE-029: and a later sign-out there, under the session's new key, ends them."""
    async with (
        Page(meeting.slug, cookie=browser.cookie) as here,
        Page(other_meeting.slug, cookie=other_browser.cookie) as there,
    ):
        await here.hello()
        await there.hello()
        before = browser.cookie
        await browser.send("/accounts/password/change/", oldpassword=PASSWORD, password1=OTHER, password2=OTHER)
        assert browser.cookie != before
        assert await there.farewell() == SIGNED_OUT
        for _ in range(3):
            await live.sign_ins.review(live.threads)
        assert (await here.command("media_ticket"))["type"] == "ack"
        await sign_out(carol, browser)
        assert await here.farewell() == SIGNED_OUT


async def test_what_no_fact_tells_is_found_by_looking(
    live: Live, meeting: Meeting, carol: User, browser: Browser
) -> None:
    """LIVE-027: an update of rows, or another process."""
    async with Page(meeting.slug, cookie=browser.cookie) as page:
        await page.hello()
        await live.sign_ins.review(live.threads)
        await live.sign_ins.review(live.threads)
        assert (await page.command("media_ticket"))["type"] == "ack"
        await sync_to_async(User.objects.filter(pk=carol.pk).update)(is_active=False)
        await live.sign_ins.review(live.threads)
        await live.sign_ins.review(live.threads)
        assert await page.farewell() == SIGNED_OUT


async def test_a_password_set_by_the_operator_is_found_by_looking_even_right_after_the_hello(
    live: Live, meeting: Meeting, carol: User, browser: Browser
) -> None:
    def set_password() -> None:
        carol.set_password(OTHER)
        carol.save()

    async with Page(meeting.slug, cookie=browser.cookie) as page:
        await page.hello()
        await sync_to_async(set_password)()
        await live.sign_ins.review(live.threads)
        await live.sign_ins.review(live.threads)
        assert await page.farewell() == SIGNED_OUT


async def test_a_session_that_merely_runs_out_ends_no_call(live: Live, meeting: Meeting, browser: Browser) -> None:
    """LIVE-029."""
    async with Page(meeting.slug, cookie=browser.cookie) as page:
        await page.hello()
        await live.sign_ins.review(live.threads)
        past = datetime.now(tz=UTC) - timedelta(seconds=1)
        await sync_to_async(Session.objects.update)(expire_date=past)
        for _ in range(3):
            await live.sign_ins.review(live.threads)
        assert (await page.command("media_ticket"))["type"] == "ack"


async def test_a_sign_out_between_the_look_at_the_session_and_the_seat_is_not_missed(
    live: Live, meeting: Meeting, carol: User, browser: Browser
) -> None:
    async with Page(meeting.slug, cookie=browser.cookie) as page:
        await page.hello()
        room = live.hub.rooms[str(meeting.pk)]
        (seat,) = room.state.seats.values()
        told = live.sign_ins.position
        live.sign_ins.tell(SessionRenewed("first", "second"))
        live.sign_ins.tell(SessionEnded("second"))
        live.sign_ins.seated(room, seat, "first", since=told)
        assert await page.farewell() == SIGNED_OUT


def test_what_is_left_of_a_sign_in() -> None:
    mine = SignIn(7, "mine")
    assert mine.after(SessionEnded("mine")) is None
    assert mine.after(SessionEnded("another")) == mine
    assert mine.after(SessionRenewed("mine", "new")) == SignIn(7, "new")
    assert mine.after(SessionRenewed("another", "mine2")) == mine
    assert mine.after(SignInsRevoked(UserId(7))) is None
    assert mine.after(SignInsRevoked(UserId(7), "another")) is None
    assert mine.after(SignInsRevoked(UserId(7), "mine")) == mine
    assert mine.after(SignInsRevoked(UserId(8))) == mine


def test_a_sign_in_shows_its_key_to_no_log() -> None:
    for thing in (
        SignIn(7, "mine"),
        SessionEnded("mine"),
        SessionRenewed("mine", "mine"),
        SignInsRevoked(UserId(7), "mine"),
    ):
        assert "mine" not in repr(thing)
