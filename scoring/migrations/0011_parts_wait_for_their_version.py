"""Who writes a part of a version waits for who checks or publishes it at that moment, and is then refused."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scoring", "0010_versions_come_back")]
    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='blocker',
            name='only_in_drafts',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='line',
            name='only_in_drafts',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='rule',
            name='only_in_drafts',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='rulegroup',
            name='only_in_drafts',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='trigger',
            name='only_in_drafts',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='blocker',
            trigger=pgtrigger.compiler.Trigger(name='only_in_drafts', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE final scoring_modelversion%ROWTYPE;', func="\n            IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - 'disabled_at' - 'disabled_reason')\n                = (to_jsonb(OLD) - 'disabled_at' - 'disabled_reason') THEN\n                RETURN NEW;\n            END IF;\n            FOR final IN SELECT * FROM scoring_modelversion\n                WHERE id = NEW.version_id OR id = OLD.version_id ORDER BY id FOR SHARE\n            LOOP\n                IF final.state <> 'draft' THEN\n                    RAISE EXCEPTION 'Version % is % and cannot change: make a draft from it.',\n                        final.number, final.state USING ERRCODE = 'check_violation';\n                END IF;\n            END LOOP;\n            RETURN COALESCE(NEW, OLD);\n        ", hash='0888deea01b5ba86caeb47f19f4ea13eb42a5196', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_only_in_drafts_00d00', table='scoring_blocker', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='line',
            trigger=pgtrigger.compiler.Trigger(name='only_in_drafts', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE final scoring_modelversion%ROWTYPE;', func="\n            IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - 'disabled_at' - 'disabled_reason')\n                = (to_jsonb(OLD) - 'disabled_at' - 'disabled_reason') THEN\n                RETURN NEW;\n            END IF;\n            FOR final IN SELECT * FROM scoring_modelversion\n                WHERE id = NEW.version_id OR id = OLD.version_id ORDER BY id FOR SHARE\n            LOOP\n                IF final.state <> 'draft' THEN\n                    RAISE EXCEPTION 'Version % is % and cannot change: make a draft from it.',\n                        final.number, final.state USING ERRCODE = 'check_violation';\n                END IF;\n            END LOOP;\n            RETURN COALESCE(NEW, OLD);\n        ", hash='efec91ad0ba3096fc1674360b684fe411aaa6ca1', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_only_in_drafts_be51b', table='scoring_line', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rule',
            trigger=pgtrigger.compiler.Trigger(name='only_in_drafts', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE final scoring_modelversion%ROWTYPE;', func="\n            IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - 'disabled_at' - 'disabled_reason')\n                = (to_jsonb(OLD) - 'disabled_at' - 'disabled_reason') THEN\n                RETURN NEW;\n            END IF;\n            FOR final IN SELECT * FROM scoring_modelversion\n                WHERE id = NEW.version_id OR id = OLD.version_id ORDER BY id FOR SHARE\n            LOOP\n                IF final.state <> 'draft' THEN\n                    RAISE EXCEPTION 'Version % is % and cannot change: make a draft from it.',\n                        final.number, final.state USING ERRCODE = 'check_violation';\n                END IF;\n            END LOOP;\n            RETURN COALESCE(NEW, OLD);\n        ", hash='50638d6de442232025c609bc886b58dd361b5c54', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_only_in_drafts_4af02', table='scoring_rule', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rulegroup',
            trigger=pgtrigger.compiler.Trigger(name='only_in_drafts', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE final scoring_modelversion%ROWTYPE;', func="\n            IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - 'disabled_at' - 'disabled_reason')\n                = (to_jsonb(OLD) - 'disabled_at' - 'disabled_reason') THEN\n                RETURN NEW;\n            END IF;\n            FOR final IN SELECT * FROM scoring_modelversion\n                WHERE id = NEW.version_id OR id = OLD.version_id ORDER BY id FOR SHARE\n            LOOP\n                IF final.state <> 'draft' THEN\n                    RAISE EXCEPTION 'Version % is % and cannot change: make a draft from it.',\n                        final.number, final.state USING ERRCODE = 'check_violation';\n                END IF;\n            END LOOP;\n            RETURN COALESCE(NEW, OLD);\n        ", hash='328b5db044c8afbf858c665dbc98a2272b1af9da', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_only_in_drafts_81e73', table='scoring_rulegroup', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trigger',
            trigger=pgtrigger.compiler.Trigger(name='only_in_drafts', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE final scoring_modelversion%ROWTYPE;', func="\n            IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - 'disabled_at' - 'disabled_reason')\n                = (to_jsonb(OLD) - 'disabled_at' - 'disabled_reason') THEN\n                RETURN NEW;\n            END IF;\n            FOR final IN SELECT * FROM scoring_modelversion\n                WHERE id = NEW.version_id OR id = OLD.version_id ORDER BY id FOR SHARE\n            LOOP\n                IF final.state <> 'draft' THEN\n                    RAISE EXCEPTION 'Version % is % and cannot change: make a draft from it.',\n                        final.number, final.state USING ERRCODE = 'check_violation';\n                END IF;\n            END LOOP;\n            RETURN COALESCE(NEW, OLD);\n        ", hash='6d385599102120430badc690d37ff139b272f960', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_only_in_drafts_aa1e3', table='scoring_trigger', when='BEFORE')),
        ),
    ]
