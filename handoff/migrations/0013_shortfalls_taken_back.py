from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0012_stretches_of_days'),
    ]

    operations = [
        migrations.AddField(
            model_name='shortfall',
            name='undone_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='shortfall',
            constraint=models.CheckConstraint(condition=models.Q(('undone_at', None), ('holds', False), _connector='OR'), name='handoff_shortfall_undone_holds_not'),
        ),
    ]
