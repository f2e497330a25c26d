"""Holding and putting off a lead, saved views, and when somebody last looked."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('handoff', '0005_clocks'),
        ('leads', '0009_search'),
        ('scoring', '0013_based_on_may_go'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('total', models.IntegerField(help_text='In hundredths of a point.')),
            ],
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('page', models.CharField(choices=[('queue', 'My queue'), ('team', 'Team queue')], max_length=5)),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(blank=True, help_text='As in the URL: source=demo&sort=score', max_length=1000)),
                ('is_default', models.BooleanField(default=False, help_text="The owner's list opens with it.")),
                ('position', models.PositiveSmallIntegerField(default=100)),
            ],
        ),
        migrations.AddField(
            model_name='handoff',
            name='claimed_by',
            field=models.ForeignKey(blank=True, help_text='Who holds it for themselves while they look at it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='handoff',
            name='claimed_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='handoff',
            name='snooze_reason',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name='handoff',
            name='snoozed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='handoff',
            name='snoozed_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='handoff',
            name='snoozed_until',
            field=models.DateTimeField(blank=True, help_text='Off the list until then. The clock goes on.', null=True),
        ),
        migrations.AddField(
            model_name='handoff',
            name='woke_at',
            field=models.DateTimeField(blank=True, help_text='When it came back from a snooze.', null=True),
        ),
        migrations.AddField(
            model_name='handoff',
            name='woken_by',
            field=models.CharField(blank=True, choices=[('time', 'Its time came'), ('intent', 'A new sign of intent')], max_length=6),
        ),
        migrations.AddIndex(
            model_name='handoff',
            index=models.Index(condition=models.Q(('snoozed_until__isnull', False), ('status', 'open')), fields=['snoozed_until'], name='handoff_to_wake'),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('claimed_by', None), ('claimed_until', None)), models.Q(('claimed_by__isnull', False), ('claimed_until__isnull', False)), _connector='OR'), name='handoff_handoff_claimed_with_end'),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('snoozed_at', None), ('snoozed_by', None), ('snoozed_until', None)), models.Q(('snoozed_at__isnull', False), ('snoozed_by__isnull', False), ('snoozed_until__isnull', False)), _connector='OR'), name='handoff_handoff_snoozed_with_name'),
        ),
        migrations.AddField(
            model_name='look',
            name='handoff',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='looks', to='handoff.handoff'),
        ),
        migrations.AddField(
            model_name='look',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='savedview',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='savedview',
            name='team',
            field=models.ForeignKey(blank=True, help_text='Who else sees it; empty: only the owner.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='saved_views', to='accounts.team'),
        ),
        migrations.AddConstraint(
            model_name='look',
            constraint=models.UniqueConstraint(fields=('handoff', 'user'), name='handoff_look_once'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('owner', 'page', 'name'), name='handoff_savedview_name_once'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('owner', 'page'), name='handoff_savedview_one_default'),
        ),
    ]
