import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client, override_settings

from palaver.accounts import limits
from palaver.accounts.models import User
from palaver.kernel.clock import system_clock
from palaver.kernel.ids import MeetingId, Slug, UserId
from palaver.meetings import facts, selectors, services, sessions
from palaver.meetings.models import Meeting
from palaver.meetings.policy import Policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(alice: User) -> Meeting:
    return services.create_meeting(actor=alice, title="Chess club", now=system_clock())


def test_one_press_makes_a_meeting_and_shows_its_link(alices_browser: Client) -> None:
    page = alices_browser.post("/meetings/new", follow=True).content.decode()
    meeting = Meeting.objects.get()
    assert f'value="http://testserver/m/{meeting.slug}"' in page
    assert 'data-copy="link"' in page
    assert meeting.title == "Meeting of Alice Okafor"
    assert selectors.policy_of(meeting) == Policy()


def test_a_meeting_is_not_made_by_a_link_on_another_page(alices_browser: Client) -> None:
    assert alices_browser.get("/meetings/new").status_code == 405
    assert not Meeting.objects.exists()


def test_the_home_page_says_what_is_on_and_who_is_there(alices_browser: Client, meeting: Meeting) -> None:
    now = system_clock()
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=now)
    assert run is not None
    sessions.record_join(run.session_id, identity="bob", display_name="Bob", is_signed_in=False, user_id=None, now=now)
    page = alices_browser.get("/").content.decode()
    assert "On now" in page
    assert "Bob" in page
    sessions.end_session(run.session_id, now=now + timedelta(minutes=52))
    page = alices_browser.get("/").content.decode()
    assert "On now" not in page
    assert "52 min" in page


def test_a_meeting_is_renamed(alices_browser: Client, meeting: Meeting) -> None:
    alices_browser.post(f"/meetings/{meeting.pk}/rename", {"title": "Choir"})
    meeting.refresh_from_db()
    assert meeting.title == "Choir"
    answer = alices_browser.post(f"/meetings/{meeting.pk}/rename", {"title": "  "})
    assert answer.status_code == 422
    assert "Give the meeting a title." in answer.content.decode()


def test_deleting_asks_first(alices_browser: Client, meeting: Meeting) -> None:
    assert "Delete “Chess club”?" in alices_browser.get(f"/meetings/{meeting.pk}/delete").content.decode()
    assert Meeting.objects.exists()
    alices_browser.post(f"/meetings/{meeting.pk}/delete")
    assert not Meeting.objects.exists()
    assert alices_browser.get(f"/m/{meeting.slug}").status_code == 404


@pytest.mark.parametrize("action", ["", "rename", "delete"])
def test_other_people_get_the_same_answer_as_for_a_meeting_that_is_not_there(
    carols_browser: Client, meeting: Meeting, action: str
) -> None:
    method = carols_browser.get if action in ("", "delete") else carols_browser.post
    theirs, nobodys = (method(f"/meetings/{key}/{action}") for key in (meeting.pk, uuid4()))
    assert theirs.status_code == nobodys.status_code == 404

    def text(page: bytes, key: object) -> str:
        return re.sub(r'value="[\w-]{64}"|/meetings/[0-9a-f-]{36}', "", page.decode())

    assert text(theirs.content, meeting.pk) == text(nobodys.content, None)
    carols_browser.post(f"/meetings/{meeting.pk}/delete")
    assert Meeting.objects.exists()


def test_strangers_are_sent_to_sign_in(client: Client, meeting: Meeting) -> None:
    for path in ("/meetings/", f"/meetings/{meeting.pk}/", f"/meetings/{meeting.pk}/delete"):
        assert client.get(path)["Location"] == f"/accounts/login/?next={path}"


def boot_of(page: str) -> dict[str, object]:
    found = re.search(r'<script id="palaver-boot" type="application/json">(.*?)</script>', page)
    assert found
    data: dict[str, object] = json.loads(found.group(1))
    return data


def test_the_meeting_page_tells_the_call_what_it_needs(
    client: Client, alices_browser: Client, meeting: Meeting
) -> None:
    slug = meeting.slug
    assert boot_of(client.get(f"/m/{slug}").content.decode()) == {
        "slug": slug,
        "title": "Chess club",
        "signed_in": False,
        "name": None,
        "locale": "en",
        "theme": "system",
        "urls": {
            "home": "/",
            "ws": f"/ws/meetings/{slug}",
            "preview": f"/api/meetings/{slug}/preview",
            "sign_in": f"/accounts/login/?next=/m/{slug}",
            "settings": None,
        },
        "links": [
            {"label": "Sign In", "url": f"/accounts/login/?next=/m/{slug}"},
            {"label": "Sign Up", "url": "/accounts/signup/"},
            {"label": "Contact", "url": "/contact/"},
            {"label": "About", "url": "/about/"},
        ],
    }
    signed_in = boot_of(alices_browser.get(f"/m/{slug}").content.decode())
    assert (signed_in["signed_in"], signed_in["name"]) == (True, "Alice Okafor")
    urls = signed_in["urls"]
    assert isinstance(urls, dict)
    assert urls["settings"] == f"/meetings/{meeting.pk}/"
    assert signed_in["links"] == [
        {"label": "Home", "url": "/"},
        {"label": "Contact", "url": "/contact/"},
        {"label": "About", "url": "/about/"},
    ]


@override_settings(PALAVER_SIGN_UP="closed")
def test_the_head_of_the_call_offers_no_sign_up_where_nobody_may(client: Client, meeting: Meeting) -> None:
    assert "/accounts/signup/" not in str(boot_of(client.get(f"/m/{meeting.slug}").content.decode())["links"])


def test_a_title_cannot_break_out_of_the_boot_data(client: Client, meeting: Meeting) -> None:
    services.rename_meeting(meeting, title="</script><script>alert(1)</script>")
    page = client.get(f"/m/{meeting.slug}").content.decode()
    assert "<script>alert" not in page
    assert boot_of(page)["title"] == meeting.title


def test_a_link_typed_in_capitals_goes_to_the_meeting(client: Client, meeting: Meeting) -> None:
    assert client.get(f"/m/{meeting.slug.upper()}")["Location"] == f"/m/{meeting.slug}"


def test_a_link_that_leads_nowhere_says_so(client: Client) -> None:
    answer = client.get("/m/oak-oak-oak-000000000000")
    assert answer.status_code == 404
    assert "There is no meeting behind this link, or it is not open to you." in answer.content.decode()


def test_guessing_at_links_ends(client: Client, meeting: Meeting) -> None:
    for number in range(limits.MEETING_LINK_BY_NETWORK.tries):
        client.get(f"/m/oak-oak-oak-{number:012d}")
    assert client.get("/m/oak-oak-oak-999999999999").status_code == 429
    assert client.get(f"/m/{meeting.slug}").status_code == 200


def test_a_pasted_link_leads_to_its_meeting(client: Client, meeting: Meeting) -> None:
    answer = client.post("/meetings/join", {"link": f"http://testserver/m/{meeting.slug}"})
    assert answer["Location"] == f"/m/{meeting.slug}"
    wrong = client.post("/meetings/join", {"link": "https://example.org/"})
    assert wrong.status_code == 422
    assert "This is not a meeting link." in wrong.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "999999", "x", "", "\uff11"])
def test_a_page_number_that_cannot_be_is_a_page_all_the_same(
    alices_browser: Client, meeting: Meeting, page: str
) -> None:
    assert alices_browser.get("/meetings/", {"page": page}).status_code == 200
    assert alices_browser.get(f"/meetings/{meeting.pk}/", {"page": page}).status_code == 200


def test_renaming_and_deleting_are_told_to_the_room(
    alice: User,
    meeting: Meeting,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: pytest.FixtureRequest,
) -> None:
    told: list[object] = []
    monkeypatch.setattr("palaver.kernel.facts._tell", told.append)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        services.rename_meeting(meeting, title="Choir")
        services.set_policy(meeting, Policy(guests=False))
        key, slug = MeetingId(meeting.pk), Slug(meeting.slug)
        services.delete_meeting(meeting, actor=alice)
    assert told == [
        facts.MeetingRenamed(meeting_id=key, title="Choir"),
        facts.PolicyChanged(meeting_id=key, policy=Policy(guests=False)),
        facts.MeetingDeleted(meeting_id=key, slug=slug, by=UserId(alice.pk)),
    ]
