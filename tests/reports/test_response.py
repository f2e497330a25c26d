"""How soon sales gets in touch and what is kept, against the handoffs themselves and the clock of one."""

import re
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.availability import Stretch
from accounts.models import OpeningHours, Team, User
from handoff import clocks
from handoff.models import Handoff, Pause, SlaPolicy, Work
from handoff.sla import Calendar, elapsed
from leads.models import Lead
from reports import business_time, response
from reports.periods import Period
from reports.response import By, Report
from tests import factories as make
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db
MAY = Period(date(2026, 5, 4), date(2026, 5, 24))
MONDAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
DAYS = "first=2026-05-04&last=2026-05-24"


@pytest.fixture
def sol(db: None) -> User:
    return make.rep()


def offered(sol: User, at: datetime = MONDAY, **said: Any) -> Handoff:
    """With what is said of it: ``touch`` and ``decided`` after so long."""
    stamps = {
        "first_touch_at": at + said.pop("touch") if "touch" in said else None,
        "decided_at": at + said.pop("decided") if "decided" in said else None,
    }
    if stamps["decided_at"]:
        stamps["status"] = said.pop("status", "accepted")
    stamps |= {name: said.pop(name) for name in ("policy",) if name in said}
    handoff = handed_over(sol, at=at, **said)
    Handoff.objects.filter(pk=handoff.pk).update(**stamps)
    handoff.refresh_from_db()
    return handoff


def of(by: By = By.TEAM, at: datetime = NOW) -> Report:
    return response.report(handoffs=Handoff.objects.all(), period=MAY, by=by, at=at)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def nine_to_five(team: Team) -> None:
    for weekday in range(5):
        OpeningHours.objects.create(calendar=team.calendar, weekday=weekday, opens=time(9), closes=time(17))


def test_G08_the_first_touch_counts_the_hours_of_the_team_and_no_pauses(sol: User) -> None:
    nine_to_five(make.team(calendar="Office"))
    friday = datetime(2026, 5, 8, 16, 30, tzinfo=UTC)
    offered(sol, friday, touch=timedelta(days=3))  # Monday 16:30: half an hour and 7.5
    paused = offered(sol, MONDAY, touch=minutes(90))
    Pause.objects.create(
        handoff=paused, by=sol, at=MONDAY + minutes(15), until=MONDAY + minutes(75), reason="Asked to wait",
        due_before=paused.due_at,
    )  # fmt: skip
    total = of().total
    assert (total.offered, total.touched) == (2, 2)
    assert total.median == minutes((8 * 60 + 30) / 2)


def test_G08_kept_is_what_was_done_by_the_due_time_and_what_is_not_due_is_not_judged(sol: User) -> None:
    offered(sol, touch=minutes(30), decided=minutes(60))
    offered(sol, touch=minutes(150), decided=minutes(180))  # due after two hours
    offered(sol, decided=minutes(10), status="rejected")  # needed no contact
    offered(sol)  # still open, and late
    offered(sol, due=timedelta(days=60))  # not due yet
    offered(sol, decided=minutes(5), status="withdrawn")
    found = of().total

    assert found.offered == 5
    assert (found.touch_kept, found.touch_judged) == (1, 3)
    assert (found.answer_kept, found.answer_judged) == (2, 4)
    assert found.overdue == 1


def test_what_sales_owes_after_acceptance_is_kept_broken_or_dropped(sol: User) -> None:
    handoff = offered(sol, touch=minutes(30), decided=minutes(60))
    started, due = MONDAY + minutes(60), MONDAY + minutes(120)
    for promise, ended, was_kept in (
        ("contact", minutes(90), True),
        ("contact", minutes(200), True),
        ("contact", minutes(90), False),  # the lead went back to marketing before it was due
        ("activity", None, None),
    ):
        Work.objects.create(
            handoff=handoff, promise=promise, started_at=started, due_at=due, allowed_minutes=60,
            ended_at=MONDAY + ended if ended else None, was_kept=was_kept,
        )  # fmt: skip
    answer, contact, activity = of().promises
    assert (answer.kept, answer.judged) == (1, 1)
    assert (contact.kept, contact.judged, contact.overdue) == (1, 2, 0)
    assert (activity.kept, activity.judged, activity.overdue) == (0, 1, 1)


def test_lines_are_teams_agreements_and_sources_and_weeks_are_those_of_the_offer(sol: User) -> None:
    rush = SlaPolicy.objects.create(name="Asks for a demo", minutes=60)
    offered(sol, touch=minutes(10), policy=rush, source="ads")
    offered(sol, MONDAY + timedelta(days=7), touch=minutes(30), source="fair")
    offered(sol, MONDAY - timedelta(days=30), in_pool="Nordics")  # long before, and late now

    assert [(line.name, line.offered, line.overdue) for line in of().lines] == [
        ("DACH", 2, 2),
        ("Nordics", 0, 1),
    ]
    assert [(line.name, line.half) for line in of(By.POLICY).lines] == [
        ("", 30),
        ("Asks for a demo", 10),
    ]
    assert {line.key: line.half for line in of(By.SOURCE).lines if line.offered} == {"ads": 10, "fair": 30}
    assert [(week.first.day, week.line.offered, week.line.half) for week in of().weeks] == [
        (4, 1, 10),
        (11, 1, 30),
        (18, 0, None),
    ]


MOMENTS = st.integers(0, 6 * 24 * 60)
HANDED = st.tuples(
    st.sampled_from(["DACH", "Nordics"]), MOMENTS, st.none() | st.integers(0, 4_000),
    st.none() | st.integers(0, 4_000), st.sampled_from(["accepted", "rejected"]), st.integers(0, 3_000),
)  # fmt: skip
RAW = """
SELECT count(*), count(*) FILTER (WHERE first_touch_at <= due_at),
  count(*) FILTER (WHERE decided_at <= due_at), count(*) FILTER (WHERE decided_at IS NULL AND due_at < %s)
FROM handoff_handoff h JOIN handoff_pool p ON p.id = h.pool_id JOIN accounts_team t ON t.id = p.team_id
WHERE t.name = %s
"""


@given(handed=st.lists(HANDED, max_size=8))
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_G08_every_line_equals_a_short_query_and_the_clock_of_each_handoff(
    handed: list[tuple[str, int, int | None, int | None, str, int]], sol: User
) -> None:
    Handoff.objects.all().delete()
    nordics = make.team("Nordics", calendar="Office")
    OpeningHours.objects.filter(calendar=nordics.calendar).delete()
    nine_to_five(nordics)
    for pool, after, touch, decided, status, pause in handed:
        said: dict[str, Any] = {"status": status, "decided": minutes(decided)} if decided is not None else {}
        if touch is not None:
            said["touch"] = minutes(touch)
        handoff = offered(sol, MONDAY + minutes(after), in_pool=pool, **said)
        if pause:
            at = handoff.offered_at + minutes(30)
            Pause.objects.create(
                handoff=handoff,
                by=sol,
                at=at,
                until=at + minutes(pause),
                reason="x",
                due_before=handoff.due_at,
            )
    found = of()
    for line in found.lines:
        with connection.cursor() as cursor:
            cursor.execute(RAW, [NOW, line.name])
            assert cursor.fetchone() == (line.offered, line.touch_kept, line.answer_kept, line.overdue)
        took = sorted(
            clocks.answer_seconds(handoff=each, at=each.first_touch_at)
            for each in Handoff.objects.filter(pool__team__name=line.name, first_touch_at__isnull=False)
        )
        middle = [took[(len(took) - 1) // 2], took[len(took) // 2]] if took else []
        assert line.median == (timedelta(seconds=round(sum(middle) / 2)) if took else None)
    for what, count in (
        ("offered", found.total.offered),
        ("touched", found.total.touched),
        ("touch_kept", found.total.touch_kept),
        ("touch_late", found.total.touch_judged - found.total.touch_kept),
        ("answer_kept", found.total.answer_kept),
        ("answer_late", found.total.answer_judged - found.total.answer_kept),
        ("overdue", found.total.overdue),
    ):
        rows = response.behind(handoffs=Handoff.objects.all(), period=MAY, what=what, at=NOW, by=By.TEAM)
        assert rows is not None
        assert rows.count() == count


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    hours = draw(
        st.lists(
            st.tuples(st.integers(0, 6), st.integers(0, 22), st.integers(1, 23)).filter(
                lambda each: each[1] < each[2]
            ),
            min_size=1, max_size=6,
        )
    )  # fmt: skip
    holidays = draw(st.frozensets(st.dates(date(2026, 3, 20), date(2026, 4, 5)), max_size=3))
    return Calendar(
        draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])),
        tuple(Stretch(day, time(opens), time(closes)) for day, opens, closes in hours),
        holidays,
    )


_MOMENTS = ", h (team, a, b) AS (VALUES (7, %s::timestamptz, %s::timestamptz))"
_JOINED = "FROM h LEFT JOIN calendar ON calendar.team = h.team"


@given(calendar=calendars(), start=st.integers(0, 40_000), took=st.integers(0, 40_000))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_counts_business_time_as_the_clock_does(
    calendar: Calendar, start: int, took: int, db: None
) -> None:
    first = datetime(2026, 3, 14, tzinfo=UTC)  # clocks change in both halves of the world
    begins, ends = first + minutes(start), first + minutes(start + took)
    table, lists = business_time.calendars({7: calendar}, start=first, end=first + minutes(80_001))
    with connection.cursor() as cursor:
        cursor.execute(
            " ".join(("WITH", table, _MOMENTS, "SELECT", business_time.between("h.a", "h.b"), _JOINED)),
            [*lists, begins, ends],
        )
        (seconds,) = cursor.fetchone()
    assert round(seconds, 3) == elapsed(start=begins, end=ends, calendar=calendar).total_seconds()


# The pages


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_from_a_figure_to_the_leads_and_as_a_file(sol: User, client: Client) -> None:
    offered(sol, name="Ada Late", touch=timedelta(days=2), decided=timedelta(days=3))
    offered(sol, name="Bo Quick", touch=minutes(5), decided=minutes(10))
    client.force_login(make.marketer())
    text = page(client, f"/reports/response/?{DAYS}")
    assert "1 of 2, too few to say" in text
    assert "what=answer_late" in text
    behind = page(client, f"/reports/response/leads/?{DAYS}&what=answer_late")
    assert "Ada Late" in behind
    assert "Bo Quick" not in behind
    rows = page(client, f"/reports/response/file/?{DAYS}").splitlines()
    assert rows[-1] == '"All","2","2","1442.5","2592.5","1","2","1","2","0"'
    assert client.get(f"/reports/response/leads/?{DAYS}&what=unheard-of").status_code == 404
    client.force_login(sol)
    assert client.get("/reports/response/").status_code == 403


def test_a_week_leads_to_those_offered_in_it(sol: User, client: Client) -> None:
    offered(sol, name="Ada First", touch=minutes(5))
    offered(sol, MONDAY + timedelta(days=9), name="Bo Second", touch=minutes(5))
    client.force_login(make.marketer())
    text = page(client, f"/reports/response/?{DAYS}")
    weeks = text.split('id="weeks"')[1]
    links = [unescape(each) for each in re.findall(r'<td class="num"><a href="([^"]+)">1</a>', weeks)]

    behind = [page(client, link) for link in links]
    assert f"/reports/response/?{DAYS.replace('&', '&amp;')}" in behind[0]  # the way back is to all weeks
    assert client.get(f"/reports/response/leads/?{DAYS}&week=soon").status_code == 404
    assert client.get(f"/reports/response/leads/?{DAYS}&week=2031-01-06").status_code == 404
    assert ["Ada First" in each for each in behind] == [True, False]
    assert ["Bo Second" in each for each in behind] == [False, True]


def test_a_rep_or_team_as_a_filter_narrows_the_handoffs_and_not_whoever_they_once_had(
    sol: User, client: Client
) -> None:
    nils = make.rep("Nils North", make.team("Nordics"))
    first = offered(sol, decided=minutes(60), status="rejected", name="Ada Twice")
    Lead.objects.filter(pk=first.lead_id).update(stage="mql")
    again = Lead.objects.get(pk=first.lead_id)
    offered(nils, MONDAY + timedelta(days=9), of=again, cycle=2, in_pool="Nordics")
    client.force_login(make.marketer())
    for query in (f"rep={sol.public_id}", f"team={make.team('DACH').public_id}"):
        rows = page(client, f"/reports/response/file/?{DAYS}&{query}").splitlines()
        assert rows[-1].startswith('"All","1",')


def test_reports_are_listed_and_reachable(client: Client) -> None:
    client.force_login(make.manager())
    text = page(client, "/reports/")
    for address in ("/reports/conversion/", "/reports/response/", "/reports/figures/"):
        assert f'href="{address}"' in text
    client.force_login(make.rep())
    assert client.get("/reports/").status_code == 403


@pytest.mark.parametrize("by", list(By))
@pytest.mark.parametrize("what", ["offered", "overdue"])
def test_every_line_leads_to_its_handoffs(sol: User, by: By, what: str) -> None:
    handoff = offered(sol, source="fair")
    asked = {"handoffs": Handoff.objects.all(), "period": MAY, "at": NOW, "by": by}
    (line,) = response.report(**asked).lines
    there, elsewhere = (response.behind(line=key, what=what, **asked) for key in (line.key, "nowhere"))

    assert there is not None
    assert list(there) == [handoff]
    assert elsewhere is not None
    assert not elsewhere.exists()
