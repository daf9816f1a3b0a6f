import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0004_membership"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("actor_identity", models.CharField(max_length=64)),
                ("actor_name", models.CharField(max_length=80)),
                ("action", models.CharField(max_length=24)),
                ("target_identity", models.CharField(blank=True, default="", max_length=64)),
                ("target_name", models.CharField(blank=True, default="", max_length=80)),
                ("detail", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="Ban",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("identity", models.CharField(max_length=64)),
                ("network_hash", models.CharField(blank=True, default="", max_length=64)),
                ("network_until", models.DateTimeField(null=True)),
                ("display_name", models.CharField(max_length=80)),
                ("banned_by_name", models.CharField(max_length=80)),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("lifted_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="meetingsession",
            name="live_state",
            field=models.JSONField(default=None, null=True),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="session",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="audit_entries", to="meetings.meetingsession"
            ),
        ),
        migrations.AddField(
            model_name="ban",
            name="banned_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="ban",
            name="meeting",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="bans", to="meetings.meeting"
            ),
        ),
        migrations.AddField(
            model_name="ban",
            name="user",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=models.UniqueConstraint(
                fields=("session", "number"), name="meetings_audit_entry_one_per_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="meetings_audit_entry_counts_from_one"
            ),
        ),
        migrations.AddIndex(
            model_name="ban",
            index=models.Index(fields=["meeting", "network_hash"], name="meetings_ban_by_network"),
        ),
        migrations.AddConstraint(
            model_name="ban",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at", None)),
                fields=("meeting", "identity"),
                name="meetings_ban_one_per_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="ban",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("network_hash", ""), ("network_until", None)),
                    models.Q(
                        models.Q(("network_hash", ""), _negated=True), models.Q(("network_until", None), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="meetings_ban_of_a_network_ends",
            ),
        ),
    ]
