"""What a version would say of a lead if more were so: the compiled statement itself, over supposed rows.

Nothing is written. The statement reads tables by their names; here parts of those names stand before it, each
with the lead's real rows once for every supposition, under ids of their own (−1, −2 …), and what is supposed
beside them. So caps, groups, ceilings, limits and blockers are those that would hold in earnest.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as stored
from datetime import datetime
from typing import Any

from leads.models import Lead

from .compiling import Statement
from .conditions import Happened, tests_of
from .fields import ATTRIBUTES
from .statement import Row, run

#: How many activities of each type a quick look reads, the newest; and one before something is proposed. A
#: lead that did something more often than that is a machine, and its page must open all the same.
RECENT, RECENT_IN_EARNEST = 25, 400
#: So many suppositions are asked about at once where rules ask what came before: each row then looks through
#: the rows of all that are asked with it.
AT_ONCE_WITH_EARLIER = 6
#: So many colleagues are looked at, those who were active last.
MOST_COLLEAGUES = 30


@dataclass(frozen=True, slots=True)
class Done:
    """An activity, ``times`` in a row at the moment asked about."""

    type: str
    properties: Mapping[str, Any] = stored(default_factory=dict, hash=False)
    times: int = 1


@dataclass(frozen=True, slots=True)
class Learned:
    """A fact that is unknown so far becomes ``value``: a field as rules name it."""

    field: str
    value: Any = stored(hash=False)


Change = Done | Learned


def scores_if(
    *,
    statement: Statement,
    lead: Lead,
    at: datetime,
    suppositions: Sequence[Sequence[Change]],
    types: Mapping[str, int],
    recent: int = RECENT_IN_EARNEST,
) -> list[Row]:
    """One row for each of ``suppositions``, as ``statement.scores`` gives it: what ``lead`` would score as of
    ``at`` if all of its changes were so. ``statement`` is one for ids. The newest ``recent`` activities of
    each type are read: all there are, but for the very longest pasts. One query, several where rules ask what
    came before; they write nothing."""
    with_earlier = any(
        isinstance(test, Happened) and test.after is not None
        for condition in statement.ruleset.conditions()
        for test in tests_of(condition)
    )
    size = AT_ONCE_WITH_EARLIER if with_earlier else max(len(suppositions), 1)
    rows: list[Row] = []
    for first in range(0, len(suppositions), size):
        rows += _scores_if(statement, lead, at, suppositions[first : first + size], types, recent)
    return rows


def score_together(
    *,
    statement: Statement,
    keep: Lead,
    drop: Lead,
    facts: Mapping[str, Any],
    left_out: Sequence[int],
    at: datetime,
) -> Row:
    """What ``keep`` would score as of ``at`` if ``drop`` were the same lead: with these ``facts``, by column,
    with what both did but for the activities ``left_out``, and with both's adjustments. One query; it writes
    nothing."""
    lead = {name: str(value) if isinstance(value, datetime) else value for name, value in facts.items()}
    asked = {
        "ids": [-1],
        "as_of": at,
        "real_lead": keep.pk,
        "real_leads": [keep.pk, drop.pk],
        "left_out": list(left_out),
        "company": facts["company_id"],
        "supposed": json.dumps([{"lead": lead, "company": {}, "acts": []}]),
        "recent": RECENT_IN_EARNEST,
    }
    return _run(statement, asked)[0]


def _scores_if(
    statement: Statement,
    lead: Lead,
    at: datetime,
    suppositions: Sequence[Sequence[Change]],
    types: Mapping[str, int],
    recent: int,
) -> list[Row]:
    asked = {
        "ids": [-n for n in range(1, len(suppositions) + 1)],
        "as_of": at,
        "real_lead": lead.pk,
        "real_leads": [lead.pk],
        "left_out": [],
        "company": lead.company_id,
        "supposed": _written(suppositions, lead, types),
        "recent": recent,
    }
    return _run(statement, asked)


def _run(statement: Statement, asked: Mapping[str, Any]) -> list[Row]:
    sql = f"WITH {_shadows(statement)},\n{statement.ctes}\nSELECT * FROM scored ORDER BY lead_id DESC"
    return run(sql, statement.binding(**asked))


def _written(suppositions: Sequence[Sequence[Change]], lead: Lead, types: Mapping[str, int]) -> str:
    """As JSON: per supposition the lead's and the company's changed columns, and the activities."""
    return json.dumps([_supposed(changes, lead, types) for changes in suppositions])


def _supposed(changes: Sequence[Change], lead: Lead, types: Mapping[str, int]) -> dict[str, Any]:
    mine: dict[str, Any] = {}
    company: dict[str, Any] = {}
    acts = []
    for change in changes:
        match change:
            case Done(type=key, properties=properties, times=times):
                acts.append({"type": types[key], "properties": dict(properties), "times": times})
            case Learned(field=name, value=value):
                _learn(name, value, lead, mine, company)
    return {"lead": mine, "company": company, "acts": acts}


def _learn(name: str, value: Any, lead: Lead, mine: dict[str, Any], company: dict[str, Any]) -> None:
    for prefix in ATTRIBUTES:
        if name.startswith(prefix):
            whose, of = (company, lead.company) if prefix.startswith("company.") else (mine, lead)
            whose.setdefault("attributes", dict(of.attributes if of is not None else {}))
            whose["attributes"][name.removeprefix(prefix)] = value
            return
    if name.startswith("company."):
        company[name.removeprefix("company.")] = value
    else:
        mine[name] = value


def _shadows(statement: Statement) -> str:
    """Parts by the names of the tables, in an order in which each finds the real ones."""
    with_colleagues = "employed AS" in statement.ctes
    activities = _ACTIVITIES + (_THEIR_ACTIVITIES if with_colleagues else "") + ")"
    parts = [_SUPPOSED, *([_COLLEAGUES] if with_colleagues else []), activities]
    return ",\n".join([*parts, _ADJUSTMENTS, _COMPANIES, _leads(with_colleagues=with_colleagues)])


_SUPPOSED = """supposed AS MATERIALIZED (
  SELECT -one.n AS id, one.it -> 'lead' AS lead, one.it -> 'company' AS company, one.it -> 'acts' AS acts
  FROM jsonb_array_elements(%(supposed)s::jsonb) WITH ORDINALITY AS one (it, n))"""

#: The lead's own activities, then the supposed ones, which are the newest.
_ACTIVITIES = """leads_activity AS (
  SELECT a.id, s.id AS lead_id, a.type_id, a.occurred_at, a.undated, a.voided_at, a.properties
  FROM (
    SELECT *, row_number() OVER (PARTITION BY type_id ORDER BY occurred_at DESC) AS place
    FROM leads_activity WHERE lead_id = ANY(%(real_leads)s::bigint[]) AND voided_at IS NULL
      AND id <> ALL(%(left_out)s::bigint[])
  ) a CROSS JOIN supposed s WHERE a.place <= %(recent)s::bigint
  UNION ALL
  SELECT (2^62)::bigint, s.id, (act ->> 'type')::smallint, %(as_of)s::timestamptz, false, NULL::timestamptz,
    act -> 'properties'
  FROM supposed s CROSS JOIN LATERAL jsonb_array_elements(s.acts) AS act
  CROSS JOIN LATERAL generate_series(1, (act ->> 'times')::int)"""

_COLLEAGUES = f"""colleagues AS MATERIALIZED (
  SELECT o.id FROM leads_lead o
  JOIN LATERAL (
    SELECT max(a.occurred_at) AS last_at FROM leads_activity a
    WHERE a.lead_id = o.id AND a.voided_at IS NULL AND a.occurred_at <= %(as_of)s::timestamptz
  ) a ON a.last_at IS NOT NULL
  WHERE o.company_id = %(company)s::bigint AND o.id <> ALL(%(real_leads)s::bigint[])
  ORDER BY a.last_at DESC LIMIT {MOST_COLLEAGUES})"""

_THEIR_ACTIVITIES = """
  UNION ALL
  SELECT a.id, a.lead_id, a.type_id, a.occurred_at, a.undated, a.voided_at, a.properties
  FROM colleagues o JOIN leads_activity a ON a.lead_id = o.id"""

_ADJUSTMENTS = """scoring_adjustment AS (
  SELECT a.id, s.id AS lead_id, a.kind, a.dimensions, a.points, a.at, a.expires_at, a.voided_at
  FROM scoring_adjustment a CROSS JOIN supposed s WHERE a.lead_id = ANY(%(real_leads)s::bigint[]))"""

_COMPANIES = """leads_company AS (
  SELECT r.* FROM supposed s LEFT JOIN leads_company c ON c.id = %(company)s::bigint
  CROSS JOIN LATERAL jsonb_populate_record(c, s.company || jsonb_build_object('id', s.id)) r
  WHERE c.id IS NOT NULL OR s.company <> '{}')"""


def _leads(*, with_colleagues: bool) -> str:
    """The lead once for each supposition, with what is found in its title; and its colleagues in each of its
    companies, as they are."""
    columns = [column.column for column in Lead._meta.concrete_fields if column.column is not None]
    sql = f"""leads_lead AS (
  SELECT {", ".join(f"r.{column}" for column in columns)} FROM leads_lead l CROSS JOIN supposed s
  CROSS JOIN LATERAL jsonb_populate_record(l, s.lead || jsonb_build_object(
    'id', s.id,
    'company_id', CASE WHEN %(company)s::bigint IS NOT NULL OR s.company <> '{{}}' THEN s.id END,
    'seniority', leads_seniority(coalesce(s.lead ->> 'title', l.title)),
    'department', leads_department(coalesce(s.lead ->> 'title', l.title)))) r
  WHERE l.id = %(real_lead)s::bigint"""
    if with_colleagues:
        theirs = ", ".join("s.id" if column == "company_id" else f"l.{column}" for column in columns)
        sql += f"""
  UNION ALL
  SELECT {theirs} FROM colleagues o JOIN leads_lead l ON l.id = o.id CROSS JOIN supposed s"""
    return f"{sql})"
