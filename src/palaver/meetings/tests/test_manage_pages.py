"""Settings, people, bans and what a run left behind, as their pages show and change them."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from palaver.accounts.models import User
from palaver.kernel.ids import MeetingId, MeetingSessionId, UserId
from palaver.meetings import memberships, records, selectors, services, sessions, words
from palaver.meetings.models import AuditEntry, Ban, Meeting, Membership
from palaver.meetings.policy import RIGHT_NAMES, Access, AuditAction, MeetingRole, Policy, Rights, WaitingRoom
from palaver.meetings.services import Someone
from palaver.meetings.tests.cast import NOW, account, ban, managed

pytestmark = pytest.mark.django_db

FORM = {
    "access": "invited",
    "guests": "on",
    "waiting_room": "everyone",
    "right_microphone": "on",
    "right_rename": "on",
    "one_presenter": "on",
    "voices": "5",
    "retention": "days",
    "retention_days": "90",
}


@pytest.fixture
def meeting(alice: User) -> Meeting:
    return services.create_meeting(actor=alice, title="Chess club", now=NOW)


@pytest.fixture
def run_id(meeting: Meeting, alice: User) -> MeetingSessionId:
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=NOW)
    assert run is not None
    people = (("u_alice", "Alice Okafor", UserId(alice.pk), 0), ("g_bob", "Bob", None, 1))
    for identity, name, user_id, minute in people:
        sessions.record_join(
            run.session_id, identity=identity, display_name=name, is_signed_in=bool(user_id), user_id=user_id,
            now=NOW + timedelta(minutes=minute),
        )  # fmt: skip
    sessions.record_leave(run.session_id, identity="g_bob", now=NOW + timedelta(minutes=13))
    services.record_audit(
        run.session_id, actor=Someone("u_alice", "Alice Okafor"), action=AuditAction.CHANGE_ROLE,
        target=Someone("g_bob", "Bob"), detail={"role": "co_host"}, now=NOW,
    )  # fmt: skip
    return run.session_id


# --- settings -------------------------------------------------------------------------------------


def test_settings_are_shown_and_saved(alices_browser: Client, meeting: Meeting) -> None:
    path = f"/meetings/{meeting.pk}/settings"
    page = alices_browser.get(path).content.decode()
    assert re.search(r'name="access" value="open" checked', page)
    assert page.count('role="switch"') == len(RIGHT_NAMES) + 2
    assert alices_browser.post(path, FORM)["Location"] == path
    meeting.refresh_from_db()
    off = Rights(camera=False, screen_share=False, chat=False, private_chat=False, reactions=False)
    assert selectors.policy_of(meeting) == Policy(
        access=Access.INVITED,
        guests=True,
        waiting_room=WaitingRoom.EVERYONE,
        rights=off,
        one_presenter=True,
        voices=5,
        retention_days=90,
    )
    page = alices_browser.get(path).content.decode()
    assert re.search(r'name="access" value="invited" checked', page)
    assert re.search(r'name="retention" value="days" checked', page)
    assert 'value="90"' in page
    assert '<option value="5" selected>' in page


@pytest.mark.parametrize(("word", "days"), [("forever", None), ("none", 0), ("days", 90)])
def test_what_is_kept_is_said_in_words(alices_browser: Client, meeting: Meeting, word: str, days: int | None) -> None:
    alices_browser.post(f"/meetings/{meeting.pk}/settings", {**FORM, "retention": word})
    meeting.refresh_from_db()
    assert meeting.retention_days == days


@pytest.mark.parametrize(
    "wrong",
    [{"access": "everyone"}, {"waiting_room": ""}, {"retention_days": "0"}, {"retention_days": ""},
     {"retention_days": "99999"}, {"retention": "x"}, {"voices": "0"}, {"voices": "6"}, {"voices": ""}],
)  # fmt: skip
def test_settings_that_cannot_be_change_nothing(
    alices_browser: Client, meeting: Meeting, wrong: dict[str, str]
) -> None:
    path = f"/meetings/{meeting.pk}/settings"
    for headers in ({}, {"accept": "application/json"}):
        assert alices_browser.post(path, {**FORM, **wrong}, headers=headers).status_code == 422
    meeting.refresh_from_db()
    assert selectors.policy_of(meeting) == Policy()


def test_a_script_that_saves_each_change_is_answered_without_a_page(alices_browser: Client, meeting: Meeting) -> None:
    answer = alices_browser.post(f"/meetings/{meeting.pk}/settings", FORM, headers={"accept": "application/json"})
    assert (answer.status_code, answer.content) == (204, b"")
    meeting.refresh_from_db()
    assert meeting.access == "invited"


def test_a_password_is_set_and_cleared_and_never_shown(alices_browser: Client, meeting: Meeting) -> None:
    path = f"/meetings/{meeting.pk}/password"
    short = alices_browser.post(path, {"password": "short"})
    assert short.status_code == 422
    assert "short" not in re.sub(r"<label.*?</label>", "", short.content.decode()).split("id_password")[1][:300]
    page = alices_browser.post(path, {"password": "seven herons"}, follow=True).content.decode()
    assert "A password is set." in page
    assert "seven herons" not in page
    meeting.refresh_from_db()
    assert meeting.has_password
    alices_browser.post(path, {"clear": "1"})
    meeting.refresh_from_db()
    assert not meeting.has_password


# --- people ---------------------------------------------------------------------------------------


def test_somebody_is_listed_changed_and_taken_off(alices_browser: Client, meeting: Meeting) -> None:
    path = f"/meetings/{meeting.pk}/people"
    assert "Nobody else yet." in alices_browser.get(path).content.decode()
    added = {"email": "Dora@example.org", "role": "host", "is_trusted": "on"}
    assert "dora@example.org" in alices_browser.post(path, added, follow=True).content.decode().lower()
    listed = Membership.objects.get()
    assert (listed.email, listed.role, listed.is_trusted) == ("dora@example.org", "host", True)
    alices_browser.post(f"{path}/{listed.pk}", {"role": "viewer"})
    listed.refresh_from_db()
    assert (listed.role, listed.is_trusted) == ("viewer", False)
    alices_browser.post(f"{path}/{listed.pk}/remove")
    assert not Membership.objects.exists()


def test_a_wrong_or_second_address_is_refused_beside_its_field(alices_browser: Client, meeting: Meeting) -> None:
    path = f"/meetings/{meeting.pk}/people"
    alices_browser.post(path, {"email": "dora@example.org", "role": "member"})
    for email, words_said in (
        ("dora@example.org", "This address is on the list already."),
        ("dora", "This is not an address."),
        ("", "Enter the address of the person."),
    ):
        answer = alices_browser.post(path, {"email": email, "role": "member"})
        assert answer.status_code == 422
        assert words_said in answer.content.decode()


def test_inviting_an_address_does_not_tell_whose_it_is_until_the_person_has_come(
    alices_browser: Client, meeting: Meeting, carol: User, run_id: MeetingSessionId
) -> None:
    memberships.add_member(managed(meeting), whom=carol.email, role=MeetingRole.MEMBER, is_trusted=True, now=NOW)
    Membership.objects.update(user=carol)
    path = f"/meetings/{meeting.pk}/people"
    page = alices_browser.get(path).content.decode()
    assert "carol@example.org" in page
    assert "Nkemelu" not in page
    sessions.record_join(
        run_id, identity="u_c", display_name="Carol", is_signed_in=True, user_id=UserId(carol.pk), now=NOW
    )
    assert "Carol Nkemelu" in alices_browser.get(path).content.decode()


def test_a_host_on_the_list_manages_members_but_sees_no_settings(
    carols_browser: Client, carol: User, meeting: Meeting
) -> None:
    memberships.add_member(managed(meeting), whom=carol, role=MeetingRole.HOST, is_trusted=True, now=NOW)
    page = carols_browser.get(f"/meetings/{meeting.pk}/people").content.decode()
    assert 'value="member"' in page
    assert 'value="host"' not in page
    assert f"/meetings/{meeting.pk}/settings" not in page
    assert (
        carols_browser.post(f"/meetings/{meeting.pk}/people", {"email": "x@example.org", "role": "host"}).status_code
        == 422
    )
    own = Membership.objects.get()
    assert carols_browser.post(f"/meetings/{meeting.pk}/people/{own.pk}/remove").status_code == 403
    assert Membership.objects.exists()


@pytest.mark.parametrize("role", [MeetingRole.HOST, MeetingRole.CO_HOST])
def test_a_host_finds_the_meetings_of_others_on_the_home_page(
    carols_browser: Client, carol: User, meeting: Meeting, role: MeetingRole
) -> None:
    memberships.add_member(managed(meeting), whom=carol.email, role=role, is_trusted=True, now=NOW)
    page = carols_browser.get("/meetings/").content.decode()
    assert (f"/meetings/{meeting.pk}/people" in page) is (role is MeetingRole.HOST)


# --- bans -----------------------------------------------------------------------------------------


def test_bans_are_listed_with_who_when_until_and_why_and_lifted(
    alices_browser: Client, meeting: Meeting, carol: User
) -> None:
    path = f"/meetings/{meeting.pk}/bans"
    assert "Nobody is kept out" in alices_browser.get(path).content.decode()
    made = services.ban(
        MeetingId(meeting.pk), identity="u_c", user_id=UserId(carol.pk), network=None, display_name="<b>Carol</b>",
        by_name="Alice Okafor", by_user_id=None, reason="Shouted.", now=NOW,
    )  # fmt: skip
    page = alices_browser.get(path).content.decode()
    for said in ("&lt;b&gt;Carol", "Banned by Alice Okafor", "until you lift it", "Shouted.", "a whole household"):
        assert said in page
    alices_browser.post(f"{path}/{made.pk}/lift")
    assert Ban.objects.get().lifted_at is not None
    page = alices_browser.get(path).content.decode()
    assert "Nobody is kept out" in page
    assert "Lifted" in page


# --- a run ----------------------------------------------------------------------------------------


def test_a_run_shows_who_was_there_and_what_hosts_did(
    alices_browser: Client, meeting: Meeting, run_id: MeetingSessionId
) -> None:
    assert (
        f"/meetings/{meeting.pk}/sessions/{run_id}/" in alices_browser.get(f"/meetings/{meeting.pk}/").content.decode()
    )
    page = alices_browser.get(f"/meetings/{meeting.pk}/sessions/{run_id}/").content.decode()
    assert f"/files/sessions/{run_id}.zip" in page
    for said in ("Bob", "12 min", "Inside", "Alice Okafor gave Bob another role", "role: Co-host", "On now"):
        assert said in page


def test_a_run_without_anything_says_so(alices_browser: Client, meeting: Meeting) -> None:
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=NOW)
    assert run is not None
    page = alices_browser.get(f"/meetings/{meeting.pk}/sessions/{run.session_id}/").content.decode()
    assert "Nobody came in." in page
    assert "Nothing. Letting in," in page


def rows_of(answer: object) -> list[list[str]]:
    content: bytes = answer.content  # type: ignore[attr-defined]
    assert content.count(b"\n") == content.count(b"\r\n")
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


def test_exports_are_files_with_a_header(alices_browser: Client, meeting: Meeting, run_id: MeetingSessionId) -> None:
    path = f"/meetings/{meeting.pk}/sessions/{run_id}"
    answer = alices_browser.get(f"{path}/attendance.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer["Content-Disposition"] == 'attachment; filename="palaver-2026-03-02-0900-attendance.csv"'
    assert rows_of(answer) == [
        ["name", "identity", "signed_in", "joined_at", "left_at", "minutes"],
        ["Alice Okafor", "u_alice", "yes", "2026-03-02T09:00:00Z", "", ""],
        ["Bob", "g_bob", "no", "2026-03-02T09:01:00Z", "2026-03-02T09:13:00Z", "12"],
    ]
    assert rows_of(alices_browser.get(f"{path}/log.csv")) == [
        ["number", "at", "actor_name", "actor_identity", "action", "target_name", "target_identity", "detail"],
        ["1", "2026-03-02T09:00:00Z", "Alice Okafor", "u_alice", "change_role", "Bob", "g_bob", '{"role": "co_host"}'],
    ]


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", '=cmd|" /C calc"!A0', 'a,"b"\r\nc', "Zoë 🌳"]
)
def test_no_name_becomes_a_formula_or_breaks_a_row(
    alices_browser: Client, meeting: Meeting, run_id: MeetingSessionId, name: str
) -> None:
    sessions.record_join(run_id, identity="g_eve", display_name=name, is_signed_in=False, user_id=None, now=NOW)
    rows = rows_of(alices_browser.get(f"/meetings/{meeting.pk}/sessions/{run_id}/attendance.csv"))
    cell = next(row[0] for row in rows if row[1] == "g_eve")
    assert cell in (name, f"'{name}")
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\uff1d"))


def test_every_deed_has_its_sentence() -> None:
    assert set(words.DEEDS) == set(AuditAction)
    for action in AuditAction:
        entry = AuditEntry(action=action.value, actor_name="Alice", target_name="Bob", detail={})
        assert "%(" not in words.deed(entry)
        assert "Alice" in words.deed(entry)
    assert records.deeds([]) == []


# --- whose it is ----------------------------------------------------------------------------------


@pytest.fixture
def addresses(meeting: Meeting, run_id: MeetingSessionId) -> Callable[[object], list[tuple[str, str]]]:
    """Every address of a meeting, with the method that it takes."""
    memberships.add_member(managed(meeting), whom="d@example.org", role=MeetingRole.MEMBER, is_trusted=True, now=NOW)
    listed, banned = Membership.objects.get().pk, ban(meeting).pk

    def of(key: object) -> list[tuple[str, str]]:
        base = f"/meetings/{key}"
        reads: tuple[str, ...] = ("/", "/settings", "/people", "/bans", "/delete")
        reads += tuple(f"/sessions/{run_id}/{file}" for file in ("", "attendance.csv", "log.csv"))
        writes: tuple[str, ...] = ("/rename", "/settings", "/password", "/people", "/delete", f"/people/{listed}")
        writes += (f"/people/{listed}/remove", f"/bans/{banned}/lift")
        return [("get", base + path) for path in reads] + [("post", base + path) for path in writes]

    return of


def answers(browser: Client, addresses: list[tuple[str, str]]) -> Iterator[tuple[str, int, str]]:
    for method, path in addresses:
        answer = getattr(browser, method)(path)
        text = re.sub(r'value="[\w-]{64}"|[0-9a-f]{8}-[0-9a-f-]{27}', "", answer.content.decode())
        yield f"{method} {path.rpartition('/')[2]}", answer.status_code, text


@pytest.mark.parametrize("who", ["stranger", "member", "viewer", "co-host", "ex-member", "attendee", "nobody"])
def test_every_address_of_a_meeting_answers_others_as_if_it_were_not_there(
    meeting: Meeting, run_id: MeetingSessionId, addresses: Callable[[object], list[tuple[str, str]]], who: str
) -> None:
    browser = Client()
    if who != "nobody":
        user = account("eve")
        browser.force_login(user)
        roles = {"member": MeetingRole.MEMBER, "viewer": MeetingRole.VIEWER, "co-host": MeetingRole.CO_HOST}
        if who in roles or who == "ex-member":
            role = roles.get(who, MeetingRole.HOST)
            row = memberships.add_member(managed(meeting), whom=user, role=role, is_trusted=True, now=NOW)
            if who == "ex-member":
                memberships.remove_member(managed(meeting), row.pk)
        if who == "attendee":
            sessions.record_join(
                run_id, identity="u_eve", display_name="Eve", is_signed_in=True, user_id=UserId(user.pk), now=NOW
            )
    before = (Membership.objects.count(), Ban.objects.filter(lifted_at=None).count())
    theirs, missing = (list(answers(browser, addresses(key))) for key in (meeting.pk, uuid4()))
    assert theirs == missing
    assert {status for _, status, _ in theirs} == ({302} if who == "nobody" else {404})
    assert (Membership.objects.count(), Ban.objects.filter(lifted_at=None).count()) == before
    meeting.refresh_from_db()
    assert (meeting.title, selectors.policy_of(meeting), meeting.has_password) == ("Chess club", Policy(), False)


def test_what_belongs_to_another_meeting_of_mine_is_not_found_under_this_one(
    alices_browser: Client, alice: User, meeting: Meeting, addresses: Callable[[object], list[tuple[str, str]]]
) -> None:
    other = services.create_meeting(actor=alice, title="Choir", now=NOW)
    inner = [
        (method, path) for method, path in addresses(other.pk) if len(path.split("/")) > 4 and "-" in path.split("/")[4]
    ]
    assert len(inner) == 6
    for method, path in inner:
        data = {"role": "host"} if method == "post" else {}
        assert getattr(alices_browser, method)(path, data).status_code == 404
    assert Membership.objects.get().role == "member"
    assert Ban.objects.get().lifted_at is None
