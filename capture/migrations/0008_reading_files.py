"""An uploaded file is read by a worker: it is being read, or could not be read."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('capture', '0007_bots'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='import',
            name='capture_import_queue',
        ),
        migrations.AddField(
            model_name='import',
            name='reading',
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text='While it is read anew: how somebody said it is written, and the state to go back to.'),
        ),
        migrations.AlterField(
            model_name='import',
            name='state',
            field=models.CharField(choices=[('reading', 'Being read'), ('refused', 'Could not be read'), ('columns', 'Columns to match'), ('checking', 'Being checked'), ('checked', 'Ready to import'), ('running', 'Running'), ('paused', 'Paused'), ('done', 'Done'), ('cancelled', 'Stopped early'), ('parked', 'In trouble'), ('undoing', 'Being undone'), ('undone', 'Undone')], default='done', max_length=9),
        ),
        migrations.AddIndex(
            model_name='import',
            index=models.Index(condition=models.Q(('state__in', ['reading', 'checking', 'running', 'undoing'])), fields=['created_at'], name='capture_import_queue'),
        ),
    ]
