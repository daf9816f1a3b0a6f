"""Every address of the pages that names something of somebody, tried by everybody whom it is not for.

The addresses come from Django's own table: one that is new, and has no row here, fails. What somebody may not have
looks in every way like what does not exist.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from palaver.accounts.models import AttemptCounter, User
from palaver.chat.tests.cast import NINE, next_run
from palaver.kernel.ids import MeetingSessionId, UserId
from palaver.live.identity import Guest, sign_guest, user_identity
from palaver.meetings import memberships, sessions
from palaver.meetings.models import Ban, Meeting, MeetingSession, Membership
from palaver.meetings.policy import Access, MeetingRole, Policy
from palaver.meetings.services import create_meeting, set_policy
from palaver.meetings.tests.cast import Caller, account, ban, everybody, managed

pytestmark = pytest.mark.django_db

# Sign in first; forbidden by a meeting that is known to them; not found; no such method here.
REFUSALS: Final = (302, 401, 404, 405)
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
OWNER: Final = frozenset({"owner"})
MANAGERS: Final = frozenset({"owner", "host"})
# To read one must have been inside: of those below some were, and were put out or taken off the list since.
READERS: Final = frozenset({"owner", "host", "member"})

# Who gets an object by an address; everybody else must not be able to tell whether it exists.
OF_A_MEETING: Final = {
    "meeting": OWNER,
    "rename_meeting": OWNER,
    "meeting_settings": OWNER,
    "meeting_password": OWNER,
    "meeting_people": MANAGERS,
    "change_member": MANAGERS,
    "remove_member": MANAGERS,
    "meeting_bans": MANAGERS,
    "lift_ban": MANAGERS,
    "meeting_run": OWNER,
    "meeting_run_chat": OWNER,
    "attendance_file": OWNER,
    "audit_file": OWNER,
    "delete_meeting": OWNER,
    "meeting_chat": READERS,
    "files_of_meeting": READERS,
}
QUERIES: Final = {"files_of_meeting": f"?id={uuid4()}"}
# The door itself: whoever is refused may be told why (LIVE-010 to LIVE-018), but for those who are not invited.
OF_THE_DOOR: Final = {"meeting_page", "meeting_preview"}
# Addresses with a secret in them that is worth what it opens, tested where they are made.
BY_SECRET: Final = {"invitation", "setup", "account_confirm_email", "account_reset_password_from_key"}


@dataclass
class World:
    """A meeting of alice for invited people with a past, and all who might want to see it."""

    meeting: Meeting
    people: dict[str, Caller]
    tickets: dict[str, str]
    existing: dict[str, str]
    """What stands in addresses, by the name of the parameter."""
    missing: dict[str, str] = field(default_factory=dict)

    def browser(self, who: str) -> Client:
        person = self.people[who]
        client = Client(REMOTE_ADDR=person.network)
        if person.user is not None:
            client.force_login(person.user)
        return client

    def headers(self, who: str) -> dict[str, str]:
        return {"X-Palaver-Guest-Ticket": self.tickets[who]} if who in self.tickets else {}


def made_by(owner: User) -> dict[str, str]:
    """A meeting with something in every drawer."""
    meeting = create_meeting(actor=owner, title="Board", now=NINE)
    set_policy(meeting, Policy(access=Access.INVITED))
    listed = memberships.add_member(
        managed(meeting), whom=account(f"listed_by_{owner.pk}"), role=MeetingRole.MEMBER, is_trusted=False, now=NINE
    )
    kept_out = ban(meeting, identity=f"g_of_{owner.pk}")
    member_id = Membership.objects.get(meeting=meeting).pk if listed is None else listed.pk
    return {
        "meeting_id": str(meeting.pk),
        "slug": meeting.slug,
        "member_id": str(member_id),
        "ban_id": str(kept_out.pk),
        "session_id": str(next_run(meeting, at=NINE)),
    }


@pytest.fixture
def world(alice: User) -> World:
    existing = made_by(alice)
    meeting = Meeting.objects.get(pk=existing["meeting_id"])
    people = everybody(meeting)
    # Of guests they last a day, and the clock of the pages is the real one.
    Ban.objects.filter(meeting=meeting).update(expires_at=None)
    run = MeetingSessionId(MeetingSession.objects.get(pk=existing["session_id"]).pk)

    def came(identity: str, user: User | None = None) -> None:
        user_id = None if user is None else UserId(user.pk)
        sessions.record_join(
            run, identity=identity, display_name="X", is_signed_in=user is not None, user_id=user_id, now=NINE
        )

    former = account("former")
    row = memberships.add_member(managed(meeting), whom=former, role=MeetingRole.HOST, is_trusted=True, now=NINE)
    memberships.remove_member(managed(meeting), row.pk)
    removed_guest = Caller(identity="g_removed")
    for visitor in (former, *(people[who].user for who in ("host", "member", "banned member"))):
        assert visitor is not None
        came(user_identity(visitor.pk, meeting.pk), visitor)
    for identity in ("g_removed", "g_banned"):
        came(identity)
    sessions.record_removal(run, identity="g_removed", now=NINE)
    other_owner = account("mallory")
    people |= {
        "former host": Caller(former),
        "removed guest": removed_guest,
        "owner of another meeting": Caller(other_owner),
    }
    tickets = {
        who: sign_guest(Guest(person.identity, "Bob"), meeting.pk)  # type: ignore[arg-type]
        for who, person in people.items()
        if person.identity is not None
    }
    missing = {name: str(uuid4()) for name in existing} | {"slug": "amber-otter-quill-aaaaaaaaaaaaaaaaaa"}
    return World(meeting, people, tickets, existing, missing)


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            if entry.app_name != "admin":
                yield from patterns(entry)
        else:
            yield entry


def parameters(pattern: URLPattern) -> set[str]:
    return set(pattern.pattern.regex.groupindex)


def with_something_in_it() -> dict[str, set[str]]:
    return {str(one.name): parameters(one) for one in patterns() if parameters(one)}


def test_every_address_that_names_something_has_a_row() -> None:
    known = {*OF_A_MEETING, *OF_THE_DOOR, *BY_SECRET}
    assert set(with_something_in_it()) == known


def asked(client: Client, method: str, name: str, values: dict[str, str], headers: dict[str, str]) -> HttpResponse:
    # Limits on guessing are tested elsewhere.
    AttemptCounter.objects.all().delete()
    needed = {key: values[key] for key in with_something_in_it()[name]}
    address = reverse(name, kwargs=needed) + QUERIES.get(name, "")
    answer: Any = client.generic(method, address, headers=headers)
    return answer  # type: ignore[no-any-return]


def seen(answer: HttpResponse, values: dict[str, str]) -> tuple[int, dict[str, str], str]:
    """All that can be told apart, without what differs from request to request or was asked for."""

    def plain(text: str) -> str:
        for key, value in values.items():
            text = text.replace(value, f"<{key}>")
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
        return re.sub(r"nonce-[\w+/=-]+|nonce=\"[^\"]+\"", "nonce", text)

    passing = ("content-length", "expires", "last-modified", "set-cookie")
    headers = {key: plain(value) for key, value in answer.headers.items() if key.lower() not in passing}
    return answer.status_code, headers, plain(answer.content.decode("utf-8", "replace"))


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """What the database holds, without sign-ins and counters."""
    skipped = {SessionStore.get_model_class()._meta.db_table, AttemptCounter._meta.db_table}
    tables = sorted(set(connection.introspection.table_names()) - skipped)
    with connection.cursor() as cursor:
        held = {}
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            held[table] = sorted(cursor.fetchall(), key=repr)
    return held


@pytest.mark.parametrize("name", OF_A_MEETING)
def test_what_is_not_for_somebody_looks_like_what_does_not_exist(world: World, name: str) -> None:
    outsiders = [who for who in world.people if who not in OF_A_MEETING[name]]
    browsers = {who: world.browser(who) for who in outsiders}
    before = everything()
    told = []
    for who in outsiders:
        headers = world.headers(who)
        # The rest of the methods is refused before anybody is looked at: one outsider proves it.
        for method in METHODS if who == "stranger" else ("GET", "POST"):
            real = seen(asked(browsers[who], method, name, world.existing, headers), world.existing)
            none = seen(asked(browsers[who], method, name, world.missing, headers), world.missing)
            if real != none or real[0] not in REFUSALS:
                told.append(f"{who} {method}: {real[0]} for what is there, {none[0]} for what is not")
    assert told == []
    assert everything() == before


@pytest.mark.parametrize("name", OF_A_MEETING)
def test_it_is_there_for_those_whom_it_is_for(world: World, name: str) -> None:
    """Otherwise the crawl would prove nothing."""
    for who in OF_A_MEETING[name]:
        method = next(one for one in ("GET", "POST") if allows(world, who, one, name))
        real = asked(world.browser(who), method, name, world.existing, world.headers(who))
        none = asked(world.browser(who), method, name, world.missing, world.headers(who))
        # A form that was sent empty may be refused, but by somebody who knows the meeting.
        assert real.status_code not in (401, 403, 404, 405), (who, method, real.status_code)
        assert none.status_code in (302, 404), (who, method, none.status_code)
        if method == "POST":
            break  # it may be gone now


def allows(world: World, who: str, method: str, name: str) -> bool:
    return asked(world.browser(who), method, name, world.missing, world.headers(who)).status_code != 405


def test_an_owner_reaches_nothing_of_others_through_the_own_meeting(world: World) -> None:
    mallory = world.people["owner of another meeting"].user
    assert mallory is not None
    own = made_by(mallory)
    client, before = world.browser("owner of another meeting"), everything()
    for name, needed in with_something_in_it().items():
        for inner in sorted(needed & {"member_id", "ban_id", "session_id"}):
            foreign = own | {inner: world.existing[inner]}
            nothing = own | {inner: world.missing[inner]}
            for method in METHODS:
                real = seen(asked(client, method, name, foreign, {}), foreign)
                none = seen(asked(client, method, name, nothing, {}), nothing)
                assert real == none, (name, method)
                assert real[0] in REFUSALS, (name, method)
    assert everything() == before


@pytest.mark.parametrize("name", sorted(OF_THE_DOOR))
def test_who_is_not_invited_finds_no_door(world: World, name: str) -> None:
    for who in ("stranger", "former host", "owner of another meeting", "banned stranger"):
        client = world.browser(who)
        for method in METHODS if who == "stranger" else ("GET", "POST"):
            real = seen(asked(client, method, name, world.existing, {}), world.existing)
            none = seen(asked(client, method, name, world.missing, {}), world.missing)
            assert real == none, (who, method)
