"""A file of a meeting, from the first byte of its upload on."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from typing_extensions import override

from palaver.meetings.models import Meeting, MeetingSession

NAME_MAX_BYTES = 255
METADATA_MAX_CHARS = 4096


class FolderMark(models.Model):
    """Which folder of bytes goes with this database. There is one row at most."""

    mark = models.UUIDField(default=uuid.uuid4)

    @override
    def __str__(self) -> str:
        return str(self.mark)


class StoredFile(models.Model):
    """Where the bytes are is derived from the two ids; the name is only ever shown."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="files")
    session = models.ForeignKey(MeetingSession, models.CASCADE, null=True, related_name="files")
    """The run in which the upload began; None between two runs."""
    identity = models.CharField(max_length=64)
    """Of the uploader, as in `Attendance`."""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=NAME_MAX_BYTES)
    metadata = models.CharField(max_length=METADATA_MAX_CHARS, blank=True)
    """As the client sent it, to be given back to it."""
    length_bytes = models.BigIntegerField()
    offset_bytes = models.BigIntegerField(default=0)
    """What is safely on the disk. The file there may be longer after a crash; the rest is cut off."""
    wanted_sha256 = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    image_type = models.CharField(max_length=16, blank=True)
    """The media type under which a page may show it; empty for everything that is only downloaded."""
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    """When it goes unless it is finished and sent with a message; None once it belongs to one."""
    completed_at = models.DateTimeField(null=True)
    message_id = models.UUIDField(null=True)
    """The message that carries it. Who may read that may read this; deleted with it."""
    attached_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(offset_bytes__gte=0) & Q(offset_bytes__lte=F("length_bytes")),
                name="files_offset_is_within_length",
            ),
            models.CheckConstraint(
                condition=Q(completed_at=None) | (Q(offset_bytes=F("length_bytes")) & ~Q(sha256="")),
                name="files_completed_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(attached_at=None, message_id=None)
                | Q(attached_at__isnull=False, message_id__isnull=False, completed_at__isnull=False, expires_at=None),
                name="files_attached_is_complete",
            ),
        )
        indexes = (
            models.Index(fields=("expires_at",), name="files_by_expiry"),
            models.Index(fields=("meeting", "identity"), name="files_by_uploader"),
            models.Index(fields=("message_id",), name="files_by_message"),
        )

    @override
    def __str__(self) -> str:
        return self.name

    @property
    def has_thumbnail(self) -> bool:
        """Whether there is a small picture of it."""
        return self.image_type != ""
