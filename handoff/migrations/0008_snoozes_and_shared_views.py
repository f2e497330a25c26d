"""Each snooze becomes a fact of its own, a view may be for everybody, and done tasks are listed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_calendars_keep_public_holidays'),
        ('handoff', '0007_lead_page'),
        ('leads', '0009_search'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Snooze',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('reason', models.CharField(blank=True, max_length=120)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ending', models.CharField(blank=True, choices=[('time', 'Its time came'), ('intent', 'A new sign of intent'), ('taken_back', 'Taken back'), ('replaced', 'Put off again, or somebody else’s by then')], max_length=10)),
            ],
        ),
        migrations.AddField(
            model_name='savedview',
            name='is_for_all',
            field=models.BooleanField(default=False, help_text='All of sales sees it.', verbose_name='for everybody'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at__isnull', False)), fields=['owner', '-done_at', '-id'], name='handoff_task_done'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.CheckConstraint(condition=models.Q(('is_for_all', False), ('team', None), _connector='OR'), name='handoff_savedview_shared_one_way'),
        ),
        migrations.AddField(
            model_name='snooze',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='snooze',
            name='ended_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='snooze',
            name='handoff',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='snoozes', to='handoff.handoff'),
        ),
        migrations.AddConstraint(
            model_name='snooze',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('handoff',), name='handoff_snooze_one_stands'),
        ),
        migrations.AddConstraint(
            model_name='snooze',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ending', '')), models.Q(('ended_at__isnull', False), models.Q(('ending', ''), _negated=True)), _connector='OR'), name='handoff_snooze_ended_somehow'),
        ),
        # Those that stand; how earlier ones began was not kept.
        migrations.RunSQL(
            """
            INSERT INTO handoff_snooze (handoff_id, by_id, at, until, reason, ending)
            SELECT id, snoozed_by_id, snoozed_at, snoozed_until, snooze_reason, '' FROM handoff_handoff
            WHERE status = 'open' AND snoozed_until IS NOT NULL
            """,
            migrations.RunSQL.noop,
        ),
    ]
