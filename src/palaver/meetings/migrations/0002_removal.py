from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("meetings", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Removal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("identity", models.CharField(max_length=64)),
                ("removed_at", models.DateTimeField()),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="removals", to="meetings.meetingsession"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("session", "identity"), name="meetings_removal_one_per_person")
                ]
            },
        ),
    ]
