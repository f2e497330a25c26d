"""What brought leads, and whom to thank for what became of them (S2-05, S3-10).

A *touch* is a word of a lead's history about what brought it: first its own source and campaign, then each
activity of its own that counts and names a ``channel`` (the tracking script and forms write it), or without
one a ``utm_source``; its campaign is the ``utm_campaign``. Touches in a row of one source and campaign are
one, so the visit that a lead's source was taken from is no second one. Who comes directly says nothing of
what brought them, and an activity without a time of its own has no place in the order: neither is a touch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from leads.milestones import Milestone
from leads.models import Lead
from leads.spelling import SOURCE, folded_sql
from leads.statements import sql_of

from .periods import Period


class Attribution(StrEnum):
    """To which of its touches, up to that moment, a lead's step is put down."""

    FIRST = "first"
    LAST = "last"
    #: Equal parts to each.
    LINEAR = "linear"


class By(StrEnum):
    """What a line of the report stands for."""

    SOURCE = "source"
    CAMPAIGN = "campaign"


class Measure(StrEnum):
    """What is put down to sources. Of a deal, when it was made, and when it was won."""

    LEADS = "leads"
    MQL = "mql"
    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    DEALS = "deals"
    WON = "won"


@dataclass(frozen=True, slots=True)
class Part:
    """``count`` of a measure that a line is thanked for, with the ``amount`` of its deals in the company's
    currency. ``key`` is the source or campaign in lower case, ``name`` as so many ``rows`` spell it."""

    measure: Measure
    key: str
    name: str
    rows: int
    count: Fraction
    amount: Fraction


def parts(*, leads: QuerySet[Lead], period: Period, attribution: Attribution, by: By) -> list[Part]:
    """What happened to ``leads`` in ``period``, put down to sources or campaigns: exactly, so that the parts
    of a lead are one. One query, which for other than the first touch reads the activities of these leads."""
    told, values = _put_down(leads, period, list(Measure), attribution, by)
    with connection.cursor() as cursor:
        cursor.execute(told + _SUMMED.format(key=folded_sql("name", by.value)), values)
        rows = cursor.fetchall()
    return [
        Part(Measure(what), key, name, count, Fraction(count, of), Fraction(amount or Decimal()) / of)
        for what, key, name, of, count, amount in rows
    ]


def thanked(
    *, leads: QuerySet[Lead], period: Period, attribution: Attribution, by: By, measure: Measure, key: str
) -> QuerySet[Lead]:
    """Those of ``leads`` that the line ``key`` is thanked for, with others or alone."""
    told, values = _put_down(leads, period, [measure], attribution, by)
    who = _WHO.format(folded_sql("name", by.value), folded_sql("%s", by.value))
    return leads.filter(pk__in=RawSQL(told + who, [*values, key]))  # noqa: S611 — our text, values bound


MILESTONES = {
    Measure.MQL: Milestone.MQL,
    Measure.HANDED_OVER: Milestone.HANDED_OVER,
    Measure.ACCEPTED: Milestone.ACCEPTED,
}
_AMOUNT = "CASE WHEN currency = %s THEN amount END"


def _put_down(
    leads: QuerySet[Lead],
    period: Period,
    measures: Iterable[Measure],
    attribution: Attribution,
    by: By,
) -> tuple[str, list[Any]]:
    """The statement that begins with the table ``put_down``, and the values it binds."""
    chosen, values, whose = "", list[Any](), ""
    if leads.query.where:
        statement, bound = sql_of(leads.order_by().values("pk"))
        chosen, whose = f"chosen (id) AS MATERIALIZED ({statement}),", " AND {} IN (SELECT id FROM chosen)"
        values += bound
    arms = []
    for measure in measures:
        at, table, where, amount = "at", "leads_passedmilestone", "true", "NULL::numeric"
        if measure == Measure.LEADS:
            at, table = "created_at", "leads_lead"
        elif measure in MILESTONES:
            where = f"milestone = {MILESTONES[measure].value}"
        else:
            at, table, amount = "created_at", "leads_opportunity", _AMOUNT
            if measure == Measure.WON:
                at, where = "closed_at", "outcome = 'won'"
            values.append(settings.CURRENCY)
        lead = "id" if measure == Measure.LEADS else "lead_id"
        arms.append(
            f"SELECT '{measure}' AS what, {lead} AS lead_id, {at} AS at, {amount} AS amount FROM {table}"  # noqa: S608 — our own text
            f" WHERE {where} AND {at} >= %s AND {at} < %s{whose.format(lead)}"
        )
        values += [period.start, period.end]
    if attribution != Attribution.FIRST:
        values.append(period.end)
    told = f"WITH {chosen} told AS ({' UNION ALL '.join(arms)})"
    put_down = _PUT_DOWN[attribution].replace("{by}", by.value)
    return told + put_down.replace("{source}", folded_sql("source", SOURCE)), values


#: Activities that a lead did itself: mails, calls and our own notes bring nobody.
_TOUCHES = """, whom AS MATERIALIZED (SELECT DISTINCT lead_id FROM told),
said AS (
  SELECT l.id AS lead_id, '-infinity'::timestamptz AS at, 0::bigint AS id, l.source, l.campaign
  FROM leads_lead l JOIN whom ON whom.lead_id = l.id WHERE l.source <> '' OR l.campaign <> ''
  UNION ALL
  SELECT a.lead_id, a.occurred_at, a.id, left(brought.source, 64), left(brought.campaign, 120)
  FROM leads_activity a JOIN whom ON whom.lead_id = a.lead_id
  CROSS JOIN LATERAL (SELECT
    btrim(coalesce(nullif(a.properties ->> 'channel', ''), a.properties ->> 'utm_source')) AS source,
    btrim(regexp_replace(coalesce(a.properties ->> 'utm_campaign', ''), '\\s+', ' ', 'g')) AS campaign
  ) brought
  WHERE a.voided_at IS NULL AND NOT a.undated AND a.occurred_at < %s
    -- As the index has it that knows the touches of a lead.
    AND (a.properties ? 'channel' OR a.properties ? 'utm_source')
    AND brought.source <> '' AND lower(brought.source) <> 'direct'
    AND a.type_id IN (SELECT id FROM leads_activitytype WHERE category NOT IN ('email', 'sales', 'system'))
),
touch AS MATERIALIZED (
  SELECT lead_id, at, id, source, campaign FROM (
    SELECT said.*, lag({source}) OVER way AS source_before,
      lag(lower(campaign)) OVER way AS campaign_before
    FROM said WINDOW way AS (PARTITION BY lead_id ORDER BY at, id)
  ) each
  WHERE ({source}, lower(campaign)) IS DISTINCT FROM (source_before, campaign_before)
)"""
_STEP_AND_TOUCH = """FROM (SELECT *, row_number() OVER () AS number FROM told) step
  LEFT JOIN touch ON touch.lead_id = step.lead_id AND touch.at <= step.at"""
#: The table ``put_down (what, lead_id, amount, name, shares)``: a row for each line that a step is put down
#: to, and how many lines share it.
_PUT_DOWN = {
    Attribution.FIRST: """, put_down AS (
  SELECT told.what, told.lead_id, told.amount, l.{by} AS name, 1 AS shares
  FROM told JOIN leads_lead l ON l.id = told.lead_id
)""",
    Attribution.LAST: f"""{_TOUCHES}, put_down AS (
  SELECT DISTINCT ON (step.number)
    step.what, step.lead_id, step.amount, coalesce(touch.{{by}}, '') AS name, 1 AS shares
  {_STEP_AND_TOUCH}
  ORDER BY step.number, touch.at DESC, touch.id DESC
)""",
    Attribution.LINEAR: f"""{_TOUCHES}, put_down AS (
  SELECT step.what, step.lead_id, step.amount, coalesce(touch.{{by}}, '') AS name,
    greatest(count(touch.lead_id) OVER (PARTITION BY step.number), 1) AS shares
  {_STEP_AND_TOUCH}
)""",
}
_SUMMED = """
SELECT what, {key}, name, shares, count(*), sum(amount) FROM put_down GROUP BY what, name, shares"""
_WHO = """
SELECT lead_id FROM put_down WHERE {} = {}"""
