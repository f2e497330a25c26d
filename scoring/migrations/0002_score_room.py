from django.db import migrations


class Migration(migrations.Migration):
    """Half of each page stays free, so that rewriting every score moves no row and touches no index."""

    dependencies = [("scoring", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE scoring_score SET (fillfactor = 50)",
            "ALTER TABLE scoring_score RESET (fillfactor)",
        )
    ]
