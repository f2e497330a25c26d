from django.db import migrations

from leads.activity_types import STARTERS


def add(apps, schema_editor):
    """What the starter models ask about besides; types that are there stay as a company has set them."""
    types = apps.get_model("leads", "ActivityType").objects
    types.bulk_create([types.model(**starter._asdict()) for starter in STARTERS], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("leads", "0006_watched_and_titles")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
