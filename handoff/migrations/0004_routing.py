"""Where leads go: rules in order, weights and limits of reps, and the ledger of every decision. What the pools
said until now becomes a rule each."""

import uuid

import django.contrib.postgres.functions
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


def rules_of_pools(apps, schema_editor):
    """One rule for the countries of each pool, in the order in which pools were tried until now: those that
    name countries first. Every lead goes where it went before."""
    Pool = apps.get_model("handoff", "Pool")
    RoutingRule = apps.get_model("handoff", "RoutingRule")
    pools = sorted(Pool.objects.all(), key=lambda pool: (not pool.countries, pool.position, pool.pk))
    RoutingRule.objects.bulk_create(
        RoutingRule(name=f"Territory of {pool.name}", to="territory", pool=pool, position=10 * number)
        for number, pool in enumerate(pools, start=1)
    )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('handoff', '0003_handoff_may_be_withdrawn'),
        ('leads', '0007_more_activity_types'),
        ('scoring', '0012_rule_page_drafts_say_who_edited'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RoutingDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('kind', models.CharField(choices=[('rule', 'By the rules'), ('hand', 'Taken by hand'), ('moved', 'Handed to somebody else'), ('waiting', 'Given after waiting')], max_length=7)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('trail', models.JSONField(default=list, help_text='Each rule asked, and why it did not place it.')),
                ('members', models.JSONField(default=list, help_text='Who could have had it, and why not.')),
            ],
        ),
        migrations.CreateModel(
            name='RoutingRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('position', models.PositiveIntegerField(default=1000, help_text='Lower is asked first.')),
                ('name', models.CharField(max_length=120)),
                ('is_on', models.BooleanField(default=True, verbose_name='on')),
                ('when', models.JSONField(blank=True, help_text='A condition over facts of lead and company, as in the model file. Empty: every lead.', null=True)),
                ('scores', models.JSONField(blank=True, default=dict, help_text='Of the score that leads, in points: {"intent": {"at_least": 20, "below": 60}}.')),
                ('to', models.CharField(choices=[('pool', 'to a pool'), ('territory', 'to a pool, if it is a lead of its countries'), ('owner', 'to the account owner')], default='pool', max_length=9)),
                ('waits', models.BooleanField(default=False, help_text='An account owner who is away gets it all the same, once back.')),
                ('goes_on', models.BooleanField(default=False, help_text='Ask the next rules when nobody can take it. Otherwise it waits in the pool.')),
                ('edited_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='RuleMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('placed', 'gave it to somebody'), ('empty', 'empty pool'), ('nobody', 'nobody available'), ('no_owner', 'no account owner'), ('away', 'account owner not available'), ('waits', 'waits for the account owner')], max_length=8)),
            ],
            options={
                'verbose_name_plural': 'rule matches',
            },
        ),
        migrations.AddField(
            model_name='pool',
            name='fallback',
            field=models.ForeignKey(blank=True, help_text='Who takes a lead when nobody here can.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='handoff.pool'),
        ),
        migrations.AddField(
            model_name='pool',
            name='method',
            field=models.CharField(choices=[('rotation', 'in turn, by weight'), ('balance', 'to whom has least open work for their weight')], default='rotation', max_length=8),
        ),
        migrations.AddField(
            model_name='pool',
            name='public_id',
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AddField(
            model_name='pool',
            name='virtual',
            field=models.BigIntegerField(default=0, editable=False, help_text='How far the turns have come, so that who comes back joins in there.'),
        ),
        migrations.AddField(
            model_name='poolmember',
            name='finish',
            field=models.BigIntegerField(default=0, editable=False, help_text='Where their last turn ends, on the scale of the pool.'),
        ),
        migrations.AddField(
            model_name='poolmember',
            name='only_preferred',
            field=models.BooleanField(default=False, help_text='Takes no other leads.'),
        ),
        migrations.AddField(
            model_name='poolmember',
            name='open_at_most',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Waiting for their answer at a time, in all pools. Empty: no limit.', null=True),
        ),
        migrations.AddField(
            model_name='poolmember',
            name='pause_reason',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name='poolmember',
            name='per_day',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Given in a day of theirs, in all pools. Empty: no limit.', null=True),
        ),
        migrations.AddField(
            model_name='poolmember',
            name='prefers',
            field=models.JSONField(blank=True, help_text='A condition over facts: such leads go to them first.', null=True),
        ),
        migrations.AddField(
            model_name='poolmember',
            name='weight',
            field=models.PositiveSmallIntegerField(default=1, help_text='2 gets twice as many as 1; 0 takes no turns, only leads of their own accounts.', validators=[django.core.validators.MaxValueValidator(20)]),
        ),
        migrations.AddIndex(
            model_name='handoff',
            index=models.Index(fields=['rep', 'assigned_at'], name='handoff_given'),
        ),
        migrations.AddConstraint(
            model_name='pool',
            constraint=models.CheckConstraint(condition=models.Q(('fallback', None), models.Q(('fallback', models.F('id')), _negated=True), _connector='OR'), name='handoff_pool_falls_elsewhere'),
        ),
        migrations.AddConstraint(
            model_name='poolmember',
            constraint=models.CheckConstraint(condition=models.Q(('weight__lte', 20)), name='handoff_poolmember_weight_in_bounds'),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='by',
            field=models.ForeignKey(blank=True, help_text='Who decided by hand; empty for the rules.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='chosen',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='handoff',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='routing_decisions', to='handoff.handoff'),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='routing_decisions', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='pool',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='handoff.pool'),
        ),
        migrations.AddField(
            model_name='routingrule',
            name='edited_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='routingrule',
            name='model',
            field=models.ForeignKey(blank=True, help_text='Only leads for whom this model leads: the product they are after.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scoring.scoringmodel'),
        ),
        migrations.AddField(
            model_name='routingrule',
            name='pool',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rules', to='handoff.pool'),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='rule',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='handoff.routingrule'),
        ),
        migrations.AddField(
            model_name='rulematch',
            name='decision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='matches', to='handoff.routingdecision'),
        ),
        migrations.AddField(
            model_name='rulematch',
            name='rule',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='matches', to='handoff.routingrule'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('pool', None), ('to', 'owner')), models.Q(('pool__isnull', False), ('to__in', ['pool', 'territory'])), _connector='OR'), name='handoff_routingrule_leads_somewhere'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.CheckConstraint(condition=models.Q(('waits', False), ('to', 'owner'), _connector='OR'), name='handoff_routingrule_waits_for_owners'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.UniqueConstraint(condition=models.Q(('to', 'territory')), fields=('pool',), name='handoff_routingrule_one_territory'),
        ),
        migrations.AddIndex(
            model_name='routingdecision',
            index=models.Index(fields=['pool', 'at'], include=('chosen',), name='handoff_shares_given'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='routingdecision',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func='RAISE EXCEPTION \'pgtrigger: Cannot update of "at", "kind", "rule_id", "pool_id", "chosen_id", "by_id", "reason", "trail", "members" rows from % table\', TG_TABLE_NAME;', hash='1f0af8786eca28ce79bd72c8f4e4a4207ac52a8e', operation='UPDATE OF "at", "kind", "rule_id", "pool_id", "chosen_id", "by_id", "reason", "trail", "members"', pgid='pgtrigger_append_only_ae9de', table='handoff_routingdecision', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='rulematch',
            index=models.Index(fields=['rule', 'at'], include=('outcome',), name='handoff_rule_fares'),
        ),
        # Back: the table goes, and the pools still name their countries.
        migrations.RunPython(rules_of_pools, migrations.RunPython.noop),
    ]
