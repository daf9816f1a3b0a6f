import uuid

from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("meetings", "0002_removal"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="FolderMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mark", models.UUIDField(default=uuid.uuid4)),
            ],
        ),
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("identity", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=255)),
                ("metadata", models.CharField(blank=True, max_length=4096)),
                ("length_bytes", models.BigIntegerField()),
                ("offset_bytes", models.BigIntegerField(default=0)),
                ("wanted_sha256", models.CharField(blank=True, max_length=64)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("image_type", models.CharField(blank=True, max_length=16)),
                ("width", models.PositiveIntegerField(null=True)),
                ("height", models.PositiveIntegerField(null=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("completed_at", models.DateTimeField(null=True)),
                ("message_id", models.UUIDField(null=True)),
                ("attached_at", models.DateTimeField(null=True)),
                ("meeting", models.ForeignKey("meetings.meeting", models.CASCADE, related_name="files")),
                (
                    "session",
                    models.ForeignKey("meetings.meetingsession", models.CASCADE, null=True, related_name="files"),
                ),
                (
                    "user",
                    models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=("expires_at",), name="files_by_expiry"),
                    models.Index(fields=("meeting", "identity"), name="files_by_uploader"),
                    models.Index(fields=("message_id",), name="files_by_message"),
                ],
                "constraints": [
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
                        | Q(
                            attached_at__isnull=False,
                            message_id__isnull=False,
                            completed_at__isnull=False,
                            expires_at=None,
                        ),
                        name="files_attached_is_complete",
                    ),
                ],
            },
        ),
    ]
