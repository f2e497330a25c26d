"""What a forecast knows, against the raw steps and deals; and that it knows nothing of what came later."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads import merging
from leads.models import Lead, Opportunity, StageChange
from reports import forecast
from reports.forecast import Ahead, Stretch, known_then, quarters
from reports.foreseeing import Place
from tests import factories as make

pytestmark = pytest.mark.django_db
#: Windows of 30 days before, the last of them in May.
JUNE = Stretch(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
DAY = timedelta(days=1)
STAGES = {Place.SQL: "sql", Place.HANDED_OVER: "handed_over", Place.MQL: "mql"}


def walked(*steps: tuple[str, datetime], name: str = "") -> Lead:
    lead, before = make.lead(name, at=steps[0][1] if steps else JUNE.start - 300 * DAY), "lead"
    for to, at in steps:
        StageChange.objects.create(lead=lead, from_stage=before, to_stage=to, at=at, cause="import")
        before = to
    Lead.objects.filter(pk=lead.pk).update(stage=before)
    return lead


def deal(of: Lead, made: datetime, closed: datetime | None = None, **said: Any) -> Opportunity:
    outcome = said.pop("outcome", "won")
    return Opportunity.objects.create(
        lead=of,
        created_at=made,
        closed_at=closed,
        outcome=outcome if closed else "",
        **{"amount": Decimal(100), **said},
    )


def ago(days: float) -> datetime:
    return JUNE.start - days * DAY


def test_S1_10_windows_count_who_stood_where_and_was_won_by_their_end() -> None:
    walked(("mql", ago(80)), ("handed_over", ago(70)), ("sql", ago(45)))
    sql = walked(("sql", ago(85)), ("opportunity", ago(50)), ("customer", ago(40)))
    deal(sql, ago(50), ago(40))  # an SQL when the window of 60 to 30 days ago began
    open_one = walked(("opportunity", ago(75)), ("customer", ago(20)))
    deal(open_one, ago(75), ago(20))
    new = walked(("opportunity", ago(15)), ("customer", ago(5)))
    deal(new, ago(15), ago(5), amount=None)
    lost = walked(("opportunity", ago(10)))
    deal(lost, ago(10), ago(2), outcome="lost")
    deal(walked(("opportunity", ago(8))), ago(8))
    known = known_then(leads=Lead.objects.all(), stretch=JUNE)

    middle, last = known.windows[-2:]
    assert len(known.windows) == 2, "none that begins before anything happened"
    assert (dict(middle.stood), middle.newcomers) == (
        {Place.SQL: 1, Place.HANDED_OVER: 1, Place.MQL: 0, Place.DEAL: 1},
        0,
    )
    assert dict(middle.won) == {Place.SQL: 1, Place.HANDED_OVER: 0, Place.MQL: 0, Place.DEAL: 0}
    assert dict(last.stood) == {Place.SQL: 1, Place.HANDED_OVER: 0, Place.MQL: 0, Place.DEAL: 1}
    assert (last.won[Place.DEAL], last.newcomers) == (1, 1)
    assert dict(known.stands) == {Place.SQL: 1, Place.HANDED_OVER: 0, Place.MQL: 0, Place.DEAL: 1}
    assert known.amounts == [100.0, 100.0]


STEPS = st.tuples(st.sampled_from(["mql", "handed_over", "sql", "closed"]), st.integers(1, 40))
SOLD = st.tuples(st.integers(0, 60), st.none() | st.integers(0, 60), st.sampled_from(["won", "lost"]))
STORY = st.tuples(st.lists(STEPS, max_size=4), st.none() | SOLD)


@given(stories=st.lists(STORY, max_size=10))
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_S1_10_what_was_known_equals_a_walk_through_the_raw_rows(stories: list[Any], db: None) -> None:
    Lead.objects.all().delete()
    told = []
    walked(("closed", ago(119.5)))  # so that four windows of the past are known
    for number, (steps, sold) in enumerate(stories):
        at, way, before = ago(125 - number / 7), [], "lead"
        for to, days in steps:
            at += days * DAY
            if to != before:
                way.append((to, at))
                before = to
        made = closed = outcome = None
        if sold:
            made = at + sold[0] * DAY + timedelta(hours=1)
            closed = made + sold[1] * DAY + timedelta(hours=1) if sold[1] is not None else None
            outcome = sold[2]
            way.append(("opportunity", made))
            if closed:
                way.append(("customer" if outcome == "won" else "closed", closed))
        lead = walked(*way)
        if made:
            deal(lead, made, closed, outcome=outcome)
        told.append((way, made, closed, outcome))
    known = known_then(leads=Lead.objects.all(), stretch=JUNE)

    def stage(way: list[tuple[str, datetime]], at: datetime) -> str:
        return next((to for to, moment in reversed(way) if moment < at), "lead")

    assert 2 <= len(known.windows) <= 5
    for number, window in enumerate(reversed(known.windows), start=1):
        began, end = JUNE.start - 30 * number * DAY, JUNE.start - 30 * (number - 1) * DAY
        stood = {
            place: [each for each in told if stage(each[0], began) == key] for place, key in STAGES.items()
        }
        stood[Place.DEAL] = [
            each for each in told if each[1] and each[1] < began and not (each[2] and each[2] < began)
        ]
        won = [each for each in told if each[3] == "won" and each[2] and began <= each[2] < end]
        for place in Place:
            assert window.stood[place] == len(stood[place])
            assert window.won[place] == sum(each in stood[place] for each in won)
        assert window.newcomers == sum(not any(each in each_of for each_of in stood.values()) for each in won)


RAW = """
SELECT count(*) FROM (
  SELECT DISTINCT ON (lead_id) to_stage FROM leads_stagechange WHERE at < %s
  ORDER BY lead_id, at DESC, id DESC
) last WHERE to_stage = %s
"""


def test_S1_10_leads_that_were_merged_stand_once_in_every_window() -> None:
    ada = make.admin()
    walked(("closed", ago(119.5)))
    left, twin = walked(("mql", ago(100)), ("sql", ago(50))), walked(("mql", ago(95)))
    merging.merge(left, twin, by=ada, at=JUNE.start)  # two came to MQL, and one went on
    ahead, behind = walked(("sql", ago(92))), walked(("mql", ago(98)))
    merging.merge(ahead, behind, by=ada, at=JUNE.start)
    back, again = walked(("mql", ago(110)), ("lead", ago(70))), walked(("mql", ago(105)), ("lead", ago(65)))
    merging.merge(back, again, by=ada, at=JUNE.start)
    known = known_then(leads=Lead.objects.all(), stretch=JUNE)

    stood = [window.stood for window in known.windows[-3:]] + [known.stands]
    assert [(each[Place.MQL], each[Place.SQL]) for each in stood] == [(2, 1), (1, 1), (0, 2), (0, 2)]
    for number, each in enumerate(stood):
        for place, stage in STAGES.items():
            with connection.cursor() as cursor:
                cursor.execute(RAW, [ago(90 - 30 * number), stage])
                assert cursor.fetchone() == (each[place],)


def test_S1_10_a_forecast_of_then_knows_nothing_of_what_came_later() -> None:
    for number in range(12):
        lead = walked(("sql", ago(200 - number)), ("opportunity", ago(100 - 5 * number)))
        deal(lead, ago(100 - 5 * number), ago(90 - 5 * number) if number < 8 else None)
    before = known_then(leads=Lead.objects.all(), stretch=JUNE)
    for each in Opportunity.objects.filter(outcome=""):  # they are won in June, for more than anybody thought
        Opportunity.objects.filter(pk=each.pk).update(
            outcome="won", closed_at=JUNE.start + DAY, amount=Decimal(1_000_000)
        )
        StageChange.objects.create(
            lead=each.lead, from_stage="opportunity", to_stage="customer", at=JUNE.start + DAY, cause="import"
        )
    deal(walked(("opportunity", JUNE.start + DAY)), JUNE.start + DAY, JUNE.start + 2 * DAY)
    assert known_then(leads=Lead.objects.all(), stretch=JUNE) == before
    came = forecast.actual(leads=Lead.objects.all(), stretch=JUNE)
    assert (came.wins, came.revenue) == (5, 4_000_100.0)


def test_quarters_are_the_companys(settings: Any) -> None:
    settings.COMPANY_TIME_ZONE = "Europe/Berlin"
    this, last = quarters(datetime(2026, 3, 31, 22, 30, tzinfo=UTC))  # 0:30 on 1 April in Berlin
    assert (this.start.date(), this.last, this.days) == (date(2026, 4, 1), date(2026, 6, 30), 91)
    assert (last.start.date(), last.last) == (date(2026, 1, 1), date(2026, 3, 31))
    for month in range(1, 13):
        now = datetime(2026, month, 28, 12, tzinfo=UTC)
        this, last = quarters(now)
        assert last.end == this.start <= now < this.end
        assert (last.start.day, last.start.month % 3, this.days // 30) == (1, 1, 3)


def test_other_currencies_have_no_amount_that_adds_up(settings: Any) -> None:
    settings.CURRENCY = "EUR"
    for number, currency in enumerate(["EUR", "EUR", "USD"]):
        lead = walked(("opportunity", ago(20)))
        deal(lead, ago(20), JUNE.start + number * DAY, currency=currency)
    came = forecast.actual(leads=Lead.objects.all(), stretch=JUNE)
    assert (came.wins, came.revenue, came.without_amount) == (3, 200.0, 1)


# The page


@pytest.fixture
def past(db: None) -> None:
    """Two years in which deals came and went, until now."""
    now = make.NOW
    for number in range(60):
        made = now - timedelta(days=700 - 11 * number)
        lead = walked(("sql", made - 30 * DAY), ("opportunity", made), name=f"Lead Nr{number}")
        ended = made + 60 * DAY
        if ended < now:
            deal(
                lead, made, ended, outcome="won" if number % 3 else "lost", amount=Decimal(500 + 10 * number)
            )
        else:
            deal(lead, made, amount=None if number % 2 else Decimal(700))


def test_S1_10_forecast_and_last_quarter_side_by_side(past: None, client: Client) -> None:
    at = make.NOW
    found = forecast.report(leads=Lead.objects.all(), ahead=Ahead.DAYS, at=at)
    assert found.forecast.wins is not None
    assert found.forecast.revenue is not None
    assert found.said.wins is not None
    raw = Opportunity.objects.filter(
        outcome="won",
        closed_at__gte=datetime(2026, 7, 1, tzinfo=UTC),
        closed_at__lt=datetime(2026, 10, 1, tzinfo=UTC),
    )
    assert found.came.wins == raw.count() > 0
    assert found.came.revenue == float(sum(each.amount or 0 for each in raw))
    for place, part in zip(Place, found.forecast.parts, strict=False):
        assert forecast.standing(leads=Lead.objects.all(), place=place).count() == part.stands
    assert forecast.winners(leads=Lead.objects.all(), at=at).count() == found.came.wins


def test_S1_10_the_page_says_too_few_or_how_much_and_who(client: Client) -> None:
    client.force_login(make.marketer())
    text = client.get("/reports/forecast/").content.decode()
    assert "too little to say" in text
    walked(("sql", ago(1)), name="Ada Sql")
    assert "Ada Sql" in client.get("/reports/forecast/leads/?place=sql").content.decode()
    assert client.get("/reports/forecast/leads/?place=won").status_code == 200
    assert client.get("/reports/forecast/leads/?place=lead").status_code == 404
    rows = client.get("/reports/forecast/file/?ahead=quarter").content.decode().splitlines()
    assert rows[-1].startswith('"Last quarter, as it came"')
    client.force_login(make.rep())
    assert client.get("/reports/forecast/").status_code == 403
