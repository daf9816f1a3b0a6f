"""Who is in the running meeting session, by its attendances: whoever waits at the door has none."""

from collections.abc import Collection
from uuid import UUID

from palaver.meetings.models import Attendance


def name_inside(session_id: UUID, identity: str) -> str | None:
    """What somebody who is inside is called; None for everybody else."""
    stays = Attendance.objects.filter(session_id=session_id, identity=identity, left_at=None)
    return stays.values_list("display_name", flat=True).first()


def names_of(session_id: UUID, identities: Collection[str]) -> dict[str, str]:
    """The last names of those who are or were inside; strangers are left out."""
    stays = Attendance.objects.filter(session_id=session_id, identity__in=identities).order_by("joined_at", "pk")
    return dict(stays.values_list("identity", "display_name"))
