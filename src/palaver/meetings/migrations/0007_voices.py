from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("meetings", "0006_owner_fence")]

    operations = [
        migrations.AddField(
            model_name="meeting",
            name="voices",
            field=models.PositiveSmallIntegerField(default=3),
        ),
        migrations.AddConstraint(
            model_name="meeting",
            constraint=models.CheckConstraint(
                condition=models.Q(("voices__gte", 1), ("voices__lte", 5)), name="meetings_meeting_voices_are_known"
            ),
        ),
    ]
