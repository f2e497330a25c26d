"""Which deals were won and lost: against the deals themselves."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from leads.models import Lead, LossReason, Opportunity, Supplier
from reports.deals import By, Report, behind, report
from reports.periods import Period
from tests import factories as make

pytestmark = pytest.mark.django_db
MAY = Period(date(2026, 5, 1), date(2026, 5, 31))


def on(day: int, month: int = 5) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def ended(
    outcome: str, at: datetime, amount: str | None = "100", source: str = "ads", **of: Any
) -> Opportunity:
    lead = of.pop("lead", None) or make.lead(source=source, campaign=of.pop("campaign", ""), at=on(1, 4))
    made = of.pop("made", at - timedelta(days=10))
    values = {"outcome": outcome, "closed_at": at, "created_at": made, **of}
    return Opportunity.objects.create(lead=lead, amount=amount and Decimal(amount), **values)


def of(by: By = By.SOURCE, period: Period = MAY, **more: Any) -> Report:
    return report(leads=Lead.objects.all(), period=period, by=by, **more)


def told(found: Report) -> dict[str, tuple[int, int]]:
    return {line.name or str(line.key): (line.closed.won, line.closed.lost) for line in found.lines}


def test_S3_09_deals_closed_in_the_days_are_counted_with_amounts_age_and_the_days_before() -> None:
    ended("won", on(2), "300", made=on(1))
    ended("won", on(31), "500", made=on(28))
    ended("lost", on(3), "50", made=on(1))
    ended("won", on(20, 4), "80")
    ended("won", on(1, 6))
    Opportunity.objects.create(lead=make.lead(at=on(1)), amount=9, created_at=on(2))
    found = of()

    total = found.total
    assert (total.won, total.won_amount, total.lost, total.lost_amount) == (2, 800, 1, 50)
    assert (total.age, total.average, total.share) == (timedelta(days=2), 400, None), "of 3 no rate"
    assert (found.before.won, found.before.won_amount) == (1, 80)


def test_S3_05_of_enough_deals_the_share_has_its_interval() -> None:
    for number in range(20):
        ended("won" if number < 5 else "lost", on(3))
    share = of().total.share
    assert share is not None
    assert (share.percent, share.between) == (25, "11–47%")


def test_S3_05_lines_are_sources_campaigns_teams_months_reasons_and_who_took_it() -> None:
    dach, nordics = make.team(), make.team("Nordics")
    sol, nils = make.rep(), make.rep("Nils Seller", nordics)
    both: User = make.manager("Max Manager", dach, nordics)
    router = Supplier.objects.create(name="RouteMaster")
    ended("won", on(2), source="Ads", campaign="spring", owner=sol)
    ended("lost", on(3), source="ads", owner=nils, lost_reason="competitor", lost_to=router)
    ended("lost", on(4), source="fair", owner=both, lost_reason="Too dear, they wrote")
    ended("lost", on(5), source="")
    label = LossReason.objects.get(code="competitor").label

    assert {line.key: line.closed.count for line in of().lines} == {"ads": 2, "fair": 1, "": 1}
    assert {line.key: line.closed.count for line in of(By.CAMPAIGN).lines} == {"spring": 1, "": 3}
    assert told(of(By.TEAM)) == {"DACH": (1, 1), "Nordics": (0, 2), "": (0, 1)}
    assert told(of(By.REASON)) == {label: (0, 1), "Too dear, they wrote": (0, 1), "": (0, 1)}
    assert told(of(By.SUPPLIER)) == {"RouteMaster": (0, 1), "": (0, 2)}
    spring = Period(date(2026, 4, 1), date(2026, 5, 31))
    ended("won", on(30, 4))
    assert told(of(By.MONTH, spring)) == {"2026-04": (1, 0), "2026-05": (1, 3)}


def test_unlike_currencies_are_counted_and_said_and_never_added() -> None:
    ended("won", on(2), "100")
    ended("won", on(3), "900", currency="USD")
    ended("lost", on(3), None, currency="USD")
    found = of()
    assert (found.total.won, found.total.won_amount, found.total.average) == (2, 100, 100)
    assert [(left.currency, left.count, left.amount) for left in found.left_out] == [("USD", 1, 900)]


def test_of_many_lines_the_rest_is_one() -> None:
    for number in range(4):
        ended("won" if number else "lost", on(2), source=f"s{number}")
    found = of(most=1)
    assert [(line.key, line.closed.count) for line in found.lines] == [("s1", 1), (None, 3)]
    assert found.lines[1].closed.lost == 1


RAW = """
SELECT count(*) FILTER (WHERE outcome = 'won'), count(*) FILTER (WHERE outcome = 'lost'),
  coalesce(sum(amount) FILTER (WHERE outcome = 'won' AND currency = 'EUR'), 0),
  avg(amount) FILTER (WHERE outcome = 'won' AND currency = 'EUR')
FROM leads_opportunity o JOIN leads_lead l ON l.id = o.lead_id
WHERE closed_at >= '2026-05-01' AND closed_at < '2026-06-01' AND lower(l.source) = %s
"""
STORY = st.tuples(
    st.sampled_from(["ads", "Ads", "fair", ""]),
    st.sampled_from(["won", "lost"]),
    st.integers(0, 61),
    st.sampled_from([None, "10", "25.50"]),
    st.booleans(),
    st.sampled_from(["EUR", "EUR", "USD"]),
)


@given(stories=st.lists(STORY, max_size=12))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_figure_equals_a_short_query_over_the_deals_and_the_leads_behind_it(
    stories: list[Any], db: None
) -> None:
    Lead.objects.all().delete()
    before: Lead | None = None
    for source, outcome, days, amount, again, currency in stories:
        lead = before if again and before is not None and before.source == source else None
        at = on(15, 4) + timedelta(days=days)
        deal = ended(outcome, at, amount, source, lead=lead, currency=currency)
        before = deal.lead
    found = of()
    for line in found.lines:
        with connection.cursor() as cursor:
            cursor.execute(RAW, [line.key])
            *raw, average = cursor.fetchone()
        assert raw == [line.closed.won, line.closed.lost, line.closed.won_amount]
        assert line.closed.average == (
            None if average is None else pytest.approx(average, abs=Decimal("0.005"))
        )
        for outcome, count in (("won", line.closed.won), ("lost", line.closed.lost), ("", line.closed.count)):
            rows = behind(leads=Lead.objects.all(), period=MAY, outcome=outcome, line=line.key)
            assert rows.count() == rows.distinct().count() == count
    assert found.total.won == sum(line.closed.won for line in found.lines)
    assert found.total.won_amount == sum((line.closed.won_amount for line in found.lines), Decimal())
