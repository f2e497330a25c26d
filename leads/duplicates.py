"""Find leads that look as if they were one person. A person says whether they are (G-12).

What is compared is in an index, so a lead's look-alikes are found in a few steps however many leads there
are; of a group that shares something, each lead is paired with the few that came first, never with all. The
pairs follow the facts: one whose likeness is gone goes, unless somebody dismissed it.
"""

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils import timezone

from .models import Lead, LookAlike, LookAlikeSearch
from .retrying import DEADLOCK, retrying

if TYPE_CHECKING:
    from accounts.models import User

#: Leads looked at by one statement.
CHUNK = 2_000
#: A lead is paired with so many of those that share the same thing: the oldest.
MOST_EACH = 3
#: So many who share a number are looked through for the same name.
MOST_LOOKED_AT = 50
#: Everybody is looked at again after so long: what changed since is found then.
EVERY = timedelta(hours=24)


def search(*, seconds: float, at: datetime | None = None) -> int:
    """Look at the leads that are new, and once a day at everybody, for about ``seconds``; the next call goes
    on. Returns how many leads were looked at. Safe to repeat, to kill and to run twice at once. One
    statement for each 2,000 leads."""
    at = at or timezone.now()
    until = time.monotonic() + seconds
    looked = 0
    while True:
        done = retrying(lambda: _chunk(at), worth=DEADLOCK | {"23503"})
        looked += done
        if not done or time.monotonic() > until:
            return looked


def _chunk(at: datetime) -> int:
    """One step of the search; 0 when nothing is left or another worker is at it."""
    LookAlikeSearch.objects.get_or_create(pk=1)
    how_far = LookAlikeSearch.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if how_far is None:
        return 0
    if new := _following(how_far.newest):
        how_far.newest = new[-1]
        how_far.save(update_fields=["newest"])
        find_among(first=new[0], last=new[-1], at=at)
        return len(new)
    if how_far.pass_began_at is None or (
        how_far.pass_ended_at is not None and at - how_far.pass_began_at >= EVERY
    ):
        how_far.passed, how_far.pass_began_at, how_far.pass_ended_at = 0, at, None
    if how_far.pass_ended_at is not None:
        return 0
    if some := _following(how_far.passed):
        how_far.passed = some[-1]
        find_among(first=some[0], last=some[-1], at=at)
    else:
        how_far.pass_ended_at = at
    how_far.save()
    return len(some)


def _following(key: int) -> list[int]:
    return list(Lead.objects.filter(pk__gt=key).order_by("pk").values_list("pk", flat=True)[:CHUNK])


def find_among(*, first: int, last: int, at: datetime) -> None:
    """Bring the pairs of the leads with keys from ``first`` to ``last`` up to date, each with leads that came
    before it. One statement; safe to repeat."""
    bounds: dict[str, Any] = {
        "first": first,
        "last": last,
        "at": at,
        "each": MOST_EACH,
        "looked": MOST_LOOKED_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIND, bounds)


#: One more than are listed are read, to know whether there were more.
_FIND = """
WITH l AS MATERIALIZED (
  SELECT id, leads_plain_email(email) AS mailbox, leads_folded(name) AS name, company_id,
    CASE WHEN phone <> '' THEN leads_dialled(phone, country) END AS dialled
  FROM leads_lead WHERE id BETWEEN %(first)s AND %(last)s
),
found AS (
  SELECT l.id AS newer, o.id AS older, 'email' AS why, o.place
  FROM l CROSS JOIN LATERAL (
    SELECT o.id, row_number() OVER (ORDER BY o.id) AS place FROM leads_lead o
    WHERE leads_plain_email(o.email) = l.mailbox AND o.email IS NOT NULL AND o.id < l.id
    ORDER BY o.id LIMIT %(each)s + 1
  ) o
  UNION ALL
  SELECT l.id, o.id, 'phone', o.place
  FROM l CROSS JOIN LATERAL (
    SELECT n.id, row_number() OVER (ORDER BY n.id) AS place FROM (
      SELECT o.id, leads_folded(o.name) AS name FROM leads_lead o
      WHERE leads_dialled(o.phone, o.country) = l.dialled AND o.phone <> '' AND o.id < l.id
      ORDER BY o.id LIMIT %(looked)s
    ) n WHERE n.name = l.name OR n.name = '' OR l.name = ''
    ORDER BY n.id LIMIT %(each)s + 1
  ) o
  UNION ALL
  SELECT l.id, o.id, 'name', o.place
  FROM l CROSS JOIN LATERAL (
    SELECT o.id, row_number() OVER (ORDER BY o.id) AS place FROM leads_lead o
    WHERE o.company_id = l.company_id AND o.company_id IS NOT NULL AND o.name <> ''
      AND leads_folded(o.name) = l.name AND o.id < l.id
    ORDER BY o.id LIMIT %(each)s + 1
  ) o
  WHERE l.name LIKE '%% %%'
  UNION ALL
  SELECT l.id, o.id, 'firm', o.place
  FROM l JOIN leads_company c ON c.id = l.company_id AND c.name <> '' CROSS JOIN LATERAL (
    SELECT o.id, row_number() OVER (ORDER BY o.id) AS place
    FROM (
      SELECT d.id FROM leads_company d WHERE lower(d.name) = lower(c.name) AND d.id <> c.id
      ORDER BY d.id LIMIT %(looked)s
    ) d JOIN leads_lead o ON o.company_id = d.id AND o.company_id IS NOT NULL AND o.name <> ''
      AND leads_folded(o.name) = l.name AND o.id < l.id
    ORDER BY o.id LIMIT %(each)s + 1
  ) o
  WHERE l.name LIKE '%% %%'
),
pairs AS MATERIALIZED (
  SELECT newer, older, array_agg(DISTINCT why)::varchar(5)[] AS reasons,
    bool_or(EXISTS (
      SELECT 1 FROM found m WHERE m.newer = found.newer AND m.why = found.why AND m.place > %(each)s
    )) AS crowded
  FROM found WHERE place <= %(each)s GROUP BY newer, older
),
gone AS (
  DELETE FROM leads_lookalike p USING l
  WHERE p.newer_id = l.id AND p.dismissed_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM pairs f WHERE f.newer = p.newer_id AND f.older = p.older_id)
)
INSERT INTO leads_lookalike (public_id, older_id, newer_id, reasons, crowded, found_at)
SELECT gen_random_uuid(), older, newer, reasons, crowded, %(at)s FROM pairs ORDER BY older, newer
ON CONFLICT (older_id, newer_id) DO UPDATE SET reasons = excluded.reasons, crowded = excluded.crowded
WHERE (leads_lookalike.reasons, leads_lookalike.crowded) IS DISTINCT FROM (excluded.reasons, excluded.crowded)
"""


def dismiss(*, pair: LookAlike, by: "User", at: datetime) -> bool:
    """``pair`` is two people; no later search brings it up again. Returns False when somebody had said so
    already. Safe to repeat."""
    return bool(LookAlike.objects.waiting().filter(pk=pair.pk).update(dismissed_at=at, dismissed_by=by))


def bring_back(*, pair: LookAlike) -> bool:
    """Somebody was wrong: ``pair`` waits again. Returns False when it does. Safe to repeat."""
    again = LookAlike.objects.dismissed().filter(pk=pair.pk)
    return bool(again.update(dismissed_at=None, dismissed_by=None))
