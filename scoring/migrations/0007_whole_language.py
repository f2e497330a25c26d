"""The rest of the rule language: exceptions, mismatches, tiers, parts that are off, groups in groups, cool-downs, grades,
and which leads a version is for."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scoring", "0006_wake_by_index")]
    operations = [
        migrations.RemoveConstraint(
            model_name='rule',
            name='scoring_rule_period_whole',
        ),
        migrations.RemoveConstraint(
            model_name='rule',
            name='scoring_rule_limits_need_each',
        ),
        migrations.RemoveField(
            model_name='scoringmodel',
            name='applies_to',
        ),
        migrations.AddField(
            model_name='blocker',
            name='is_on',
            field=models.BooleanField(default=True, verbose_name='on'),
        ),
        migrations.AddField(
            model_name='blocker',
            name='unless',
            field=models.JSONField(blank=True, help_text='While this holds the part counts for nothing. Empty for never.', null=True),
        ),
        migrations.AddField(
            model_name='line',
            name='cool_down_days',
            field=models.PositiveSmallIntegerField(default=0, help_text='Days after a crossing in which the line makes no other; triggers do not wait.', validators=[django.core.validators.MaxValueValidator(3650)], verbose_name='cool-down'),
        ),
        migrations.AddField(
            model_name='linestate',
            name='crossed_at',
            field=models.DateTimeField(blank=True, help_text='The last crossing, for cool-downs.', null=True),
        ),
        migrations.AddField(
            model_name='modelversion',
            name='applies_to',
            field=models.JSONField(blank=True, help_text='A condition on facts: which leads the version scores. Empty for all.', null=True),
        ),
        migrations.AddField(
            model_name='modelversion',
            name='grades_from',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Fit is a grade that starts here, in thirds of a letter above F. Empty for points.', null=True, validators=[django.core.validators.MaxValueValidator(12)]),
        ),
        migrations.AddField(
            model_name='modelversion',
            name='time_zone',
            field=models.CharField(default='UTC', help_text='Where its days, weeks and months begin.', max_length=64),
        ),
        migrations.AddField(
            model_name='rule',
            name='is_on',
            field=models.BooleanField(default=True, verbose_name='on'),
        ),
        migrations.AddField(
            model_name='rule',
            name='mismatch_points',
            field=models.SmallIntegerField(blank=True, help_text='When everything it asks about is known and does not match; unknown gives nothing.', null=True, validators=[django.core.validators.MinValueValidator(-200), django.core.validators.MaxValueValidator(200)], verbose_name='points for a mismatch'),
        ),
        migrations.AddField(
            model_name='rule',
            name='tiers',
            field=models.JSONField(blank=True, help_text='By how often: a list of {times, points}; the highest reached counts.', null=True),
        ),
        migrations.AddField(
            model_name='rule',
            name='unless',
            field=models.JSONField(blank=True, help_text='While this holds the part counts for nothing. Empty for never.', null=True),
        ),
        migrations.AddField(
            model_name='rulegroup',
            name='within',
            field=models.ForeignKey(blank=True, help_text='The larger group it is part of.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='inner', to='scoring.rulegroup'),
        ),
        migrations.AddField(
            model_name='trigger',
            name='is_on',
            field=models.BooleanField(default=True, verbose_name='on'),
        ),
        migrations.AddField(
            model_name='trigger',
            name='unless',
            field=models.JSONField(blank=True, help_text='While this holds the part counts for nothing. Empty for never.', null=True),
        ),
        migrations.AlterField(
            model_name='rule',
            name='count',
            field=models.CharField(choices=[('once', 'Once'), ('each', 'Each time'), ('tiers', 'By how often')], default='once', max_length=5),
        ),
        migrations.AlterField(
            model_name='rule',
            name='per_period',
            field=models.CharField(blank=True, choices=[('day', 'Day'), ('week', 'Week'), ('month', 'Month'), ('ever', 'Ever')], max_length=5, verbose_name='in each'),
        ),
        migrations.AddConstraint(
            model_name='modelversion',
            constraint=models.CheckConstraint(condition=models.Q(('grades_from', None), ('grades_from__range', (0, 12)), _connector='OR'), name='scoring_modelversion_grades_from_range'),
        ),
        migrations.AddConstraint(
            model_name='rule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('per_period', ''), ('per_times', None)), models.Q(('per_times__gte', 1), ('per_period__in', ['day', 'week', 'month', 'ever'])), _connector='OR'), name='scoring_rule_period_whole'),
        ),
        migrations.AddConstraint(
            model_name='rule',
            constraint=models.CheckConstraint(condition=models.Q(('count', 'each'), models.Q(('cap', None), ('count', 'tiers')), models.Q(('cap', None), ('count', 'once'), ('per_times', None)), _connector='OR'), name='scoring_rule_limits_need_each'),
        ),
        migrations.AddConstraint(
            model_name='rule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('count', 'tiers'), ('decay_kind', ''), ('tiers__isnull', False)), models.Q(models.Q(('count', 'tiers'), _negated=True), ('tiers', None)), _connector='OR'), name='scoring_rule_tiers_whole'),
        ),
        migrations.AddConstraint(
            model_name='rule',
            constraint=models.CheckConstraint(condition=models.Q(('mismatch_points', None), ('mismatch_points__range', (-200, 200)), _connector='OR'), name='scoring_rule_mismatch_points_range'),
        ),
        migrations.RunSQL(
            "UPDATE scoring_linestate s SET crossed_at = (SELECT max(c.at) FROM scoring_crossing c"
            " WHERE c.lead_id = s.lead_id AND c.model_id = s.model_id AND c.stage = s.stage)",
            migrations.RunSQL.noop,
        ),
    ]
