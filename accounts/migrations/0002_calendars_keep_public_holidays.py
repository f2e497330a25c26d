"""Calendars keep the public holidays of a country; calendars and teams have addresses of their own."""

import uuid

import django.contrib.postgres.functions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='businesscalendar',
            name='country',
            field=models.CharField(blank=True, help_text='Two letters: whose public holidays it keeps. Empty: none.', max_length=2),
        ),
        migrations.AddField(
            model_name='businesscalendar',
            name='public_id',
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AddField(
            model_name='businesscalendar',
            name='subdivision',
            field=models.CharField(blank=True, help_text='State or region, such as BY.', max_length=10),
        ),
        migrations.AddField(
            model_name='holiday',
            name='kind',
            field=models.CharField(choices=[('country', 'public holiday'), ('own', 'own day'), ('open', 'open all the same')], default='own', max_length=7),
        ),
        migrations.AddField(
            model_name='team',
            name='public_id',
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4, editable=False, unique=True),
        ),
    ]
