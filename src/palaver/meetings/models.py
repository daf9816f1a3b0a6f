"""A meeting is the durable link; a meeting session is one run of it; an attendance is one person's stay in a run."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

TITLE_MAX_LENGTH = 120
DISPLAY_NAME_MAX_LENGTH = 80


class Meeting(models.Model):
    """The durable link. Its slug is a secret: whoever has it may knock."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=64, unique=True, editable=False)
    title = models.CharField(_("Title"), max_length=TITLE_MAX_LENGTH)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="meetings")
    is_open_to_guests = models.BooleanField(_("Guests may join"), default=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    """When somebody last came, or when it was made."""

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(title=""), name="meetings_meeting_has_a_title"),)
        indexes = (models.Index("owner", F("last_used_at").desc(), F("id").desc(), name="meetings_by_owner_and_use"),)

    @override
    def __str__(self) -> str:
        return self.title


class MeetingSession(models.Model):
    """One run. At most one of a meeting is open."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="sessions")
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    """When the room last said that somebody is inside: the end, should the server stop without saying so."""
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("meeting",), condition=Q(ended_at=None), name="meetings_session_one_open_per_meeting"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="meetings_session_ends_after_start"
            ),
        )
        indexes = (models.Index("meeting", F("started_at").desc(), name="meetings_session_by_start"),)

    @override
    def __str__(self) -> str:
        return f"{self.meeting_id} {self.started_at:%Y-%m-%d %H:%M}"


class Removal(models.Model):
    """Somebody who was put out of a run, and does not come back into it."""

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(MeetingSession, models.CASCADE, related_name="removals")
    identity = models.CharField(max_length=64)
    """As in `Attendance`."""
    removed_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("session", "identity"), name="meetings_removal_one_per_person"),)

    @override
    def __str__(self) -> str:
        return f"{self.identity} {self.removed_at:%Y-%m-%d %H:%M}"


class Attendance(models.Model):
    """One stay of one person in a run."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(MeetingSession, models.CASCADE, related_name="attendances")
    identity = models.CharField(max_length=64)
    """Stable per person and meeting, given by the live room."""
    display_name = models.CharField(max_length=DISPLAY_NAME_MAX_LENGTH)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    is_signed_in = models.BooleanField()
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    is_leave_assumed = models.BooleanField(default=False)
    """The server stopped while the person was inside; should they return to this run, the stay goes on."""

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("session", "identity"),
                condition=Q(left_at=None),
                name="meetings_attendance_one_open_per_person",
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(left_at__gte=F("joined_at")), name="meetings_attendance_leaves_after_join"
            ),
        )

    @override
    def __str__(self) -> str:
        return self.display_name
