"""What campaigns cost, day by day."""

import uuid

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import leads.models.opportunity


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0014_milestones_so_far'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CampaignCost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('source', models.CharField(help_text='As leads have it: “paid_social”.', max_length=64)),
                ('campaign', models.CharField(blank=True, help_text='Empty: the source as a whole.', max_length=120)),
                ('day', models.DateField()),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, validators=[django.core.validators.MinValueValidator(0)])),
                ('currency', models.CharField(default=leads.models.opportunity.workspace_currency, max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Three letters, such as EUR.')])),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('recorded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('day'), django.db.models.functions.text.Lower('source'), django.db.models.functions.text.Lower('campaign'), models.F('currency'), name='leads_campaigncost_once'), models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='leads_campaigncost_not_negative'), models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='leads_campaigncost_has_source')],
            },
        ),
    ]
