"""What was told is dropped after a while; that it was told stays."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0004_browsers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='announcement',
            name='emptied_at',
            field=models.DateTimeField(blank=True, help_text='When what was told was dropped; that it was told stays.', null=True),
        ),
        migrations.AddField(
            model_name='notification',
            name='emptied_at',
            field=models.DateTimeField(blank=True, help_text='When its words were dropped; that it was told stays.', null=True),
        ),
        migrations.AddIndex(
            model_name='announcement',
            index=models.Index(condition=models.Q(('emptied_at', None)), fields=['created_at', 'id'], name='notifications_body_to_empty'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('emptied_at', None)), fields=['created_at', 'id'], name='notifications_to_empty'),
        ),
    ]
