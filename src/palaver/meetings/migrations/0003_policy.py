from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def _close_to_guests(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    meetings = apps.get_model("meetings", "Meeting").objects.using(schema_editor.connection.alias)
    meetings.filter(is_open_to_guests=False).update(access="signed_in", guests=False)


def _mark_open_to_guests(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # What the old field cannot say becomes the narrower of its two answers.
    meetings = apps.get_model("meetings", "Meeting").objects.using(schema_editor.connection.alias)
    meetings.exclude(access="open", guests=True).update(is_open_to_guests=False)


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0002_removal"),
    ]

    operations = [
        migrations.AddField(
            model_name="meeting",
            name="access",
            field=models.CharField(default="open", max_length=10),
        ),
        migrations.AddField(
            model_name="meeting",
            name="guests",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="meeting",
            name="one_presenter",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="meeting",
            name="password_hash",
            field=models.CharField(blank=True, default="", editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name="meeting",
            name="retention_days",
            field=models.PositiveIntegerField(blank=True, default=None, null=True),
        ),
        migrations.AddField(
            model_name="meeting",
            name="right_camera",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="meeting",
            name="right_chat",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="meeting",
            name="right_microphone",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="meeting",
            name="right_private_chat",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="meeting",
            name="right_reactions",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="meeting",
            name="right_rename",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="meeting",
            name="right_screen_share",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="meeting",
            name="waiting_room",
            field=models.CharField(default="nobody", max_length=10),
        ),
        migrations.RunPython(_close_to_guests, _mark_open_to_guests),
        migrations.RemoveField(
            model_name="meeting",
            name="is_open_to_guests",
        ),
        migrations.AddConstraint(
            model_name="meeting",
            constraint=models.CheckConstraint(
                condition=models.Q(("access__in", ["open", "signed_in", "invited"])),
                name="meetings_meeting_access_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="meeting",
            constraint=models.CheckConstraint(
                condition=models.Q(("waiting_room__in", ["nobody", "guests", "everyone"])),
                name="meetings_meeting_waiting_room_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="meeting",
            constraint=models.CheckConstraint(
                condition=models.Q(("retention_days", None), ("retention_days__lte", 3650), _connector="OR"),
                name="meetings_meeting_retention_has_an_end",
            ),
        ),
    ]
