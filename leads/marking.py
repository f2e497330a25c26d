"""Statement triggers that mark leads as changed, so that every way of writing ends in a new score:
ORM, ``update()``, COPY and plain SQL alike.

Each marks through ``leads_changedlead`` in lead order, so two batches never lock the same rows in opposite
order. A transaction that said ``SET LOCAL handoff.quiet = on`` marks quietly (``live`` is false): its
crossings wait for a person. Live wins when both mark the same lead. PostgreSQL allows transition tables
only without column lists and for one event, hence one trigger per table and event.
"""

from collections.abc import Iterable

import pgtrigger
from django.db import connection

_MARK = """
INSERT INTO leads_changedlead (lead_id, version, live, attempts, error)
SELECT changed.lead_id, 1, current_setting('handoff.quiet', true) IS DISTINCT FROM 'on', 0, ''
FROM ({leads}) AS changed
ORDER BY changed.lead_id
ON CONFLICT (lead_id) DO UPDATE SET
    version = leads_changedlead.version + 1,
    live = leads_changedlead.live OR excluded.live,
    attempts = 0, tried_at = NULL, parked_at = NULL, error = ''"""
_END = """;
RETURN NULL;
"""


def mark(*, lead_ids: Iterable[int]) -> None:
    """Mark these leads by hand, for a change that no trigger sees. One statement, safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK.format(leads="SELECT unnest(%s::bigint[]) AS lead_id"), [sorted(lead_ids)])


def lead_inserted() -> pgtrigger.Trigger:
    return _trigger("lead_inserted_marks", pgtrigger.Insert, "SELECT id AS lead_id FROM new_rows")


def lead_updated(facts: Iterable[str]) -> pgtrigger.Trigger:
    """Marks leads of which a scoring fact differs; owner changes mark nothing, stage changes only while a
    live rule looks at stages. While one looks at colleagues, who changes the company marks both firms."""
    moved = f"FROM new_rows n JOIN old_rows o USING (id) WHERE {_distinct(['company_id'])}"
    return _trigger(
        "lead_updated_marks",
        pgtrigger.Update,
        f"SELECT n.id AS lead_id FROM new_rows n JOIN old_rows o USING (id) WHERE {_distinct(facts)}"
        f" OR {_distinct(['stage', 'stage_at'])} AND {_watched('stages')}"
        f" UNION SELECT l.id FROM leads_lead l WHERE {_watched('colleagues')}"
        f" AND l.company_id IN (SELECT n.company_id {moved} UNION SELECT o.company_id {moved})",
    )


def company_updated(facts: Iterable[str]) -> pgtrigger.Trigger:
    """Marks the leads of companies of which a scoring fact differs."""
    return _trigger(
        "company_updated_marks",
        pgtrigger.Update,
        "SELECT l.id AS lead_id FROM new_rows n JOIN old_rows o USING (id)"
        f" JOIN leads_lead l ON l.company_id = n.id WHERE {_distinct(facts)}",
    )


def activity_inserted() -> pgtrigger.Trigger:
    return _trigger(
        "activity_inserted_marks",
        pgtrigger.Insert,
        f"SELECT lead_id FROM new_rows WHERE lead_id IS NOT NULL UNION {_colleagues('new_rows')}",
    )


def activity_updated() -> pgtrigger.Trigger:
    """Marks the old and the new lead when an activity moves, is voided or restored, or is corrected."""
    facts = ["lead_id", "voided_at", "type_id", "occurred_at", "undated", "properties"]
    return _trigger(
        "activity_updated_marks",
        pgtrigger.Update,
        "SELECT lead_id FROM ("
        f"SELECT n.lead_id FROM new_rows n JOIN old_rows o USING (id) WHERE {_distinct(facts)}"
        f" UNION SELECT o.lead_id FROM new_rows n JOIN old_rows o USING (id) WHERE {_distinct(facts)}"
        f" UNION {_colleagues('new_rows')} UNION {_colleagues('old_rows')}"
        ") both_sides WHERE lead_id IS NOT NULL",
    )


def activity_deleted() -> pgtrigger.Trigger:
    """Only retention and erasure delete activities. Leads that go in the same breath are not marked."""
    return _trigger(
        "activity_deleted_marks",
        pgtrigger.Delete,
        "SELECT o.lead_id FROM old_rows o JOIN leads_lead l ON l.id = o.lead_id"
        f" UNION {_colleagues('old_rows')}",
    )


def fact_written(table_event: str, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    """For tables of other apps whose rows have a ``lead_id`` and count in scores, such as adjustments.
    ``table_event`` names the trigger, as in ``adjustment_inserted``."""
    rows = "old_rows" if operation == pgtrigger.Delete else "new_rows"
    return _trigger(
        f"{table_event}_marks",
        operation,
        f"SELECT DISTINCT r.lead_id FROM {rows} r JOIN leads_lead l ON l.id = r.lead_id",
    )


def found_by(table_event: str, operation: pgtrigger.Operation, leads: str) -> pgtrigger.Trigger:
    """For tables of other apps whose rows concern leads without naming them: ``leads`` is a query over
    ``new_rows`` or ``old_rows`` that gives each lead's id once, as ``lead_id``."""
    return _trigger(f"{table_event}_marks", operation, leads)


def _trigger(name: str, operation: pgtrigger.Operation, leads: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(  # type: ignore[no-untyped-call]  # pgtrigger types most of itself
            old="old_rows" if operation != pgtrigger.Insert else None,
            new="new_rows" if operation != pgtrigger.Delete else None,
        ),
        func=_MARK.format(leads=leads) + _END,
    )


def _watched(what: str) -> str:
    return f"EXISTS (SELECT 1 FROM leads_watched WHERE what = '{what}')"


def _colleagues(rows: str) -> str:
    """The leads of the companies whose people did what a live rule about colleagues asks for. Nothing is
    read while no rule asks, and each company once: a thousand events from one are no million pairs."""
    return (
        "(WITH firms AS MATERIALIZED (SELECT DISTINCT l.company_id"
        f" FROM {rows} r JOIN leads_lead l ON l.id = r.lead_id"
        f" WHERE {_watched('colleagues')} AND r.type_id = ANY("
        "(SELECT w.types FROM leads_watched w WHERE w.what = 'colleagues')::smallint[]))"
        " SELECT c.id FROM firms f JOIN leads_lead c ON c.company_id = f.company_id)"
    )


def _distinct(facts: Iterable[str]) -> str:
    names = list(facts)
    old, new = (", ".join(f"{side}.{name}" for name in names) for side in "on")
    return f"({old}) IS DISTINCT FROM ({new})"
