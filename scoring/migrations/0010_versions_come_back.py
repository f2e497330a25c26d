"""A retired version may be published again: rolling back."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scoring", "0009_throwaway_mail")]
    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='modelversion',
            name='published_is_final',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='modelversion',
            trigger=pgtrigger.compiler.Trigger(name='published_is_final', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IN (\'published\', \'retired\'))', func="\n                    IF TG_OP = 'UPDATE' AND NEW.state IN ('published', 'retired')\n                        AND (to_jsonb(NEW) - 'state' - 'rescored_to')\n                            = (to_jsonb(OLD) - 'state' - 'rescored_to')\n                    THEN\n                        RETURN NEW;\n                    END IF;\n                    RAISE EXCEPTION 'Version % is % and cannot change: make a draft from it.',\n                        OLD.number, OLD.state USING ERRCODE = 'check_violation';\n                ", hash='7f0ecd135cb8b7f2c510f1293b188571721952b9', operation='UPDATE OR DELETE', pgid='pgtrigger_published_is_final_3b186', table='scoring_modelversion', when='BEFORE')),
        ),
    ]
