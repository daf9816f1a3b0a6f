from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.AddField(
            "user", "avatar_digest", models.CharField(blank=True, default="", editable=False, max_length=64)
        ),
        migrations.CreateModel(
            name="AvatarPictures",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        settings.AUTH_USER_MODEL,
                        models.CASCADE,
                        primary_key=True,
                        related_name="avatar_pictures",
                        serialize=False,
                    ),
                ),
                ("digest", models.CharField(db_index=True, max_length=64)),
                ("webp_96", models.BinaryField()),
                ("jpeg_96", models.BinaryField()),
                ("webp_256", models.BinaryField()),
                ("jpeg_256", models.BinaryField()),
            ],
        ),
    ]
