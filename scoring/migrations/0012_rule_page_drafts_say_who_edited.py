"""A draft says who saved a part of it last, and when: several people may work on it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("scoring", "0011_parts_wait_for_their_version"),
    ]
    operations = [
        migrations.AddField(
            model_name="modelversion",
            name="edited_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="When a part of the draft was last saved.", null=True
            ),
        ),
        migrations.AddField(
            model_name="modelversion",
            name="edited_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
