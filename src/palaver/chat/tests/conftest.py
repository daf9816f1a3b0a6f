"""A room on a real database."""

import pytest

from palaver.accounts.models import User
from palaver.chat.tests.cast import Room, open_room


@pytest.fixture
def room(alice: User, carol: User) -> Room:
    return open_room(alice, carol)
