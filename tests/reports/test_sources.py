"""What each source brought and cost: against the rows, and touches against a plain reading of them."""

import re
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import CampaignCost, Lead, Opportunity, StageChange
from leads.stages import Stage
from reports import conversion
from reports.periods import Period
from reports.sources import Dear, Figures, Line, Report, behind, dear, report
from reports.touches import Attribution, By, Measure, parts
from tests import factories as make

pytestmark = pytest.mark.django_db
MAY = Period(date(2026, 5, 1), date(2026, 5, 31))
STAGES = {Measure.MQL: Stage.MQL, Measure.HANDED_OVER: Stage.HANDED_OVER, Measure.ACCEPTED: Stage.SQL}


def on(day: int, month: int = 5, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def walked(lead: Lead, to: Stage, at: datetime) -> Lead:
    StageChange.objects.create(lead=lead, from_stage=Stage.LEAD, to_stage=to, at=at, cause="import")
    return lead


def deal(lead: Lead, made: datetime, won: datetime | None = None, amount: str = "100", **of: Any) -> None:
    outcome = "won" if won else ""
    values = {"amount": Decimal(amount), "created_at": made, "closed_at": won, "outcome": outcome, **of}
    Opportunity.objects.create(lead=lead, **values)


def visit(lead: Lead, channel: str, at: datetime, campaign: str = "", **of: Any) -> None:
    properties = {"channel": channel, **({"utm_campaign": campaign} if campaign else {})}
    make.activity(lead, of.pop("kind", "page_view"), at, properties=properties, **of)


def cost(source: str, amount: str, day: int = 3, campaign: str = "", currency: str = "EUR") -> None:
    CampaignCost.objects.create(
        source=source, campaign=campaign, day=on(day).date(), amount=Decimal(amount), currency=currency
    )


def of(attribution: Attribution = Attribution.FIRST, by: By = By.SOURCE, **more: Any) -> Report:
    return report(leads=Lead.objects.all(), period=MAY, attribution=attribution, by=by, **more)


def line(found: Report, key: str) -> Figures:
    (one,) = [line for line in found.lines if line.key == key]
    return one.figures


def test_S0_06_S3_09_a_source_has_its_leads_deals_costs_and_what_came_back() -> None:
    for number in range(4):
        walked(make.lead(source="ads", at=on(2)), Stage.SQL if number < 2 else Stage.MQL, on(3))
    buyer = make.lead(source="ads", at=on(2, 3))
    deal(buyer, made=on(4), won=on(20), amount="900")
    deal(make.lead(source="fair", at=on(5)), made=on(30, 4), won=on(1, 6))
    cost("ads", "100", 1)
    cost("ads", "200", 31)
    cost("ads", "999", 1, currency="USD")
    CampaignCost.objects.create(source="ads", day=date(2026, 4, 30), amount=50)
    found = of()

    ads = line(found, "ads")
    assert (ads.leads, ads.mql, ads.handed_over, ads.accepted) == (4, 4, 2, 2)
    assert (ads.deals, ads.pipeline, ads.won, ads.won_amount, ads.cost) == (1, 900, 1, 900, 300)
    assert (ads.per_lead, ads.per_mql, ads.per_sql, ads.back) == (75, 75, 150, 3)
    fair = line(found, "fair")
    assert (fair.leads, fair.deals, fair.won) == (1, 0, 0)
    assert (fair.cost, fair.per_lead, fair.back) == (0, None, None)
    assert [(left.what, left.currency, left.amount) for left in found.left_out] == [("cost", "USD", 999)]


def test_S2_05_a_source_that_cost_and_brought_nobody_has_a_line() -> None:
    cost("Billboard", "500")
    found = of()
    assert [(each.key, each.name) for each in found.lines] == [("billboard", "Billboard")]
    assert (found.total.cost, found.total.per_lead) == (500, None)


def test_S2_05_costs_meet_leads_whatever_their_case_and_unlike_currencies_are_never_added() -> None:
    for source in ("LinkedIn", "LinkedIn", "LinkedIn"):
        make.lead(source=source, at=on(2))
    deal(make.lead(source="LINKEDIN", at=on(2)), made=on(3), amount="70", currency="CHF")
    cost("linkedIN", "40")
    found = of()

    (one,) = found.lines
    assert (one.name, one.figures.leads, one.figures.cost, one.figures.pipeline) == ("LinkedIn", 4, 40, 0)
    assert one.figures.deals == 1, "counted, without its amount"
    assert [(left.what, left.currency, left.count) for left in found.left_out] == [("deal", "CHF", 1)]


def test_S3_10_paid_and_organic_search_are_lines_of_their_own() -> None:
    for source in ("paid_search", "paid_search", "organic_search"):
        make.lead(source=source, at=on(2))
    assert [(each.key, each.figures.leads) for each in of().lines] == [
        ("paid_search", 2),
        ("organic_search", 1),
    ]


def test_S2_05_first_last_and_equal_parts_go_to_the_touches_up_to_the_step() -> None:
    ada = make.lead(source="paid_search", campaign="spring", at=on(2))
    visit(ada, "paid_search", on(1), "spring")  # what its source was taken from
    visit(ada, "email", on(3), "letter")
    visit(ada, "direct", on(4))
    visit(ada, "email", on(4), "letter")
    walked(ada, Stage.MQL, on(5))
    visit(ada, "organic_search", on(6))
    deal(ada, made=on(7), amount="100")
    visit(ada, "referral", on(8))

    assert {each.key: each.figures.mql for each in of(Attribution.FIRST).lines} == {"paid_search": 1}
    last = of(Attribution.LAST)
    assert (line(last, "paid_search").leads, line(last, "email").mql) == (1, 1)
    assert (line(last, "organic_search").deals, line(last, "organic_search").pipeline) == (1, 100)
    linear = of(Attribution.LINEAR)
    assert {each.key: each.figures.mql for each in linear.lines if each.figures.mql} == {
        "paid_search": Decimal("0.5"),
        "email": Decimal("0.5"),
    }
    assert sorted(each.figures.pipeline for each in linear.lines) == [
        Decimal("33.33"),
        Decimal("33.33"),
        Decimal("33.34"),
    ]
    by_campaign = of(Attribution.LINEAR, By.CAMPAIGN)
    assert {each.key for each in by_campaign.lines} == {"spring", "letter", ""}
    assert "referral" not in {each.key for each in linear.lines}


def test_what_is_void_undated_or_not_of_the_leads_own_doing_is_no_touch() -> None:
    ada = make.lead(source="fair", at=on(2))
    visit(ada, "email", on(3), voided_at=on(4))
    visit(ada, "social", on(3), undated=True)
    visit(ada, "sdr_outbound", on(3), kind="email_sent")
    visit(ada, "phone", on(3), kind="call_logged")
    walked(ada, Stage.MQL, on(5))
    assert {each.key for each in of(Attribution.LAST).lines} == {"fair"}

    bo = make.lead(source="", at=on(2))
    make.activity(bo, "page_view", on(1), properties={"utm_source": " Google ", "utm_campaign": "a  b"})
    assert line(of(Attribution.LAST), "google").leads == 1
    assert line(of(Attribution.LAST, By.CAMPAIGN), "a b").leads == 1
    assert line(of(Attribution.FIRST), "").leads == 1, "its own source says nothing"


# Laws

SOURCES = ["ads", "Ads", "fair", "direct", ""]
TOUCH = st.tuples(st.sampled_from(["ads", "mail", "direct", "fair"]), st.integers(1, 40))
STORY = st.tuples(
    st.sampled_from(SOURCES),
    st.integers(1, 40),
    st.lists(TOUCH, max_size=4),
    st.sampled_from([None, *STAGES]),
    st.integers(0, 20),
    st.sampled_from([None, 7, 100]),
)


def turns(source: str, visits: list[tuple[str, datetime]], until: datetime) -> list[str]:
    """The touches, read plainly."""
    told = [source.lower()] if source else []
    for channel, at in sorted(visits, key=lambda each: each[1]):
        if at <= until and channel != "direct" and (not told or told[-1] != channel):
            told.append(channel)
    return told or [""]


@given(
    stories=st.lists(STORY, max_size=8),
    attribution=st.sampled_from(Attribution),
    most=st.sampled_from([1, 50]),
)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_figure_equals_a_plain_reading_of_the_rows_and_lines_add_up_exactly(
    stories: list[Any], attribution: Attribution, most: int, db: None
) -> None:
    Lead.objects.all().delete()
    exact: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    who: dict[tuple[str, str], set[int]] = defaultdict(set)
    first = on(10, 4)

    def put_down(measure: str, lead: Lead, at: datetime, visits: Any, weight: int = 1) -> None:
        if not MAY.start <= at < MAY.end:
            return
        touches = turns(lead.source, visits, at)
        chosen = {
            Attribution.FIRST: [lead.source.lower()],
            Attribution.LAST: touches[-1:],
            Attribution.LINEAR: touches,
        }[attribution]
        for each in chosen:
            exact[measure, each] += Fraction(weight, len(chosen))
            who[measure, each].add(lead.pk)

    for source, came, seen, measure, later, amount in stories:
        lead = make.lead(source=source, at=first + timedelta(days=came))
        visits = [(channel, first + timedelta(days=day, minutes=n)) for n, (channel, day) in enumerate(seen)]
        for channel, at in visits:
            visit(lead, channel, at)
        put_down("leads", lead, lead.created_at, visits)
        moment = lead.created_at + timedelta(days=later, hours=1)
        if measure:
            walked(lead, STAGES[measure], moment)
            for each in list(STAGES)[: list(STAGES).index(measure) + 1]:
                put_down(each.value, lead, moment, visits)
        if amount:
            won = moment + timedelta(days=1)
            deal(lead, made=moment, won=won, amount=str(amount))
            put_down("deals", lead, moment, visits)
            put_down("pipeline", lead, moment, visits, amount)
            put_down("won", lead, won, visits)
            put_down("won_amount", lead, won, visits, amount)

    told = parts(leads=Lead.objects.all(), period=MAY, attribution=attribution, by=By.SOURCE)
    summed: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for part in told:
        summed[part.measure.value, part.key] += part.count
    assert summed == {key: count for key, count in exact.items() if key[0] in {*Measure}}

    found = of(attribution, most=most)
    for name in ("leads", "mql", "handed_over", "accepted", "deals", "won", "pipeline", "won_amount"):
        lines = [getattr(each.figures, name) for each in found.lines]
        total = getattr(found.total, name)
        assert sum(lines) == total == sum((v for k, v in exact.items() if k[0] == name), Fraction())
        step = Decimal("0.01") if "amount" in name or name == "pipeline" else Decimal("0.1")
        for line in found.lines:
            if line.key is not None:
                off = abs(Fraction(getattr(line.figures, name)) - exact[name, line.key])
                assert off < Fraction(step)
    for (name, key), leads in who.items():
        if name in {*Measure}:
            there = behind(
                leads=Lead.objects.all(),
                period=MAY,
                measure=Measure(name),
                attribution=attribution,
                line=key,
            )
            way = "lead" if name in (Measure.DEALS, Measure.WON) else "pk"
            assert set(there.values_list(way, flat=True)) == set(leads)


RAW = """
SELECT count(*) FROM leads_lead WHERE created_at >= '2026-05-01' AND created_at < '2026-06-01'
"""


def test_the_first_touch_says_what_the_conversion_report_says_and_the_raw_rows() -> None:
    for number in range(30):
        lead = make.lead(source=SOURCES[number % 5].lower(), at=on(1, 4) + timedelta(days=number * 2))
        walked(lead, list(STAGES.values())[number % 3], lead.created_at + timedelta(days=5))
    other = conversion.report(
        leads=Lead.objects.all(),
        period=MAY,
        counting=conversion.Counting.PASSED,
        by=conversion.By.SOURCE,
    )
    found = of()
    for each in other.lines:
        counts = {step.key: step.count for step in each.steps}
        ours = line(found, str(each.key))
        assert [ours.leads, ours.mql, ours.handed_over, ours.accepted] == [
            counts[name] for name in ("leads", "mql", "handed_over", "accepted")
        ]
    with connection.cursor() as cursor:
        cursor.execute(RAW)
        assert cursor.fetchone() == (found.total.leads,)


def test_filters_narrow_every_figure_and_leave_costs_away() -> None:
    make.lead(source="ads", country="DE", at=on(2))
    make.lead(source="ads", country="FR", at=on(2))
    cost("ads", "10")
    for attribution in Attribution:
        narrowed = report(leads=Lead.objects.filter(country="DE"), period=MAY, attribution=attribution)
        assert (narrowed.total.leads, narrowed.total.cost, narrowed.has_costs) == (1, 0, False)
        assert report(leads=Lead.objects.filter(pk__in=[]), period=MAY, attribution=attribution).lines == []


def test_of_many_lines_the_rest_is_one_that_cannot_be_asked_for() -> None:
    for number in range(5):
        make.lead(source=f"s{number}", at=on(2))
    found = of(most=2)
    assert [(each.key, each.figures.leads) for each in found.lines] == [("s0", 1), ("s1", 1), (None, 3)]


def test_S2_05_a_source_is_dear_when_its_sqls_cost_twice_the_average_and_not_by_chance() -> None:
    def figures(accepted: int, spent: int) -> Figures:
        no = Decimal()
        return Figures(no, no, no, Decimal(accepted), no, no, no, no, Decimal(spent))

    def found(*of: tuple[int, int]) -> Dear | None:
        lines = [Line(f"s{n}", f"S{n}", figures(*each)) for n, each in enumerate(of)]
        whole, paid = (
            figures(sum(each[0] for each in some), sum(each[1] for each in some))
            for some in (of, [each for each in of if each[1]])
        )
        return dear(lines, replace(whole, paid=paid))

    said = found((30, 3_000), (5, 3_000), (50, 0))
    assert said is not None
    assert (said.line.key, said.average) == ("s1", Decimal("171.43"))
    assert found((30, 3_000), (0, 3_000)) is not None, "nothing at all came of it"
    assert found((30, 3_000), (1, 250)) is None, "one SQL says little"
    assert found((10, 1_000), (2, 5_000)) is None, "too few SQLs at all"
    assert found((30, 3_000), (30, 4_000)) is None


RAW_AVERAGE = """
SELECT cost.amount / count(*) FROM leads_passedmilestone m JOIN leads_lead l ON l.id = m.lead_id,
  (SELECT sum(amount) AS amount FROM leads_campaigncost) cost
WHERE m.milestone = 3 AND l.source IN (SELECT source FROM leads_campaigncost) GROUP BY cost.amount
"""


def test_S2_05_the_dear_source_and_the_average_are_the_same_however_many_lines_are_shown() -> None:
    for number in range(40):
        walked(make.lead(source=f"s{number // 5}", at=on(2)), Stage.SQL, on(3))
    for number in range(8):
        cost(f"s{number}", "100")
    make.lead(source="billboard", at=on(2))  # the last line of all
    cost("billboard", "900")
    for _ in range(30):
        walked(make.lead(source="friends", at=on(2)), Stage.SQL, on(3))  # they cost nothing

    with connection.cursor() as cursor:
        cursor.execute(RAW_AVERAGE)
        (average,) = cursor.fetchone()
    for most in (1, 7, 50, None):
        said = of(most=most).dear
        assert said is not None
        assert (said.line.key, said.average) == ("billboard", average)
        assert average == Decimal("42.50")
    client = Client()
    client.force_login(make.marketer())
    for path in ("/dashboard/", "/reports/sources/"):
        text = client.get(f"{path}?first=2026-05-01&last=2026-05-31").content.decode()
        assert re.search("billboard(</bdi>)?(</b>)? cost €900 and brought no SQL", text)
