from django.db import migrations, models


class Migration(migrations.Migration):
    """The index by which the pipeline finds crossings that wait for a return date, among all that are held."""

    dependencies = [("scoring", "0005_live_crossings_first")]
    operations = [
        migrations.AddIndex(
            model_name="crossing",
            index=models.Index(
                condition=models.Q(("handled_at", None), ("not_before__isnull", False)),
                fields=["not_before"],
                name="scoring_crossing_sleeping",
            ),
        ),
    ]
