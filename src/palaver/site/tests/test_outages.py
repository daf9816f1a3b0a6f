"""The database cannot be written, or not even read, for a while: every page says so, and nothing is half done."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest
from django.db import connection
from django.test import Client

from palaver.accounts.models import User
from palaver.accounts.services import open_setup_link
from palaver.conftest import PASSWORD
from palaver.kernel.clock import system_clock
from palaver.meetings.models import Meeting
from palaver.meetings.services import create_meeting

pytestmark = pytest.mark.django_db(transaction=True)

Outage = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> Outage:
    """Somebody else writes, and does not come to an end; nobody waits for long here."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL locks rows, not files; that it is away is tested in tests/cluster")
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)

    @contextmanager
    def during() -> Iterator[None]:
        connection.close()
        with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as intruder:
            intruder.execute("BEGIN EXCLUSIVE")
            yield
            intruder.execute("ROLLBACK")

    return during


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> Outage:
    """The file is not there."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no file; that it is away is tested in tests/cluster")

    @contextmanager
    def during() -> Iterator[None]:
        connection.close()
        with monkeypatch.context() as patch:
            patch.setitem(connection.settings_dict, "NAME", "/nowhere/palaver.sqlite3")
            yield
        connection.close()

    return during


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


def test_a_locked_database_refuses_a_new_meeting_in_words_and_makes_none(
    browser: Client, locked: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    with locked():
        answer = browser.post("/meetings/new")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "cannot get at its data" in answer.content.decode()
    assert answer["Content-Security-Policy"]
    assert Meeting.objects.count() == 0
    [record] = [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert "database is locked" in str(vars(record)["problem"])
    assert record.exc_info is None
    assert browser.post("/meetings/new").status_code == 302
    assert Meeting.objects.count() == 1


def test_a_locked_database_makes_no_half_of_an_account(locked: Outage) -> None:
    client = Client(raise_request_exception=False)
    names = {"first_name": "Bob", "last_name": "Otieno", "email": "bob@example.org"}
    form = {**names, "password1": PASSWORD, "password2": PASSWORD}
    token = open_setup_link(now=system_clock())
    for path in ("/accounts/signup/", f"/setup/{token}/"):
        with locked():
            assert client.post(path, form).status_code == 503
        assert not User.objects.filter(email="bob@example.org").exists()
    assert client.post(f"/setup/{token}/", form).status_code == 302
    assert User.objects.get(email="bob@example.org").emailaddress_set.count() == 1  # type: ignore[attr-defined]


def test_a_full_disk_refuses_in_words_and_keeps_what_was_there(browser: Client) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("how full PostgreSQL's disk is, no connection of ours decides")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
    try:
        made = 0
        while (answer := browser.post("/meetings/new")).status_code == 302:
            made += 1
            assert made < 1_000, "it is never full"
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert Meeting.objects.count() == made
    finally:
        connection.close()
    assert browser.post("/meetings/new").status_code == 302


def test_a_locked_database_is_still_read(browser: Client, alice: User, locked: Outage) -> None:
    meeting = create_meeting(actor=alice, title="Stand-up", now=system_clock())
    with locked():
        assert browser.get(f"/meetings/{meeting.pk}/").status_code == 200


@pytest.mark.parametrize(("language", "words"), [("en", "Try again in a moment"), ("de", "gleich noch einmal")])
def test_a_database_that_is_gone_is_said_in_the_language_of_the_browser(
    browser: Client, gone: Outage, language: str, words: str
) -> None:
    with gone():
        answer = browser.get("/", headers={"Accept-Language": language})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert f'<html lang="{language}"' in answer.content.decode()
    assert words in answer.content.decode()
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("path", ["chat", "files?id=00000000-0000-0000-0000-000000000000"])
def test_what_scripts_ask_is_refused_as_they_read_it(browser: Client, alice: User, gone: Outage, path: str) -> None:
    slug = create_meeting(actor=alice, title="Stand-up", now=system_clock()).slug
    with gone():
        answer = browser.get(f"/api/meetings/{slug}/{path}")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert json.loads(answer.content) == {"code": "unavailable"}


def test_a_script_that_saves_a_setting_gets_no_page(browser: Client, alice: User, locked: Outage) -> None:
    meeting = create_meeting(actor=alice, title="Stand-up", now=system_clock())
    form = {"access": "open", "waiting_room": "nobody", "voices": "3", "retention": "forever"}
    with locked():
        answer = browser.post(f"/meetings/{meeting.pk}/settings", form, headers={"Accept": "application/json"})
    assert (answer.status_code, json.loads(answer.content)) == (503, {"code": "unavailable"})


def test_a_fault_of_ours_stays_one(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")

    monkeypatch.setattr("palaver.meetings.services.create_meeting", fails)
    answer = browser.post("/meetings/new")
    assert answer.status_code == 500
    assert "Something failed on this server" in answer.content.decode()
    assert not answer.has_header("Retry-After")
