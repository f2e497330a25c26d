from django.db import migrations, models


class Migration(migrations.Migration):
    """A sweep of fading points keeps how far it came, and goes on there."""

    dependencies = [("scoring", "0003_marks_forget_the_last_try")]
    operations = [
        migrations.AddField(
            model_name="scoringmodel",
            name="sweep_began_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When the sweep under way began; empty when none is.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="scoringmodel",
            name="swept_to",
            field=models.BigIntegerField(
                blank=True,
                editable=False,
                help_text="The lead id up to which the sweep under way has come.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="scoringmodel",
            name="swept_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When the last finished sweep of fading points began.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sweep_began_at", None), ("swept_to", None)),
                    models.Q(("sweep_began_at__isnull", False), ("swept_to__isnull", False)),
                    _connector="OR",
                ),
                name="scoring_scoringmodel_sweep_began_somewhere",
            ),
        ),
    ]
