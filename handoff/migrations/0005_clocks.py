"""Agreements about time by any condition, with what happens by itself; pauses, and what is owed on accepted
leads. Every policy of until now keeps its minutes and its leads."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

#: What the policies that come with the product do: minutes from the start of the clock. A hot lead as the
#: field does it: a reminder at 5 minutes, a backup at 15, the manager at 30, another rep at 60 (C-52).
HOT = [("remind", 5), ("backup", 15), ("manager", 30), ("reassign", 60)]
CALM = [("remind", 180), ("manager", 360)]


def say_for_whom(apps, schema_editor):
    """The minimum of intent becomes a condition; the highest is asked first, as until now."""
    SlaPolicy = apps.get_model("handoff", "SlaPolicy")
    for number, policy in enumerate(SlaPolicy.objects.order_by("-min_intent"), start=1):
        policy.position = 10 * number
        policy.scores = {"intent": {"at_least": policy.min_intent}} if policy.min_intent else {}
        policy.save()


def add_ladders(apps, schema_editor):
    """The two policies that came with the product get their steps; one that a company has changed gets a
    reminder at three quarters of its time and a word to the manager at half as much again, no more: nobody's
    leads begin to move by an update. What is owed on accepted leads begins with a first contact."""
    SlaPolicy = apps.get_model("handoff", "SlaPolicy")
    LadderRung = apps.get_model("handoff", "LadderRung")
    for policy in SlaPolicy.objects.order_by("position"):
        intent = policy.scores.get("intent", {}).get("at_least", 0)
        if (intent, policy.minutes) == (26, 60):
            rungs = HOT
        elif (intent, policy.minutes) == (0, 240):
            rungs = CALM
        else:
            rungs = [("remind", max(1, policy.minutes * 3 // 4)), ("manager", max(1, policy.minutes * 3 // 2))]
        LadderRung.objects.bulk_create(LadderRung(policy=policy, does=does, minutes=at) for does, at in rungs)
    contact = SlaPolicy.objects.create(
        promise="contact", position=1000, name="First contact", minutes=240, edited_by=None
    )
    LadderRung.objects.bulk_create(
        LadderRung(policy=contact, does=does, minutes=at) for does, at in [("remind", 180), ("manager", 480)]
    )
    following = SlaPolicy.objects.create(
        promise="activity", position=1010, name="Next activity", minutes=2400, is_on=False
    )
    LadderRung.objects.create(policy=following, does="remind", minutes=1920)


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0004_routing'),
        ('scoring', '0013_based_on_may_go'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LadderRung',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('does', models.CharField(choices=[('remind', 'remind the rep'), ('backup', 'ask a backup'), ('manager', 'tell the manager'), ('reassign', 'give it to another rep')], max_length=8)),
                ('minutes', models.PositiveIntegerField(help_text='Business minutes from the start of the clock.')),
            ],
        ),
        migrations.CreateModel(
            name='Pause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('is_open_ended', models.BooleanField(default=False, help_text='Nobody named a day: it ends by itself.')),
                ('reason', models.CharField(max_length=300)),
                ('due_before', models.DateTimeField(help_text='When it was due without the pause.')),
                ('ended_at', models.DateTimeField(blank=True, help_text='Set when it ended before its time.', null=True)),
                ('is_undone', models.BooleanField(default=False, help_text='As if it had never been.')),
            ],
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.PositiveSmallIntegerField(default=1, help_text='Counts the reps who had it in turn.')),
                ('does', models.CharField(choices=[('remind', 'remind the rep'), ('backup', 'ask a backup'), ('manager', 'tell the manager'), ('reassign', 'give it to another rep')], max_length=8)),
                ('minutes', models.PositiveIntegerField(help_text='Business minutes from the start of the round.')),
                ('at', models.DateTimeField()),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('outcome', models.CharField(blank=True, choices=[('done', 'done'), ('nobody', 'nobody was there'), ('overtaken', 'a later step came first'), ('moot', 'no longer needed')], max_length=9)),
            ],
        ),
        migrations.CreateModel(
            name='Work',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('promise', models.CharField(choices=[('answer', 'an answer to the handoff'), ('contact', 'the first contact after acceptance'), ('activity', 'the next activity after a contact')], max_length=8)),
                ('started_at', models.DateTimeField(help_text='The clock runs from here.')),
                ('due_at', models.DateTimeField()),
                ('allowed_minutes', models.PositiveIntegerField(help_text='Business minutes agreed.')),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('was_kept', models.BooleanField(help_text='Whether it happened; empty while it is owed.', null=True)),
                ('alarmed_at', models.DateTimeField(blank=True, help_text='When it was said to be overdue.', null=True)),
            ],
            options={
                'verbose_name_plural': 'work',
            },
        ),
        migrations.RenameField(
            model_name='slapolicy',
            old_name='response_minutes',
            new_name='minutes',
        ),
        migrations.AddField(
            model_name='handoff',
            name='answer_seconds',
            field=models.PositiveIntegerField(blank=True, help_text='Business seconds from the offer to the verdict without pauses; 0 is at once.', null=True),
        ),
        migrations.AddField(
            model_name='handoff',
            name='backup',
            field=models.ForeignKey(blank=True, help_text='Who was asked to step in and may answer as well.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='handoff',
            name='policy',
            field=models.ForeignKey(blank=True, help_text='What was agreed then. Editing it moves no due time.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='handoff.slapolicy'),
        ),
        migrations.AddField(
            model_name='handoff',
            name='round',
            field=models.PositiveSmallIntegerField(default=1, help_text='Counts the reps who had it in turn.'),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='edited_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='edited_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='is_on',
            field=models.BooleanField(default=True, verbose_name='on'),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='model',
            field=models.ForeignKey(blank=True, help_text='Only leads for whom this model leads: the product they are after.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scoring.scoringmodel'),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='position',
            field=models.PositiveIntegerField(default=1000, help_text='Lower is asked first.'),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='promise',
            field=models.CharField(choices=[('answer', 'an answer to the handoff'), ('contact', 'the first contact after acceptance'), ('activity', 'the next activity after a contact')], default='answer', max_length=8),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='public_id',
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='scores',
            field=models.JSONField(blank=True, default=dict, help_text='Of the score that leads, in points: {"intent": {"at_least": 26}}.'),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='triggers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, help_text='Keys of triggers, one of which brought the lead over the line. Empty: any way.', size=None),
        ),
        migrations.AddField(
            model_name='slapolicy',
            name='when',
            field=models.JSONField(blank=True, help_text='A condition over facts of lead and company, as in the model file. Empty: every lead.', null=True),
        ),
        migrations.RunPython(say_for_whom, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='slapolicy',
            name='min_intent',
        ),
        migrations.AlterField(
            model_name='routingdecision',
            name='kind',
            field=models.CharField(choices=[('rule', 'By the rules'), ('hand', 'Taken by hand'), ('moved', 'Handed to somebody else'), ('waiting', 'Given after waiting'), ('late', 'Given to another in time')], max_length=7),
        ),
        migrations.AddConstraint(
            model_name='slapolicy',
            constraint=models.CheckConstraint(condition=models.Q(('minutes__lte', 525600)), name='handoff_slapolicy_minutes_in_bounds'),
        ),
        migrations.AddField(
            model_name='ladderrung',
            name='backup',
            field=models.ForeignKey(blank=True, help_text='Who is asked.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='ladderrung',
            name='backup_pool',
            field=models.ForeignKey(blank=True, help_text='Whose next is asked.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='handoff.pool'),
        ),
        migrations.AddField(
            model_name='ladderrung',
            name='policy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rungs', to='handoff.slapolicy'),
        ),
        migrations.AddField(
            model_name='pause',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='pause',
            name='ended_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='pause',
            name='handoff',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pauses', to='handoff.handoff'),
        ),
        migrations.AddField(
            model_name='step',
            name='backup',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='step',
            name='backup_pool',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='handoff.pool'),
        ),
        migrations.AddField(
            model_name='step',
            name='handoff',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='handoff.handoff'),
        ),
        migrations.AddField(
            model_name='step',
            name='rep',
            field=models.ForeignKey(blank=True, help_text='Who had the lead when it was done.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='step',
            name='to',
            field=models.ForeignKey(blank=True, help_text='Who was asked, or got it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='work',
            name='handoff',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='works', to='handoff.handoff'),
        ),
        migrations.AddField(
            model_name='work',
            name='policy',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='handoff.slapolicy'),
        ),
        migrations.AddField(
            model_name='step',
            name='work',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='handoff.work'),
        ),
        migrations.AddField(
            model_name='pause',
            name='work',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='pauses', to='handoff.work'),
        ),
        migrations.AddConstraint(
            model_name='ladderrung',
            constraint=models.UniqueConstraint(fields=('policy', 'does'), name='handoff_ladderrung_once'),
        ),
        migrations.AddConstraint(
            model_name='ladderrung',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('backup', None), ('backup_pool', None)), models.Q(('does', 'backup'), models.Q(('backup', None), ('backup_pool', None), _connector='OR')), _connector='OR'), name='handoff_ladderrung_one_backup'),
        ),
        migrations.AddConstraint(
            model_name='ladderrung',
            constraint=models.CheckConstraint(condition=models.Q(('minutes__gte', 1), ('minutes__lte', 525600)), name='handoff_ladderrung_minutes_in_bounds'),
        ),
        migrations.AddIndex(
            model_name='work',
            index=models.Index(condition=models.Q(('alarmed_at', None), ('ended_at', None)), fields=['due_at'], name='handoff_work_to_alarm'),
        ),
        migrations.AddConstraint(
            model_name='work',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('handoff',), name='handoff_work_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='work',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('was_kept', None)), models.Q(('ended_at__isnull', False), ('was_kept__isnull', False)), _connector='OR'), name='handoff_work_ended_somehow'),
        ),
        migrations.AddIndex(
            model_name='step',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['at'], name='handoff_steps_due'),
        ),
        migrations.AddConstraint(
            model_name='step',
            constraint=models.UniqueConstraint(fields=('handoff', 'work', 'round', 'does'), name='handoff_step_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='step',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('outcome', '')), models.Q(('done_at__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='handoff_step_done_somehow'),
        ),
        migrations.AddIndex(
            model_name='pause',
            index=models.Index(fields=['handoff', 'until'], name='handoff_pause_running'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.CheckConstraint(condition=models.Q(('until__gt', models.F('at'))), name='handoff_pause_in_order'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_by', None), ('is_undone', False)), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False)), _connector='OR'), name='handoff_pause_ended_by_someone'),
        ),
        migrations.RunPython(add_ladders, migrations.RunPython.noop),
    ]
