"""What changes meetings: titles, policy, passwords, bans, and the log of what moderators did.

The runs of a meeting are written by `palaver.meetings.sessions`, its list by `palaver.meetings.memberships`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Max

from palaver.accounts.models import User
from palaver.kernel import errors
from palaver.kernel.facts import publish
from palaver.kernel.ids import MeetingId, MeetingSessionId, Slug, UserId
from palaver.meetings.facts import MeetingDeleted, MeetingRenamed, PersonBanned, PolicyChanged
from palaver.meetings.models import (
    DISPLAY_NAME_MAX_LENGTH,
    REASON_MAX_LENGTH,
    AuditEntry,
    Ban,
    Meeting,
    MeetingSession,
)
from palaver.meetings.policy import RIGHT_NAMES, AuditAction, Policy, typed_password
from palaver.meetings.selectors import ban_network_hash
from palaver.meetings.slugs import new_slug

NETWORK_BAN_LASTS = timedelta(hours=24)
MAX_DETAIL_CHARS = 2000

_SLUG_TRIES = 3  # a second collision of 84 random bits means a broken generator


def create_meeting(*, actor: User, title: str, now: datetime) -> Meeting:
    """Make a meeting with a fresh link."""
    for _ in range(_SLUG_TRIES):
        try:
            with transaction.atomic():
                return Meeting.objects.create(
                    slug=new_slug(), title=title, owner=actor, created_at=now, last_used_at=now
                )
        except IntegrityError:
            continue
    raise RuntimeError("could not find a free link")


def rename_meeting(meeting: Meeting, *, title: str) -> None:
    """Give the meeting another title."""
    with transaction.atomic():
        meeting.title = title
        meeting.full_clean(exclude=["owner"])
        meeting.save(update_fields=["title"])
        publish(MeetingRenamed(meeting_id=MeetingId(meeting.pk), title=title))


def set_policy(meeting: Meeting, policy: Policy) -> None:
    """Say who may come and do what from now on. Who is inside stays."""
    values = {
        "access": policy.access.value,
        "guests": policy.guests,
        "waiting_room": policy.waiting_room.value,
        "one_presenter": policy.one_presenter,
        "voices": policy.voices,
        "retention_days": policy.retention_days,
        **{f"right_{name}": getattr(policy.rights, name) for name in RIGHT_NAMES},
    }
    with transaction.atomic():
        for name, value in values.items():
            setattr(meeting, name, value)
        meeting.save(update_fields=list(values))
        publish(PolicyChanged(meeting_id=MeetingId(meeting.pk), policy=policy))


def set_password(meeting: Meeting, password: str) -> None:
    """Ask for a password from now on. Those on the list need none, nor those who are in the run that goes on."""
    if not password:
        raise ValueError("an empty password is none: call clear_password")
    meeting.password_hash = make_password(typed_password(password))
    meeting.save(update_fields=["password_hash"])


def clear_password(meeting: Meeting) -> None:
    """Ask for no password any more."""
    meeting.password_hash = ""
    meeting.save(update_fields=["password_hash"])


def delete_meeting(meeting: Meeting, *, actor: User) -> None:
    """Remove the meeting, its link and its history."""
    with transaction.atomic():
        # Nobody may write a stay into a session that is being removed.
        Meeting.objects.select_for_update().filter(pk=meeting.pk).first()
        fact = MeetingDeleted(meeting_id=MeetingId(meeting.pk), slug=Slug(meeting.slug), by=UserId(actor.pk))
        meeting.delete()
        publish(fact)


def ban(
    meeting_id: MeetingId,
    *,
    identity: str,
    user_id: UserId | None,
    network: str | None,
    display_name: str,
    by_name: str,
    by_user_id: UserId | None,
    now: datetime,
    reason: str = "",
    lasts: timedelta | None = None,
) -> Ban:
    """Keep somebody out of all runs. `network` is `limits.network_of` their address, where it is known.

    Without `lasts`, an account stays out until the ban is lifted. A guest is kept out by ticket and network for a day:
    others may share the network. Guests from the network of a banned account are kept out that day too, or signing out
    would be the way back in. Banning somebody again lengthens what is in force and never shortens it.

    Raises:
        PalaverError: meeting_not_found; not_allowed for the owner of the meeting.
    """
    if lasts is None and user_id is None:
        lasts = NETWORK_BAN_LASTS
    expires_at = None if lasts is None else now + lasts
    network_hash = ban_network_hash(meeting_id, network)
    network_until = expires_at if user_id is None else now + min(lasts or NETWORK_BAN_LASTS, NETWORK_BAN_LASTS)
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update().filter(pk=meeting_id).first()
        if meeting is None:
            raise errors.PalaverError(errors.MEETING_NOT_FOUND)
        if user_id is not None and user_id == meeting.owner_id:
            raise errors.PalaverError(errors.NOT_ALLOWED)
        banned = Ban.objects.filter(meeting=meeting, identity=identity, lifted_at=None).first()
        if banned is not None and banned.expires_at is not None and banned.expires_at <= now:
            banned.lifted_at = banned.expires_at
            banned.save(update_fields=["lifted_at"])
            banned = None
        if banned is None:
            banned = Ban(
                meeting=meeting,
                identity=identity,
                user_id=user_id,
                display_name=display_name[:DISPLAY_NAME_MAX_LENGTH],
                banned_by_id=by_user_id,
                banned_by_name=by_name[:DISPLAY_NAME_MAX_LENGTH],
                reason=reason.strip()[:REASON_MAX_LENGTH],
                created_at=now,
                expires_at=expires_at,
            )
        elif banned.expires_at is not None:
            banned.expires_at = None if expires_at is None else max(banned.expires_at, expires_at)
        if network_hash:
            banned.network_hash, banned.network_until = network_hash, network_until
        banned.save()
        publish(PersonBanned(meeting_id=meeting_id, identity=identity, user_id=user_id))
    return banned


def lift_ban(meeting: Meeting, ban_id: UUID, *, now: datetime) -> Ban:
    """Let somebody come again. Lifting twice changes nothing.

    Raises:
        PalaverError: ban_not_found, also when it is of another meeting.
    """
    with transaction.atomic():
        lifted = Ban.objects.select_for_update().filter(pk=ban_id, meeting=meeting).first()
        if lifted is None:
            raise errors.PalaverError(errors.BAN_NOT_FOUND)
        if lifted.lifted_at is None:
            lifted.lifted_at = now
            lifted.save(update_fields=["lifted_at"])
    return lifted


@dataclass(frozen=True, slots=True)
class Someone:
    """A person as the log names them: it must say who it was when names and accounts have changed."""

    identity: str
    name: str


def record_audit(
    session_id: MeetingSessionId,
    *,
    actor: Someone,
    action: AuditAction,
    target: Someone | None = None,
    detail: Mapping[str, str | int | bool | None] = MappingProxyType({}),
    now: datetime,
) -> None:
    """Write down what a moderator did, once and for all. The run may be gone with its meeting: then nothing is kept.

    Raises:
        ValueError: `detail` is larger than a log needs; it holds names of things and values, never what people wrote.
    """
    if len(json.dumps(dict(detail))) > MAX_DETAIL_CHARS:
        raise ValueError("the detail of an audit entry is too large")
    with transaction.atomic():
        # The lock of the run makes the numbers follow on each other.
        if not MeetingSession.objects.select_for_update().filter(pk=session_id).exists():
            return
        latest = AuditEntry.objects.filter(session_id=session_id).aggregate(number=Max("number"))["number"]
        AuditEntry.objects.create(
            session_id=session_id,
            number=(latest or 0) + 1,
            at=now,
            actor_identity=actor.identity,
            actor_name=actor.name[:DISPLAY_NAME_MAX_LENGTH],
            action=action.value,
            target_identity="" if target is None else target.identity,
            target_name="" if target is None else target.name[:DISPLAY_NAME_MAX_LENGTH],
            detail=dict(detail),
        )
