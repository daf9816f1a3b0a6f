"""A meeting is the durable link; a meeting session is one run of it; an attendance is one person's stay in a run.

Who may come and moderate in all runs is a membership; who may come into none is a ban.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from palaver.meetings.policy import (
    MAX_RETENTION_DAYS,
    MOST_VOICES,
    USUAL_VOICES,
    Access,
    MeetingRole,
    WaitingRoom,
)

TITLE_MAX_LENGTH = 120
DISPLAY_NAME_MAX_LENGTH = 80
REASON_MAX_LENGTH = 200
IDENTITY_MAX_LENGTH = 64

# Plain values: migrations keep them, and import no code of ours.
_LISTED_ROLES = [each.value for each in MeetingRole if each is not MeetingRole.OWNER]


class Meeting(models.Model):
    """The durable link. Its slug is a secret: whoever has it may knock."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=64, unique=True, editable=False)
    title = models.CharField(_("Title"), max_length=TITLE_MAX_LENGTH)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="meetings")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    """When somebody last came, or when it was made."""

    # The policy, read as a whole by `selectors.policy_of` and written by `services.set_policy`.
    access = models.CharField(max_length=10, default=Access.OPEN.value)
    guests = models.BooleanField(default=True)
    waiting_room = models.CharField(max_length=10, default=WaitingRoom.NOBODY.value)
    right_microphone = models.BooleanField(default=True)
    right_camera = models.BooleanField(default=True)
    right_screen_share = models.BooleanField(default=True)
    right_chat = models.BooleanField(default=True)
    right_private_chat = models.BooleanField(default=True)
    right_reactions = models.BooleanField(default=True)
    right_rename = models.BooleanField(default=True)
    one_presenter = models.BooleanField(default=False)
    voices = models.PositiveSmallIntegerField(default=USUAL_VOICES)
    retention_days = models.PositiveIntegerField(null=True, blank=True, default=None)
    """None for ever, 0 not beyond the run."""

    password_hash = models.CharField(max_length=255, blank=True, default="", editable=False)
    """Of the meeting's password; empty without one."""

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(title=""), name="meetings_meeting_has_a_title"),
            models.CheckConstraint(
                condition=Q(access__in=[each.value for each in Access]), name="meetings_meeting_access_is_known"
            ),
            models.CheckConstraint(
                condition=Q(waiting_room__in=[each.value for each in WaitingRoom]),
                name="meetings_meeting_waiting_room_is_known",
            ),
            models.CheckConstraint(
                condition=Q(retention_days=None) | Q(retention_days__lte=MAX_RETENTION_DAYS),
                name="meetings_meeting_retention_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(voices__gte=1) & Q(voices__lte=MOST_VOICES), name="meetings_meeting_voices_are_known"
            ),
        )
        indexes = (models.Index("owner", F("last_used_at").desc(), F("id").desc(), name="meetings_by_owner_and_use"),)

    @override
    def __str__(self) -> str:
        return self.title

    @property
    def has_password(self) -> bool:
        """Whether those who are not listed need a password."""
        return bool(self.password_hash)


class Membership(models.Model):
    """Somebody on a meeting's list: an account, or an address whose account has not come yet.

    The address stays when the account has come: a person is shown by it until they have been in the meeting, so that
    inviting an address never tells whose it is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    email = models.EmailField(blank=True, default="")
    """In lower case; empty when somebody was listed by their account."""
    role = models.CharField(max_length=10)
    is_trusted = models.BooleanField(default=True)
    """Passes the waiting room."""
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(user__isnull=False) | ~Q(email=""), name="meetings_membership_of_whom"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="meetings_membership_email_is_lower_case"),
            models.CheckConstraint(condition=Q(role__in=_LISTED_ROLES), name="meetings_membership_role_is_known"),
            models.UniqueConstraint(
                fields=("meeting", "user"), condition=Q(user__isnull=False), name="meetings_membership_one_per_user"
            ),
            models.UniqueConstraint(
                fields=("meeting", "email"), condition=~Q(email=""), name="meetings_membership_one_per_email"
            ),
        )
        indexes = (models.Index(fields=("email",), condition=~Q(email=""), name="meetings_membership_by_email"),)

    @override
    def __str__(self) -> str:
        return f"{self.email or self.user_id} {self.role}"


class MeetingSession(models.Model):
    """One run. At most one of a meeting is open."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="sessions")
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    """When the room last said that somebody is inside: the end, should the server stop without saying so."""
    ended_at = models.DateTimeField(null=True)
    live_state = models.JSONField(null=True, default=None)
    """What the live room needs to go on after a restart; its own, and empty once the run is over."""
    owner_fence = models.PositiveBigIntegerField(default=0)
    """The number under which it is written, when several processes serve; see `palaver.meetings.ownership`."""

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


class Ban(models.Model):
    """Somebody who stays out of all runs of a meeting, until the ban is lifted or has run out."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="bans")
    identity = models.CharField(max_length=IDENTITY_MAX_LENGTH)
    """As in `Attendance`."""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    network_hash = models.CharField(max_length=64, blank=True, default="")
    """Keyed hash of meeting and network: tells nobody where somebody was, and compares in this meeting only."""
    network_until = models.DateTimeField(null=True)
    """Until when guests from that network stay out too."""
    display_name = models.CharField(max_length=DISPLAY_NAME_MAX_LENGTH)
    banned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    banned_by_name = models.CharField(max_length=DISPLAY_NAME_MAX_LENGTH)
    reason = models.CharField(max_length=REASON_MAX_LENGTH, blank=True, default="")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    """None: until lifted."""
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("meeting", "identity"), condition=Q(lifted_at=None), name="meetings_ban_one_per_person"
            ),
            models.CheckConstraint(
                condition=Q(network_hash="", network_until=None) | (~Q(network_hash="") & ~Q(network_until=None)),
                name="meetings_ban_of_a_network_ends",
            ),
        )
        indexes = (models.Index(fields=("meeting", "network_hash"), name="meetings_ban_by_network"),)

    @override
    def __str__(self) -> str:
        return f"{self.display_name} {self.created_at:%Y-%m-%d %H:%M}"


class AuditEntry(models.Model):
    """One thing that a moderator did in a run. Written once, never changed."""

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(MeetingSession, models.CASCADE, related_name="audit_entries")
    number = models.PositiveIntegerField()
    """1, 2, 3 … within the run: a gap would show that something is missing."""
    at = models.DateTimeField()
    actor_identity = models.CharField(max_length=IDENTITY_MAX_LENGTH)
    actor_name = models.CharField(max_length=DISPLAY_NAME_MAX_LENGTH)
    action = models.CharField(max_length=24)
    target_identity = models.CharField(max_length=IDENTITY_MAX_LENGTH, blank=True, default="")
    target_name = models.CharField(max_length=DISPLAY_NAME_MAX_LENGTH, blank=True, default="")
    detail = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("session", "number"), name="meetings_audit_entry_one_per_number"),
            models.CheckConstraint(condition=Q(number__gte=1), name="meetings_audit_entry_counts_from_one"),
        )

    @override
    def __str__(self) -> str:
        return f"{self.number} {self.action}"


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
