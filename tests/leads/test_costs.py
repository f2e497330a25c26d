"""What campaigns cost: recorded once for each day, however often it is said."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from leads import costs
from leads.costs import Cost, NoCost, Recorded
from leads.models import CampaignCost
from tests import factories as make

AT = datetime(2026, 5, 20, 12, tzinfo=UTC)
MAY = date(2026, 5, 1)


def cost(day: int = 1, source: str = "linkedin", campaign: str = "", amount: str = "20", **of: Any) -> Cost:
    return Cost(MAY.replace(day=day), source, campaign, Decimal(amount), of.get("currency", "EUR"))


def kept() -> list[tuple[int, str, str, Decimal]]:
    rows = CampaignCost.objects.order_by("day", "source", "campaign", "currency")
    return [(row.day.day, row.source, row.campaign, row.amount) for row in rows]


@pytest.mark.django_db
def test_S2_05_the_same_day_recorded_twice_is_there_once_and_the_later_amount_holds() -> None:
    twenty_a_day = costs.a_day(source="linkedin", first=MAY, last=date(2026, 5, 3), amount=Decimal(20))
    assert costs.record(costs=twenty_a_day, by=None, at=AT) == Recorded(created=3, changed=0, same=0)
    assert costs.record(costs=twenty_a_day, by=None, at=AT) == Recorded(created=0, changed=0, same=3)
    assert costs.record(costs=[cost(2, amount="25")], by=None, at=AT) == Recorded(0, 1, 0)
    assert [(day, amount) for day, _, _, amount in kept()] == [(1, 20), (2, 25), (3, 20)]


@pytest.mark.django_db
def test_S2_05_campaigns_and_currencies_of_a_day_stand_apart_and_of_one_said_twice_the_last_holds() -> None:
    mara = make.marketer()
    said = [cost(), cost(campaign="spring"), cost(currency="USD"), cost(amount="7")]
    assert costs.record(costs=said, by=mara, at=AT).created == 3
    assert [amount for *_, amount in kept()] == [7, 20, 20]
    assert set(CampaignCost.objects.values_list("recorded_by", flat=True)) == {mara.pk}


@pytest.mark.django_db
def test_S2_05_a_source_is_found_whatever_its_case_and_spelt_as_most_leads_have_it() -> None:
    for spelt in ("LinkedIn", "LinkedIn", "linkedin"):
        make.lead(source=spelt, campaign="Heads of Service")
    costs.record(costs=[cost(source="LINKEDIN", campaign="heads of service")], by=None, at=AT)
    costs.record(costs=[cost(source="linkedIN", campaign="HEADS OF SERVICE")], by=None, at=AT)
    costs.record(costs=[cost(source="Fair 2026")], by=None, at=AT)

    assert kept() == [(1, "Fair 2026", "", 20), (1, "LinkedIn", "Heads of Service", 20)]
    assert costs.offered("source") == ["LinkedIn", "linkedin"]


@pytest.mark.django_db
def test_the_database_itself_keeps_a_day_once_whatever_the_case() -> None:
    CampaignCost.objects.create(day=MAY, source="ads", amount=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        CampaignCost.objects.create(day=MAY, source="ADS", amount=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        CampaignCost.objects.create(day=MAY, source="other", amount=-1)


@pytest.mark.django_db
def test_letters_that_two_programs_lower_differently_stop_nothing() -> None:
    assert costs.record(costs=[cost(source="İ"), cost(source="i"), cost(source="ẞ")], by=None, at=AT).created


@given(cents=st.integers(0, 10**9), days=st.integers(1, 400))
def test_S2_05_an_amount_spread_over_days_adds_up_to_it_to_the_cent(cents: int, days: int) -> None:
    amount = Decimal(cents) / 100
    spread = costs.in_total(source="ads", first=MAY, last=MAY + timedelta(days=days - 1), amount=amount)

    assert sum(each.amount for each in spread) == amount
    assert [each.day for each in spread] == [MAY + timedelta(days=number) for number in range(days)]
    assert max(each.amount for each in spread) - min(each.amount for each in spread) <= Decimal("0.01")
    assert spread == sorted(spread, key=lambda each: -each.amount), "the earliest carry the rest"


@pytest.mark.parametrize(
    ("make_it", "field"),
    [
        (lambda: cost(source=""), "source"),
        (lambda: cost(source="x" * 65), "source"),
        (lambda: cost(campaign="x" * 121), "campaign"),
        (lambda: cost(amount="-1"), "amount"),
        (lambda: cost(amount="NaN"), "amount"),
        (lambda: cost(amount="1e11"), "amount"),
        (lambda: cost(amount="0.001"), "amount"),
        (lambda: cost(currency="euro"), "currency"),
        (lambda: Cost(date(1970, 1, 1), "ads", "", Decimal(1), "EUR"), "day"),
        (
            lambda: costs.a_day(source="ads", first=MAY, last=MAY - timedelta(days=1), amount=Decimal(1)),
            "last",
        ),
        (
            lambda: costs.in_total(source="a", first=MAY, last=date(2036, 1, 1), amount=Decimal(1)),
            "last",
        ),
        (lambda: costs.in_total(source="a", first=MAY, last=MAY, amount=Decimal("NaN")), "amount"),
    ],
)
def test_what_no_campaign_costs_is_refused_by_name(make_it: Callable[[], object], field: str) -> None:
    with pytest.raises(NoCost) as refused:
        make_it()
    assert refused.value.field == field


@pytest.mark.django_db
def test_what_was_recorded_is_taken_back_and_only_who_reads_reports_sees_it() -> None:
    costs.record(costs=[cost(1), cost(2)], by=None, at=AT)
    first = CampaignCost.objects.get(day=MAY)
    assert costs.remove(costs=[first]) == 1
    assert costs.remove(costs=[first]) == 0
    assert CampaignCost.objects.aggregate(sum=Sum("amount"))["sum"] == 20
    assert CampaignCost.objects.visible_to(make.manager()).count() == 1
    assert CampaignCost.objects.visible_to(make.rep()).count() == 0
