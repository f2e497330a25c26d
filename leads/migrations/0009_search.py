"""People and firms are found without accents, by e-mail, domain and phone digits."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations

import leads.searching
from leads.searching import DIGITS_FUNCTION, FOLDED_FUNCTION


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0008_opportunity_stages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(FOLDED_FUNCTION, "DROP FUNCTION leads_folded"),
        migrations.RunSQL(DIGITS_FUNCTION, "DROP FUNCTION leads_digits"),
        migrations.RemoveIndex(
            model_name='company',
            name='leads_company_name_search',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='leads_lead_name_search',
        ),
        migrations.AddIndex(
            model_name='company',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(leads.searching.Folded('name'), 'gin_trgm_ops'), name='leads_company_name_folded'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('domain'), 'gin_trgm_ops'), name='leads_company_domain_search'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(leads.searching.Folded('name'), 'gin_trgm_ops'), name='leads_lead_name_folded'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(leads.searching.Digits('phone'), 'gin_trgm_ops'), name='leads_lead_phone_digits'),
        ),
    ]
