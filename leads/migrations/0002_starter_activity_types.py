from django.db import migrations

from leads.activity_types import STARTERS


def add(apps, schema_editor):
    types = apps.get_model("leads", "ActivityType").objects
    types.bulk_create([types.model(**starter._asdict()) for starter in STARTERS], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
