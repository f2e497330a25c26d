"""What campaigns cost, day by day, so that a lead, an MQL, an SQL has a price (S2-05, S0-06).

A cost stands at a source as leads have it, at one of its campaigns or at none. Whatever is recorded twice is
there once: the later word about a day replaces the earlier one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count
from django.db.models.functions import Lower

from accounts.models import User

from .models import CampaignCost, Lead

CENT = Decimal("0.01")
#: One amount, and how many days one can be spread over.
MOST_AMOUNT, MOST_DAYS = Decimal("1e10"), 1_100
#: Nobody advertised before, and nobody pays so long ahead.
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
#: So many sources and campaigns are offered to choose from.
MOST_OFFERED = 200
_CURRENCY = re.compile("[A-Z]{3}")


class NoCost(ValueError):
    """It cannot be recorded: ``field`` says what is wrong, the message why, as a sentence."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Cost:
    """What is to be recorded of one day. Raises NoCost for what no campaign costs."""

    day: date
    source: str
    campaign: str
    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        for field, text, most in (("source", self.source, 64), ("campaign", self.campaign, 120)):
            if len(text) > most:
                raise NoCost(field, f"Has more than {most} characters.")
        if not self.source:
            raise NoCost("source", "Say which source it is for.")
        if not EARLIEST <= self.day <= LATEST:
            raise NoCost("day", f"Lies before {EARLIEST.year} or after {LATEST.year}.")
        if not (self.amount.is_finite() and 0 <= self.amount < MOST_AMOUNT):
            raise NoCost("amount", "Is no amount that a campaign costs.")
        if self.amount != self.amount.quantize(CENT):
            raise NoCost("amount", "Has parts of a cent.")
        if not _CURRENCY.fullmatch(self.currency):
            raise NoCost("currency", "Is not three letters, such as EUR.")


@dataclass(frozen=True, slots=True)
class Recorded:
    """Days that were new, that had another amount before, and that said the same already."""

    created: int
    changed: int
    same: int

    def __str__(self) -> str:
        parts = [f"{self.created:,} new", f"{self.changed:,} changed", f"{self.same:,} as before"]
        return ", ".join(part for part in parts if not part.startswith("0 ")) or "nothing"


def a_day(
    *, source: str, campaign: str = "", first: date, last: date, amount: Decimal, currency: str = ""
) -> list[Cost]:
    """``amount`` on each day from ``first`` to ``last``: "20 a day". Raises NoCost."""
    currency = currency or str(settings.CURRENCY)
    return [Cost(day, source, campaign, amount, currency) for day in _days(first, last)]


def in_total(
    *, source: str, campaign: str = "", first: date, last: date, amount: Decimal, currency: str = ""
) -> list[Cost]:
    """``amount`` over all days from ``first`` to ``last``, evenly: "600 in total". The days add up to it
    exactly; the earliest ones carry the cents that are left. Raises NoCost."""
    days = _days(first, last)
    whole = Cost(first, source, campaign, amount, currency or str(settings.CURRENCY))
    each = (amount / len(days)).quantize(CENT, ROUND_DOWN)
    left = int((amount - each * len(days)) / CENT)
    return [
        Cost(day, source, campaign, each + (CENT if place < left else 0), whole.currency)
        for place, day in enumerate(days)
    ]


def _days(first: date, last: date) -> list[date]:
    if last < first:
        raise NoCost("last", "The last day lies before the first.")
    count = (last - first).days + 1
    if count > MOST_DAYS:
        raise NoCost("last", f"These are {count:,} days; at most {MOST_DAYS:,} at a time.")
    return [first + timedelta(days=number) for number in range(count)]


@transaction.atomic
def record(*, costs: Sequence[Cost], by: User | None, at: datetime) -> Recorded:
    """Write down ``costs``, each source and campaign as leads spell it. What is there of a day is replaced;
    of one said twice the last word holds. Safe to repeat: the same again changes nothing. Three queries."""
    if not costs:
        return Recorded(0, 0, 0)
    said = _spelt(costs)
    columns = [
        [getattr(cost, name) for cost in said] for name in ("day", "source", "campaign", "amount", "currency")
    ]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [*columns, at, by.pk if by else None])
        created, changed, days = cursor.fetchone()
    return Recorded(created=created, changed=changed, same=days - created - changed)


#: In an order, so that two who write the same days wait for each other instead of deadlocking.
_RECORD = """
WITH said AS (
  SELECT DISTINCT ON (day, lower(source), lower(campaign), currency) day, source, campaign, amount, currency
  FROM unnest(%s::date[], %s::text[], %s::text[], %s::numeric[], %s::text[])
    WITH ORDINALITY AS each (day, source, campaign, amount, currency, place)
  ORDER BY day, lower(source), lower(campaign), currency, place DESC
), written AS (
  INSERT INTO leads_campaigncost AS c
    (public_id, recorded_at, recorded_by_id, day, source, campaign, amount, currency)
  SELECT gen_random_uuid(), %s::timestamptz, %s::bigint, said.* FROM said
  ON CONFLICT (day, lower(source), lower(campaign), currency) DO UPDATE
  SET amount = excluded.amount, recorded_at = excluded.recorded_at, recorded_by_id = excluded.recorded_by_id
  WHERE c.amount <> excluded.amount
  RETURNING c.xmax = 0 AS is_new
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new), (SELECT count(*) FROM said)
FROM written
"""


def remove(*, costs: Iterable[CampaignCost]) -> int:
    """Take back what was recorded; how many days of it were still there. Safe to repeat."""
    return CampaignCost.objects.filter(pk__in=[cost.pk for cost in costs]).delete()[0]


def _spelt(costs: Sequence[Cost]) -> list[Cost]:
    sources = spellings("source", {cost.source for cost in costs})
    campaigns = spellings("campaign", {cost.campaign for cost in costs} - {""})
    return [
        Cost(
            cost.day,
            sources.get(cost.source.lower(), cost.source),
            campaigns.get(cost.campaign.lower(), cost.campaign),
            cost.amount,
            cost.currency,
        )
        for cost in costs
    ]


def spellings(field: str, names: Iterable[str]) -> dict[str, str]:
    """How leads spell these names of a ``field`` (source, campaign), whatever their case: lower-case → as
    most have it. Names that no lead has are left out. One query, over all leads."""
    folded = sorted({name.lower() for name in names})
    if not folded:
        return {}
    rows = Lead.objects.alias(folded=Lower(field)).filter(folded__in=folded).order_by()
    counted = rows.values_list(field).annotate(count=Count("pk"))
    return {name.lower(): name for name, _ in sorted(counted, key=lambda row: (row[1], row[0]))}


def offered(field: str) -> list[str]:
    """The sources or campaigns that most leads have: what a form offers. One query, over all leads."""
    rows = Lead.objects.exclude(**{field: ""}).order_by().values_list(field).annotate(count=Count("pk"))
    return [name for name, _ in rows.order_by("-count", field)[:MOST_OFFERED]]
