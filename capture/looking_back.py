"""Find what only shows once more has come: bursts, many links of one mail at once, clicks of a mail whose
delivery was told later, and what else the visitor of a hidden link did."""

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import Max

from accounts.clock import database_now
from leads.models import Activity, Suspicion
from leads.retrying import begins_again
from leads.voiding import Suspected, suspect

from .bots import DELIVERED, LONGEST_LOOK, MAIL, SOONEST, after_delivery
from .models import EvidenceRules, LookingBack, Source, Treatment

Signal = Suspicion.Signal
#: So many activities are looked at in one step.
STEP = 20_000
#: What got its number before another and was committed after it is there so much later.
SETTLES = timedelta(minutes=2)
#: More than so many in so long are no person: twenty pages in ten seconds, or one a second for a minute.
BURSTS = ((20, timedelta(seconds=10)), (60, timedelta(seconds=60)))
#: So many different links of one mail in so long were all followed by a machine.
LINKS, LINKS_WITHIN = 3, timedelta(seconds=3)
#: So long before and after it met a hidden link, a visitor was the same machine.
AROUND_HIDDEN = timedelta(minutes=1)
#: Kinds of activities that a person does one by one. How long somebody stayed is told along with the page.
CLICKED = ("visit", "content", "form")
NOT_CLICKED = ("time_on_page",)


def look_back(*, at: datetime | None = None, seconds: float = 20) -> int:
    """Look at what arrived since the last time, for about ``seconds``; returns how many signals were new.
    Safe to repeat, to kill and to run twice: a step commits with how far it came."""
    until = time.monotonic() + seconds
    new = 0
    while True:
        found, more = _step(at)
        new += found
        if not more or time.monotonic() > until:
            return new


@begins_again
def _step(at: datetime | None) -> tuple[int, bool]:
    """(signals found, whether more waits)."""
    LookingBack.objects.get_or_create(pk=1)
    how_far = LookingBack.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if how_far is None:
        return 0, False
    now = at or database_now()
    last = Activity.objects.aggregate(last=Max("id"))["last"] or 0
    upto = min(last, how_far.reached + STEP)
    rules = EvidenceRules.objects.filter(pk=1).first() or EvidenceRules()
    found = _Search(rules, first=how_far.reached, last=upto).found() if upto > how_far.reached else []
    new = suspect(found=found, at=now)
    if upto < last:
        how_far.reached = upto
    elif how_far.ahead_at is None or now - how_far.ahead_at >= SETTLES:
        # What was last then has settled; what came since is looked at again.
        how_far.reached, how_far.ahead, how_far.ahead_at = max(how_far.ahead, how_far.reached), last, now
    how_far.save(update_fields=["reached", "ahead", "ahead_at"])
    return new, upto < last


@dataclass(slots=True)
class _Search:
    """Among those whom the activities numbered ``first`` (not included) to ``last`` are about. What files
    brought is left alone: of a past that somebody writes down, times are often rough."""

    rules: EvidenceRules
    first: int
    last: int

    def found(self) -> list[Suspected]:
        asked: dict[str, Any] = {
            "first": self.first,
            "last": self.last,
            "file": Source.Kind.IMPORT,
            "mail": list(MAIL),
            "clicked": list(CLICKED),
            "not_clicked": list(NOT_CLICKED),
        }
        found: list[Suspected] = []
        if void := self._treated(Signal.OWN_ADDRESS):
            rows = _ask(_OWN_PAST, asked)
            found += [
                Suspected(pk, Signal.OWN_ADDRESS, detail, void == Treatment.VOID) for pk, detail in rows
            ]
        if void := self._treated(Signal.BURST):
            for most, span in BURSTS:
                detail = f"more than {most} in {span.total_seconds():.0f} s"
                rows = _ask(_BURST, {**asked, "most": most, "span": span})
                found += [Suspected(row[0], Signal.BURST, detail, void == Treatment.VOID) for row in rows]
        if void := self._treated(Signal.EVERY_LINK):
            rows = _ask(_CLICKS, {**asked, "span": LINKS_WITHIN})
            found += [
                Suspected(pk, Signal.EVERY_LINK, f"{links} links at once", void == Treatment.VOID)
                for _, clicks in groupby(rows, key=itemgetter(0, 1))
                for pk, links in links_at_once([(at, pk, url) for _, _, at, pk, url in clicks])
            ]
        if void := self._treated(Signal.TOO_SOON):
            said = {**asked, "delivered": list(DELIVERED), "soonest": SOONEST, "look": LONGEST_LOOK}
            found += [
                Suspected(pk, Signal.TOO_SOON, after_delivery(gap), void == Treatment.VOID)
                for pk, gap in _ask(_TOO_SOON, said)
            ]
        if void := self._treated(Signal.HIDDEN_LINK):
            rows = _ask(_AROUND_HIDDEN, {**asked, "span": AROUND_HIDDEN})
            detail = "with a hidden link"
            found += [Suspected(row[0], Signal.HIDDEN_LINK, detail, void == Treatment.VOID) for row in rows]
        return found

    def _treated(self, signal: Suspicion.Signal) -> Treatment | None:
        treatment = self.rules.treatment(signal)
        return None if treatment == Treatment.IGNORE else treatment


def links_at_once(clicks: Sequence[tuple[datetime, int, str]]) -> Iterator[tuple[int, int]]:
    """Those of the clicks of one mail, each (moment, activity, address) and in their order, that fall into
    some ``LINKS_WITHIN`` in which ``LINKS`` or more different addresses were followed; with how many at most.
    Pure. Goes over the clicks once forth and once back, however close they are."""
    moments = [(at, list(group)) for at, group in groupby(clicks, key=itemgetter(0))]
    followed: Counter[str] = Counter()
    counts: list[int] = []
    first = 0
    for at, group in moments:
        followed.update(url for _, _, url in group)
        while clicks[first][0] < at - LINKS_WITHIN:
            url = clicks[first][2]
            followed[url] -= 1
            if not followed[url]:
                del followed[url]
            first += 1
        counts.append(len(followed))
    # The highest count at a moment or so long after it, whose own time reaches back to that moment. On the
    # right is the highest; what is left of it is sooner and lower.
    ahead: deque[tuple[datetime, int]] = deque()
    for (at, group), count in zip(reversed(moments), reversed(counts), strict=True):
        while ahead and ahead[0][1] <= count:
            ahead.popleft()
        ahead.appendleft((at, count))
        while ahead[-1][0] > at + LINKS_WITHIN:
            ahead.pop()
        if (most := ahead[-1][1]) >= LINKS:
            yield from ((pk, most) for _, pk, _ in group)


def _ask(search: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What ``search`` finds; it goes on after ``_NEW``, as SQL."""
    with connection.cursor() as cursor:
        cursor.execute(_NEW + search, parameters)
        return list(cursor.fetchall())


_NEW = """
WITH new AS MATERIALIZED (
  SELECT a.id, a.lead_id, a.visitor_id, a.type_id, a.occurred_at, a.properties
  FROM leads_activity a
  WHERE a.id > %(first)s AND a.id <= %(last)s AND NOT a.undated
    AND NOT EXISTS (SELECT 1 FROM capture_source s WHERE s.key = a.source AND s.kind = %(file)s)
)"""
#: Who turned out to be one of ours was it before: what they did before they said who they are.
_OWN_PAST = """,
ours AS MATERIALIZED (
  SELECT n.lead_id, max(s.detail) AS detail
  FROM new n JOIN leads_suspicion s ON s.activity_id = n.id AND s.signal = 'own_address'
  WHERE n.lead_id IS NOT NULL GROUP BY n.lead_id
)
SELECT a.id, o.detail FROM ours o
JOIN leads_activity a ON a.lead_id = o.lead_id
JOIN leads_activitytype t ON t.id = a.type_id AND t.category NOT IN ('sales', 'system')
WHERE a.voided_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM leads_suspicion s WHERE s.activity_id = a.id AND s.signal = 'own_address')
LIMIT 20000
"""
#: Of each lead, or of each visitor nobody knows, the time in which anything new happened and a bit more. An
#: exact midnight is a day without a time. Counts throughout: those a moving window takes back, while for a
#: highest it would be looked through again at each row.
_BURST = """,
types AS (
  SELECT id FROM leads_activitytype
  WHERE (category = ANY(%(clicked)s) AND key <> ALL(%(not_clicked)s)) OR key = ANY(%(mail)s)
), who AS MATERIALIZED (
  SELECT lead_id, CASE WHEN lead_id IS NULL THEN visitor_id END AS visitor_id,
    min(occurred_at) - %(span)s::interval AS since, max(occurred_at) + %(span)s::interval AS till
  FROM new WHERE type_id IN (SELECT id FROM types)
  GROUP BY 1, 2
), did AS (
  SELECT a.id, a.lead_id, a.visitor_id, a.occurred_at FROM who w
  JOIN leads_activity a ON a.lead_id = w.lead_id AND a.occurred_at BETWEEN w.since AND w.till
  WHERE a.type_id IN (SELECT id FROM types) AND NOT a.undated
    AND a.occurred_at <> date_trunc('day', a.occurred_at, 'UTC')
    AND NOT EXISTS (SELECT 1 FROM capture_source s WHERE s.key = a.source AND s.kind = %(file)s)
  UNION ALL
  SELECT a.id, a.lead_id, a.visitor_id, a.occurred_at FROM who w
  JOIN leads_activity a ON w.lead_id IS NULL AND a.lead_id IS NULL AND a.visitor_id = w.visitor_id
    AND a.occurred_at BETWEEN w.since AND w.till
  WHERE a.type_id IN (SELECT id FROM types) AND NOT a.undated
), counted AS (
  SELECT *, count(*) OVER (
    PARTITION BY lead_id, visitor_id ORDER BY occurred_at
    RANGE BETWEEN %(span)s::interval PRECEDING AND CURRENT ROW
  ) AS n FROM did
), in_burst AS (
  SELECT id, count(*) FILTER (WHERE n > %(most)s) OVER (
    PARTITION BY lead_id, visitor_id ORDER BY occurred_at
    RANGE BETWEEN CURRENT ROW AND %(span)s::interval FOLLOWING
  ) AS full_moments FROM counted
)
SELECT id FROM in_burst WHERE full_moments > 0
"""
#: The clicks of the mails in which one is new, mail by mail: (lead, message, moment, activity, address).
_CLICKS = """,
mails AS MATERIALIZED (
  SELECT n.lead_id, n.type_id, n.properties ->> 'message_id' AS message,
    min(n.occurred_at) - %(span)s::interval AS since, max(n.occurred_at) + %(span)s::interval AS till
  FROM new n JOIN leads_activitytype t ON t.id = n.type_id AND t.key = 'email_clicked'
  WHERE n.lead_id IS NOT NULL AND n.properties ->> 'message_id' <> ''
  GROUP BY 1, 2, 3
), who AS MATERIALIZED (
  SELECT lead_id, type_id, min(since) AS since, max(till) AS till FROM mails GROUP BY 1, 2
)
SELECT a.lead_id, m.message, a.occurred_at, a.id, a.properties ->> 'url'
FROM who w
JOIN leads_activity a ON a.lead_id = w.lead_id AND a.type_id = w.type_id
  AND a.occurred_at BETWEEN w.since AND w.till
JOIN mails m ON m.lead_id = a.lead_id AND m.message = a.properties ->> 'message_id'
  AND a.occurred_at BETWEEN m.since AND m.till
WHERE a.properties ->> 'url' <> ''
ORDER BY 1, 2, 3, 4
"""
_TOO_SOON = """,
about AS MATERIALIZED (
  SELECT DISTINCT n.lead_id, n.properties ->> 'message_id' AS message, n.occurred_at AS at
  FROM new n JOIN leads_activitytype t ON t.id = n.type_id
    AND (t.key = ANY(%(mail)s) OR t.key = ANY(%(delivered)s))
  WHERE n.lead_id IS NOT NULL AND n.properties ->> 'message_id' <> ''
), mails AS MATERIALIZED (
  SELECT m.lead_id, m.message, max(a.occurred_at) AS at
  FROM about m
  JOIN leads_activitytype t ON t.key = ANY(%(delivered)s)
  JOIN leads_activity a ON a.lead_id = m.lead_id AND a.type_id = t.id
    AND a.occurred_at BETWEEN m.at - %(look)s::interval AND m.at + %(look)s::interval
  WHERE a.properties ->> 'message_id' = m.message
    AND (t.key = 'email_delivered' OR a.properties ->> 'status' IN ('queued', 'sent'))
  GROUP BY 1, 2
)
SELECT a.id, a.occurred_at - m.at FROM mails m
JOIN leads_activitytype t ON t.key = ANY(%(mail)s)
JOIN leads_activity a ON a.lead_id = m.lead_id AND a.type_id = t.id
  AND a.occurred_at BETWEEN m.at - %(look)s::interval AND m.at + %(soonest)s::interval
WHERE a.properties ->> 'message_id' = m.message AND a.occurred_at < m.at + %(soonest)s::interval
"""
_AROUND_HIDDEN = """,
met AS MATERIALIZED (
  SELECT a.id, a.lead_id, a.visitor_id, a.occurred_at, coalesce(a.properties ->> 'message_id', '') AS message
  FROM new n JOIN leads_suspicion s ON s.activity_id = n.id AND s.signal = 'hidden_link'
    AND s.detail <> 'with a hidden link'
  JOIN leads_activity a ON a.id = n.id
)
SELECT a.id FROM met m JOIN leads_activity a ON a.lead_id = m.lead_id
  AND a.occurred_at BETWEEN m.occurred_at - %(span)s::interval AND m.occurred_at + %(span)s::interval
WHERE (m.message <> '' AND a.properties ->> 'message_id' = m.message
    AND a.type_id IN (SELECT id FROM leads_activitytype WHERE key = ANY(%(mail)s)))
  OR a.visitor_id = m.visitor_id
UNION
SELECT a.id FROM met m JOIN leads_activity a ON m.lead_id IS NULL AND a.lead_id IS NULL
  AND a.visitor_id = m.visitor_id
  AND a.occurred_at BETWEEN m.occurred_at - %(span)s::interval AND m.occurred_at + %(span)s::interval
"""
