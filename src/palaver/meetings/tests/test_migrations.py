"""The way from one switch for guests to a policy, and back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from palaver.accounts.models import User

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BEFORE, AFTER = ("meetings", "0002_removal"), ("meetings", "0003_policy")


@pytest.mark.django_db(transaction=True)
def test_what_guests_may_survives_the_way_there_and_back() -> None:
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("meetings")
    try:
        # Of today: only the tables of meetings go back in time.
        owner = User.objects.create_user("alice@example.org", first_name="Alice")
        apps = _migrate(BEFORE)
        for slug, is_open in (("open", True), ("closed", False)):
            apps.get_model("meetings", "Meeting").objects.create(
                slug=slug, title=slug, owner_id=owner.pk, created_at=NOW, last_used_at=NOW, is_open_to_guests=is_open
            )
        new = _migrate(AFTER).get_model("meetings", "Meeting").objects
        assert set(new.values_list("slug", "access", "guests")) == {
            ("open", "open", True),
            ("closed", "signed_in", False),
        }
        new.create(slug="board", title="board", owner_id=owner.pk, created_at=NOW, last_used_at=NOW, access="invited")
        old = _migrate(BEFORE).get_model("meetings", "Meeting").objects
        assert set(old.values_list("slug", "is_open_to_guests")) == {
            ("open", True),
            ("closed", False),
            ("board", False),
        }
    finally:
        MigrationExecutor(connection).migrate(latest)


def _migrate(target: tuple[str, str]) -> Any:
    MigrationExecutor(connection).migrate([target])
    return MigrationExecutor(connection).loader.project_state([target]).apps
