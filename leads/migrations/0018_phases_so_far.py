"""What is known of the buying phases of leads that were here before their changes were kept.

Batch by batch, each committed by itself: the trigger is there already, so capture goes on meanwhile. Who has a
row by then is left alone, so it may be broken off and run again.
"""

from typing import Any

from django.db import migrations

BATCH = 20_000
#: The phase a lead is in has its moment. Who decides today, and compared before, did so at the first sign of it
#: in the 90 days that phases look back.
KNOWN = """
WITH beyond AS (
  SELECT l.id, l.phase, l.phase_at, CASE WHEN l.phase = 'decision' THEN (
    SELECT min(a.occurred_at) FROM leads_activity a
    WHERE a.lead_id = l.id AND a.voided_at IS NULL AND a.type_id = ANY(t.ids)
      AND a.occurred_at < l.phase_at AND a.occurred_at > l.phase_at - interval '90 days'
  ) END AS compared_at
  FROM leads_lead l,
    (SELECT array_agg(id) AS ids FROM leads_activitytype WHERE phase = 'consideration') t
  WHERE l.phase <> 'awareness' AND l.id >= %(first)s AND l.id < %(first)s + %(batch)s
    AND NOT EXISTS (SELECT FROM leads_phasechange p WHERE p.lead_id = l.id)
)
INSERT INTO leads_phasechange (lead_id, from_phase, to_phase, at, cause)
SELECT id, 'awareness', 'consideration', compared_at AS at, 'known' FROM beyond WHERE compared_at IS NOT NULL
UNION ALL
SELECT id, CASE WHEN compared_at IS NULL THEN 'awareness' ELSE 'consideration' END, phase, phase_at, 'known'
FROM beyond
ORDER BY id, at
"""


def fill(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM leads_lead")
        least, most = cursor.fetchone()
        if least is None:
            return
        for first in range(least, most + 1, BATCH):
            cursor.execute(KNOWN, {"first": first, "batch": BATCH})


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0017_closed_deals")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
