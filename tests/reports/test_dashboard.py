"""The dashboard: what it says first, held against before and what was agreed, and where each figure leads."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from handoff import decisions
from leads.milestones import Milestone
from leads.models import Lead, LeadAccess, StageChange
from reports import charts, headlines
from reports.conversion import Step
from reports.headlines import headlines as read
from reports.headlines import turns
from reports.measures import Measure, State
from reports.periods import Period
from reports.views.dashboard import _insight
from reports.wording import delta, said
from tests import factories as make
from tests.handoff import factories as handed

pytestmark = pytest.mark.django_db
MARCH = Period(date(2026, 3, 1), date(2026, 3, 28))
DAYS = "first=2026-03-01&last=2026-03-28"


def on(day: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_S1_34_a_headline_has_the_period_before_and_what_was_agreed_for_as_many_weeks() -> None:
    for day, month in ((2, 3), (3, 3), (20, 3), (20, 2)):
        make.lead(at=on(day, month))
    leads, *_ = read(leads=Lead.objects.all(), period=MARCH, agreed={Measure.LEADS: Decimal(1)})

    assert (leads.now.value, leads.before.value, leads.change) == (3, 1, None)
    assert leads.wanted == 4
    assert leads.state == State.MISSED
    assert sum(point.value or 0 for point in leads.line) == 3


def test_a_change_in_per_cent_is_said_from_20_on_and_below_the_numbers() -> None:
    for number in range(25):
        make.lead(at=on(20, 2 if number < 19 else 3))
    client = signed_in(make.marketer())
    text = client.get(f"/dashboard/?{DAYS}").content.decode()
    assert "was 19" in text
    assert "%" not in text.split('aria-label="Key figures"')[1].split("</li>")[0]
    conversion = client.get(f"/reports/conversion/?{DAYS}").content.decode()
    assert "was 19</p>" in conversion

    make.lead(at=on(20, 2))
    (leads, *_) = read(leads=Lead.objects.all(), period=MARCH, agreed={})
    assert (leads.now.value, leads.before.value, leads.change) == (6, 20, -70)
    conversion = client.get(f"/reports/conversion/?{DAYS}").content.decode()
    assert "was 20, −70%" in conversion


def test_what_got_worse_is_said_before_what_got_better() -> None:
    turned = turns(steps((300, 300), (240, 120), (120, 60), (60, 54)))
    assert [turn.is_worse for turn in turned] == [False, True]
    said = _insight(turned)
    assert said.startswith("Sales takes less of what it gets (50%, was 90%), and more of those who come")


def test_growth_of_more_than_tenfold_is_said_in_numbers() -> None:
    counts = [(240, 20), (60, 20)]
    many, some = (steps(each)[0] for each in counts)
    assert (many.change, some.change) == (None, 200)


def test_days_without_leads_draw_an_empty_funnel_and_say_so() -> None:
    client = signed_in(make.marketer())
    for address in ("/dashboard/", "/reports/conversion/"):
        text = client.get(f"{address}?{DAYS}").content.decode()
        assert "nobody came" in text
        bars = text.split('<ol class="fun">')[1].split("</ol>")[0]
        assert 'height="100%"' not in bars
        assert bars.count('height="0%"') == 6


def test_what_did_not_change_has_no_arrow() -> None:
    for number in range(40):
        make.lead(at=on(20, 2 if number < 20 else 3))
    text = signed_in(make.marketer()).get(f"/dashboard/?{DAYS}").content.decode()
    first = text.split('aria-label="Key figures"')[1].split("</li>")[0]
    assert "the same" in first
    assert "arrow" not in first


def test_a_share_of_few_is_not_shown_and_does_not_change() -> None:
    rep = make.rep()
    handed.pool(rep)
    decisions.accept(handoff=handed.offered(to=rep, at=on(3)), by=rep, at=on(3) + timedelta(minutes=5))
    accepted = read(leads=Lead.objects.all(), period=MARCH, agreed={})[2]

    assert (accepted.now.k, accepted.now.n) == (1, 1)
    assert (accepted.said, accepted.change) == ("–", None)


def steps(*counts: tuple[int, int]) -> list[Step]:
    """(Now, before) of leads, MQL, handed over …"""
    way = [None, *Milestone]
    return [
        Step(way[place], now, counts[place - 1][0] if place else None, before=before)
        for place, (now, before) in enumerate(counts)
    ]


def test_a_rate_that_fell_by_more_than_chance_is_named_and_one_that_may_be_chance_is_not() -> None:
    (turn,) = turns(steps((1_846, 1_741), (612, 551), (318, 248)))
    assert (turn.step.key, turn.now, turn.before, turn.is_worse) == ("handed_over", 52, 45, False)

    assert turns(steps((100, 100), (50, 48))) == []
    assert turns(steps((19, 19), (19, 1))) == [], "of fewer than 20 nothing is said"


@given(
    of=st.integers(20, 500), k=st.integers(0, 500), of_before=st.integers(20, 500), before=st.integers(0, 500)
)
def test_a_turn_is_the_same_seen_from_the_other_side(of: int, k: int, of_before: int, before: int) -> None:
    k, before = min(k, of), min(before, of_before)
    there, back = turns(steps((of, of_before), (k, before))), turns(steps((of_before, of), (before, k)))

    assert [turn.certainty for turn in there] == pytest.approx([turn.certainty for turn in back])
    assert all(
        one.is_worse != other.is_worse
        for one, other in zip(there, back, strict=True)
        if one.now != one.before
    )


def test_a_change_says_its_direction_and_whether_it_is_for_the_worse() -> None:
    worse = delta(Decimal("-5.2"), Measure.ACCEPTED)
    assert worse is not None
    assert (worse.text, worse.icon, worse.word) == ("5 pts", "arrow-down", "worse")
    same = delta(Decimal("0.2"), Measure.LEADS)
    assert same is not None
    assert same.word == "the same"
    assert said(None, Measure.LEADS) == "–"


@given(
    values=st.lists(st.none() | st.floats(0, 1e6), min_size=1, max_size=20),
    agreed=st.none() | st.floats(0, 1e6),
)
def test_what_was_agreed_is_drawn_on_the_scale_of_the_line(
    values: list[float | None], agreed: float | None
) -> None:
    spark = charts.spark(values, agreed)

    assert (spark.agreed is None) == (agreed is None)
    for value in [each for each in values if each is not None] + ([agreed] if agreed is not None else []):
        most = max([each for each in values if each is not None] + [agreed or 0.0]) or 1.0
        assert 0 <= charts.height(value, most) <= charts.HEIGHT


# The page


def test_every_headline_leads_to_its_leads() -> None:
    rep = make.rep()
    handed.pool(rep)
    ada = make.lead("Ada", at=on(2))
    StageChange.objects.create(lead=ada, from_stage="lead", to_stage="mql", at=on(3), cause="crossing")
    client = signed_in(make.marketer())
    page = client.get(f"/dashboard/?{DAYS}").content.decode()

    for measure in headlines.SHOWN:
        assert f"figure={measure}" in page
    for measure, there in ((Measure.LEADS, True), (Measure.MQLS, True), (Measure.PIPELINE, False)):
        behind = client.get(f"/dashboard/leads/?{DAYS}&figure={measure}").content.decode()
        assert ("Ada" in behind) == there, measure


def test_a_manager_reads_the_words_of_sales_about_their_own_leads_only() -> None:
    rep, nordics = make.rep(), make.team("Nordics")
    handed.pool(rep)
    for note in ("Wants <b>one</b> seat.", "No money."):
        handoff = handed.offered(to=rep, at=on(3))
        decisions.reject(handoff=handoff, by=rep, at=on(3), reason=handed.reason(), note=note)
    LeadAccess.objects.create(lead=handoff.lead, team=nordics)
    marketing = signed_in(make.marketer()).get(f"/dashboard/?{DAYS}").content.decode()
    sales = signed_in(make.manager("Nils", nordics)).get(f"/dashboard/?{DAYS}").content.decode()

    assert "Wants &lt;b&gt;one&lt;/b&gt; seat." in marketing
    assert "No money." in marketing
    assert "No money." in sales
    assert "seat." not in sales


def test_a_marketers_day_begins_on_the_dashboard_and_reps_do_not_see_it() -> None:
    assert signed_in(make.marketer()).get("/").headers["Location"] == "/dashboard/"
    assert signed_in(make.rep()).get("/dashboard/").status_code == 403
    assert signed_in(make.manager()).get("/dashboard/?dim=nonsense&days=1000000").status_code == 200
