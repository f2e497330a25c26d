"""What marketing answers, and what an MQL falls short of; views of the marketing queue and of all leads."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0010_stuck_evidence'),
        ('leads', '0016_phase_changes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='savedview',
            name='is_for_all',
            field=models.BooleanField(default=False, help_text='Everybody who has the list sees it.', verbose_name='for everybody'),
        ),
        migrations.AlterField(
            model_name='savedview',
            name='page',
            field=models.CharField(choices=[('queue', 'My queue'), ('team', 'Team queue'), ('mqls', 'MQLs by stage'), ('leads', 'All leads')], max_length=5),
        ),
        migrations.CreateModel(
            name='ReturnAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('keep_warm', 'Keep warm'), ('hand_over', 'Hand over again'), ('close', 'Close'), ('dispute', 'Dispute'), ('other', 'Something else')], max_length=9)),
                ('note', models.TextField(blank=True)),
                ('warm_until', models.DateField(blank=True, help_text='From this day on it is asked again.', null=True)),
                ('at', models.DateTimeField()),
                ('holds', models.BooleanField(default=True)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('verdict', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='handoff.verdict')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('holds', True)), fields=('verdict',), name='handoff_returnanswer_one_holds'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'keep_warm'), ('warm_until__isnull', False)), models.Q(models.Q(('kind', 'keep_warm'), _negated=True), ('warm_until', None)), _connector='OR'), name='handoff_returnanswer_warm_until_a_day'), models.CheckConstraint(condition=models.Q(('undone_at', None), ('holds', False), _connector='OR'), name='handoff_returnanswer_undone_holds_not')],
            },
        ),
        migrations.CreateModel(
            name='Shortfall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('long_cycle', 'Long buying cycle'), ('no_money', 'No money'), ('budget', 'Unreasonable budget expectation'), ('not_willing', 'Not willing yet'), ('none', 'Nothing in the way any more')], max_length=11)),
                ('note', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('holds', models.BooleanField(default=True, help_text='The newest of its lead.')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='shortfalls', to='leads.lead')),
            ],
            options={
                'indexes': [models.Index(fields=['lead', '-at', '-id'], name='handoff_shortfall_latest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('holds', True)), fields=('lead',), name='handoff_shortfall_one_holds')],
            },
        ),
    ]
