"""A live room on a real database, with an engine that only pretends."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from django.test import Client

from palaver.accounts.models import User
from palaver.engines.memory import MemoryEngine
from palaver.live import lifecycle
from palaver.live.lifecycle import Live
from palaver.live.tests.service import live_room
from palaver.live.tests.stage import World, running_world
from palaver.meetings.models import Meeting
from palaver.meetings.policy import Access, Policy
from palaver.meetings.services import create_meeting, set_policy


def user(first: str, last: str) -> User:
    # No password: hashing one takes longer than the whole test, and nobody here signs in by it.
    return User.objects.create_user(f"{first}.{last}@example.org".lower(), first_name=first, last_name=last)


@pytest.fixture
def alice(transactional_db: None) -> User:
    return user("Alice", "Moreau")


@pytest.fixture
def carol(transactional_db: None) -> User:
    return user("Carol", "Okafor")


@pytest.fixture
def cookie_of() -> Callable[[User], str]:
    """The session cookie of somebody who has signed in."""

    def sign_in(person: User) -> str:
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return str(client.cookies["sessionid"].value)

    return sign_in


@pytest.fixture
def alice_cookie(alice: User, cookie_of: Callable[[User], str]) -> str:
    return cookie_of(alice)


@pytest.fixture
def carol_cookie(carol: User, cookie_of: Callable[[User], str]) -> str:
    return cookie_of(carol)


@pytest.fixture
def meeting(alice: User) -> Meeting:
    return create_meeting(actor=alice, title="Stand-up", now=datetime.now(tz=UTC))


@pytest.fixture
def closed_meeting(alice: User) -> Meeting:
    made = create_meeting(actor=alice, title="Board", now=datetime.now(tz=UTC))
    set_policy(made, Policy(access=Access.SIGNED_IN))
    return made


@pytest.fixture
def engine() -> MemoryEngine:
    return MemoryEngine()


@pytest_asyncio.fixture
async def live(engine: MemoryEngine, transactional_db: None) -> AsyncIterator[Live]:
    async with live_room(engine):
        running = lifecycle.running()
        assert running is not None
        yield running


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    """A hub alone, with a clock of the tests."""
    async with running_world() as made:
        yield made
