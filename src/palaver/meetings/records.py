"""What a run leaves behind, for its owner to read and to take away: who was there and when, who moderated how.

The exports follow RFC 4180: comma, CRLF, quotes doubled, a header row, UTF-8. Names are written by strangers, so no
cell begins as a formula of a spreadsheet does (OWASP: CSV injection).
"""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from palaver.meetings import words
from palaver.meetings.models import Attendance, AuditEntry, Ban, Meeting, MeetingSession, Membership

SHOWN = 200
"""Rows on a page; the export has all."""

# Full-width signs too: spreadsheets of some languages read them as the plain ones.
_FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the log, for people."""

    number: int
    at: datetime
    text: str
    details: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody on a meeting's list, for people."""

    membership: Membership
    name: str
    """The account's once the person has been in the meeting, the address until then."""
    has_come: bool


def attendances_of(session: MeetingSession) -> list[Attendance]:
    """All stays of a run, in the order of arrival."""
    return list(Attendance.objects.filter(session=session).order_by("joined_at", "pk"))


def audit_of(session: MeetingSession) -> list[AuditEntry]:
    """The log of a run, from its beginning."""
    return list(AuditEntry.objects.filter(session=session).order_by("number"))


def deeds(entries: Iterable[AuditEntry]) -> list[Deed]:
    """The log in sentences."""
    return [Deed(entry.number, entry.at, words.deed(entry), words.details(entry)) for entry in entries]


def members_of(meeting: Meeting) -> list[Listed]:
    """The list of a meeting, in the order in which people were put on it."""
    rows = Membership.objects.filter(meeting=meeting).select_related("user").order_by("created_at", "pk")
    stays = Attendance.objects.filter(session__meeting=meeting, user__isnull=False)
    known = set(stays.values_list("user_id", flat=True).distinct())
    return [_listed(row, has_come=row.user_id in known) for row in rows]


def bans_of(meeting: Meeting, *, now: datetime) -> tuple[list[Ban], list[Ban]]:
    """The bans in force, and the last ones that are over; newest first."""
    bans = Ban.objects.filter(meeting=meeting).select_related("user").order_by("-created_at", "-pk")
    in_force = bans.filter(lifted_at=None).exclude(expires_at__lte=now)
    return list(in_force), list(bans.exclude(pk__in=in_force.values("pk"))[:SHOWN])


def attendance_csv(session: MeetingSession) -> str:
    """Who was there, one line a stay."""
    header = ("name", "identity", "signed_in", "joined_at", "left_at", "minutes")
    return _csv(header, map(_stay, attendances_of(session)))


def audit_csv(session: MeetingSession) -> str:
    """The log, one line a deed."""
    header = (
        "number", "at", "actor_name", "actor_identity", "action", "target_name", "target_identity", "detail",
    )  # fmt: skip
    rows = (
        (
            str(entry.number),
            _time(entry.at),
            entry.actor_name,
            entry.actor_identity,
            entry.action,
            entry.target_name,
            entry.target_identity,
            json.dumps(entry.detail, ensure_ascii=False, sort_keys=True) if entry.detail else "",
        )
        for entry in audit_of(session)
    )
    return _csv(header, rows)


def _listed(row: Membership, *, has_come: bool) -> Listed:
    is_named = row.user is not None and (has_come or not row.email)
    return Listed(row, name=str(row.user) if is_named else row.email, has_come=has_come)


def _stay(stay: Attendance) -> tuple[str, ...]:
    minutes = "" if stay.left_at is None else str(round((stay.left_at - stay.joined_at).total_seconds() / 60))
    return (
        stay.display_name,
        stay.identity,
        "yes" if stay.is_signed_in else "no",
        _time(stay.joined_at),
        "" if stay.left_at is None else _time(stay.left_at),
        minutes,
    )


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _csv(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, dialect="excel", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA_STARTS) else cell
