
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('capture', '0009_offer_files'),
    ]

    operations = [
        migrations.AddField(
            model_name='lookingback',
            name='own_before',
            field=models.BigIntegerField(blank=True, null=True),
        ),
    ]
