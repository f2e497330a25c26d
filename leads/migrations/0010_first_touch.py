"""What brought a visitor the first time, two more kinds of activity that a website tells of, and a withdrawal
of consent that comes with a grant of the same moment."""

from django.db import migrations, models

from leads.activity_types import STARTERS


def add(apps, schema_editor):
    """Types that are there stay as a company has set them."""
    types = apps.get_model("leads", "ActivityType").objects
    types.bulk_create([types.model(**starter._asdict()) for starter in STARTERS], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("leads", "0009_search")]
    operations = [
        migrations.AddField(
            model_name="visitor",
            name="channel",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="What brought the first visit: “organic_search”.",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="visitor",
            name="campaign",
            field=models.CharField(blank=True, db_default="", max_length=120),
        ),
        migrations.RemoveConstraint(model_name="consentevent", name="leads_consentevent_once"),
        migrations.AddConstraint(
            model_name="consentevent",
            constraint=models.UniqueConstraint(
                fields=("lead", "channel", "granted", "at", "source"), name="leads_consentevent_once"
            ),
        ),
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
