from django.db import migrations, models


class Migration(migrations.Migration):
    """The index that gives the pipeline live crossings before released ones."""

    dependencies = [("scoring", "0004_sweep_goes_on")]
    operations = [
        migrations.AddIndex(
            model_name="crossing",
            index=models.Index(
                models.OrderBy(models.F("released_at"), nulls_first=True),
                models.F("id"),
                condition=models.Q(
                    ("handled_at", None),
                    models.Q(("held_at", None), ("released_at__isnull", False), _connector="OR"),
                ),
                name="scoring_crossing_ready",
            ),
        ),
    ]
