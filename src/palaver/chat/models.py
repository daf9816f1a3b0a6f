"""What is said in writing in a meeting, who reacted, and how far each person has read."""

import uuid
from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models import Q
from typing_extensions import override

from palaver.meetings.models import DISPLAY_NAME_MAX_LENGTH, Meeting, MeetingSession

IDENTITY_MAX_LENGTH = 64


class Audience(StrEnum):
    """Who may read a message, beside its sender."""

    EVERYONE = "everyone"
    PRIVATE = "private"
    """One person, named in the message."""
    HOSTS = "hosts"
    """Whoever moderates at the time of reading."""


class ChatLog(models.Model):
    """The counters of one meeting's chat. Whoever writes holds the meeting's row, so they have no gaps."""

    meeting = models.OneToOneField(Meeting, models.CASCADE, primary_key=True, related_name="+")
    last_seq = models.BigIntegerField(default=0)
    """Of the newest message there ever was."""
    last_change = models.BigIntegerField(default=0)
    """Raised by everything that makes a fresh page look otherwise."""
    reload_before = models.BigIntegerField(default=0)
    """Who last heard of an earlier change than this cannot be told what is missing: rows are gone."""

    @override
    def __str__(self) -> str:
        return f"{self.meeting_id} {self.last_seq}/{self.last_change}"


class Message(models.Model):
    """One message. A deleted one stays as a trace of who deleted it and when; its content is gone from the row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="+")
    session = models.ForeignKey(MeetingSession, models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    """The place in the meeting's chat, the same for everybody."""
    change = models.BigIntegerField()
    """The latest change of the chat that touched this message."""
    client_id = models.CharField(max_length=64)
    """The sender's own random id: what is sent again is not written again."""
    sender_identity = models.CharField(max_length=IDENTITY_MAX_LENGTH)
    sender_name = models.CharField(max_length=DISPLAY_NAME_MAX_LENGTH)
    sender_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    sender_is_signed_in = models.BooleanField()
    audience = models.CharField(max_length=8)
    to_identity = models.CharField(max_length=IDENTITY_MAX_LENGTH, blank=True)
    to_name = models.CharField(max_length=DISPLAY_NAME_MAX_LENGTH, blank=True)
    text = models.TextField(blank=True)
    search_text = models.TextField(blank=True)
    """`text` as searches compare it."""
    reply_to = models.UUIDField(null=True)
    """A message that may be gone by now."""
    mentions = models.JSONField(default=list)
    """Pairs of identity and name."""
    file_ids = models.JSONField(default=list)
    pictures = models.JSONField(default=list)
    """Those of the files that are shown: id, width and height in pixels."""
    sent_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by_identity = models.CharField(max_length=IDENTITY_MAX_LENGTH, blank=True)
    deleted_by_name = models.CharField(max_length=DISPLAY_NAME_MAX_LENGTH, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("meeting", "seq"), name="chat_message_one_per_seq"),
            models.UniqueConstraint(fields=("meeting", "change"), name="chat_message_one_per_change"),
            models.UniqueConstraint(
                fields=("meeting", "sender_identity", "client_id"), name="chat_message_one_per_client_id"
            ),
            models.CheckConstraint(
                condition=(Q(audience="private") & ~Q(to_identity="")) | (~Q(audience="private") & Q(to_identity="")),
                name="chat_message_private_is_to_somebody",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(text="", search_text=""), name="chat_message_deleted_is_empty"
            ),
        )
        indexes = (models.Index(fields=("meeting", "sent_at"), name="chat_message_by_age"),)

    @override
    def __str__(self) -> str:
        return f"{self.meeting_id} {self.seq}"


class Reaction(models.Model):
    """One person's emoji under a message."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions")
    identity = models.CharField(max_length=IDENTITY_MAX_LENGTH)
    emoji = models.CharField(max_length=16)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("message", "identity", "emoji"), name="chat_reaction_one_per_person"),
        )

    @override
    def __str__(self) -> str:
        return f"{self.message_id} {self.emoji}"


class ReadMark(models.Model):
    """Up to where a signed-in person has read a meeting's chat."""

    id = models.BigAutoField(primary_key=True)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seq = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("meeting", "user"), name="chat_read_mark_one_per_person"),)

    @override
    def __str__(self) -> str:
        return f"{self.meeting_id} {self.seq}"
