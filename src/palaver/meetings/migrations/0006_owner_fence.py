from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("meetings", "0005_bans_and_audit")]

    operations = [
        migrations.AddField(
            model_name="meetingsession",
            name="owner_fence",
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
