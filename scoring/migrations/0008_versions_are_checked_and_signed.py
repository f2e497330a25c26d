"""A draft is checked and signed before it is published; each publishing is a row of the change log."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


def log_publications(apps, schema_editor):
    """What was published before the log began."""
    ModelVersion, Publication = apps.get_model("scoring", "ModelVersion"), apps.get_model("scoring", "Publication")
    known = ModelVersion.objects.exclude(published_at=None).order_by("published_at", "id")
    Publication.objects.bulk_create(
        Publication(model_id=v.model_id, version=v, at=v.published_at, by_id=v.published_by_id, reason=v.reason)
        for v in known
    )


class Migration(migrations.Migration):
    dependencies = [("scoring", "0007_whole_language"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.RemoveConstraint(
            model_name='modelversion',
            name='scoring_modelversion_published_with_reason',
        ),
        migrations.AddField(
            model_name='modelversion',
            name='based_on',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='scoring.modelversion'),
        ),
        migrations.AddField(
            model_name='modelversion',
            name='checked_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='modelversion',
            name='checked_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='modelversion',
            name='evidence',
            field=models.TextField(blank=True, editable=False, help_text='What the suggestions it follows were learned from.'),
        ),
        migrations.AddField(
            model_name='scoringmodel',
            name='agreed_handoffs',
            field=models.PositiveSmallIntegerField(blank=True, help_text='How many leads a week sales agreed to take. Empty for no agreement.', null=True, verbose_name='agreed handoffs a week'),
        ),
        migrations.AddField(
            model_name='scoringmodel',
            name='needs_sign_off',
            field=models.BooleanField(default=False, help_text='Whether marketing and sales must both sign a version before it is published.', verbose_name='needs sign-off'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='state',
            field=models.CharField(choices=[('draft', 'Draft'), ('checked', 'Checked'), ('published', 'Published'), ('retired', 'Retired')], default='draft', editable=False, max_length=9),
        ),
        migrations.AddConstraint(
            model_name='modelversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('published_at', None), ('published_by', None), ('reason', ''), ('rescored_to', None), ('state__in', ['draft', 'checked'])), models.Q(('published_at__isnull', False), ('state__in', ['published', 'retired']), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='scoring_modelversion_published_with_reason'),
        ),
        migrations.AddConstraint(
            model_name='modelversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('checked_at', None), ('checked_by', None), ('state', 'draft')), models.Q(('state__in', ['draft', 'checked']), _negated=True), models.Q(('checked_at__isnull', False), ('state', 'checked')), _connector='OR'), name='scoring_modelversion_checked_at_a_moment'),
        ),
        migrations.CreateModel(
            name='ModelReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('note', models.TextField(help_text='What was seen, and what follows from it.')),
            ],
        ),
        migrations.CreateModel(
            name='Publication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('published', 'Published'), ('back', 'Brought back')], default='published', max_length=9)),
                ('at', models.DateTimeField()),
                ('reason', models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name='SignOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('marketing', 'Marketing'), ('sales', 'Sales')], max_length=9)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='modelreview',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='modelreview',
            name='model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='scoring.scoringmodel'),
        ),
        migrations.AddField(
            model_name='modelreview',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scoring.modelversion'),
        ),
        migrations.AddField(
            model_name='publication',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='publication',
            name='model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='publications', to='scoring.scoringmodel'),
        ),
        migrations.AddField(
            model_name='publication',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='publications', to='scoring.modelversion'),
        ),
        migrations.AddField(
            model_name='signoff',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='signoff',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sign_offs', to='scoring.modelversion'),
        ),
        migrations.AddIndex(
            model_name='modelreview',
            index=models.Index(fields=['model', '-at', '-id'], name='scoring_modelreview_newest'),
        ),
        migrations.AddConstraint(
            model_name='modelreview',
            constraint=models.CheckConstraint(condition=models.Q(('note', ''), _negated=True), name='scoring_modelreview_has_note'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=models.Index(fields=['model', '-at', '-id'], name='scoring_publication_log'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='scoring_publication_has_reason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='publication',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e74ef1ae2a288abc742e3895559f42dc1ec43073', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_3e623', table='scoring_publication', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='signoff',
            constraint=models.UniqueConstraint(fields=('version', 'side'), name='scoring_signoff_once_a_side'),
        ),
        migrations.AddConstraint(
            model_name='signoff',
            constraint=models.UniqueConstraint(fields=('version', 'by'), name='scoring_signoff_once_a_person'),
        ),
        migrations.RunPython(log_publications, migrations.RunPython.noop),
    ]
