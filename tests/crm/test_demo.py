"""The demo company: believable, the same at every hour of the week, and made by the product itself."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from hypothesis import given
from hypothesis import settings as thorough
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from accounts.models import Role, User
from capture.models import Import, InboxItem, Source, Submission
from crm.demo import featured, history, planning, play
from crm.demo.lands import HOLIDAYS
from crm.demo.logins import REP
from handoff.models import Handoff, Task, Verdict
from handoff.views import exports
from leads.activity_types import STARTERS
from leads.models import (
    Activity,
    ChangedLead,
    Company,
    Lead,
    LookAlike,
    Opportunity,
    StageChange,
    Suspicion,
)
from leads.money import brief_money
from leads.stages import Stage
from notifications.models import Delivery, Notification
from reports import forecast, wording
from reports.counting import ENOUGH
from reports.measures import Measure
from scoring.models import Crossing, ModelVersion, Publication
from tests.reports import walking

#: The quietest hour of the week: a demo made now must look alive all the same.
SUNDAY = datetime(2026, 11, 22, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
LAST_90_DAYS = "first=2026-08-24&last=2026-11-21"
#: Minutes by which a median may differ: files have tenths of a minute, pages count in whole seconds.
ROUNDED = Decimal("0.06")
#: Enough for everybody written by hand and a small crowd.
FEW = 120


# The plan

at_any_time = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: SUNDAY + timedelta(minutes=minutes))


@given(now=at_any_time)
@thorough(max_examples=20, deadline=None)
def test_nothing_in_the_plan_happens_after_the_demo_starts_or_long_before(now: datetime) -> None:
    plan = planning.plan(rng=Random(1), now=now, leads=300)

    moments = [happening.at for person in plan.people for happening in person.happenings]
    assert max(moments) < now
    assert min(moments) > now - timedelta(days=100)


@given(now=at_any_time)
@thorough(max_examples=50, deadline=None)
def test_the_nordic_queue_is_filled_in_office_hours(now: datetime) -> None:
    people = planning.plan(rng=Random(1), now=now, leads=40).people
    asked = {person.name: max(happening.at for happening in person.happenings) for person in people}

    for person in featured.NORDIC_QUEUE:
        there = asked[person.name] + HOUR  # Stockholm in winter; in summer an hour later still
        assert there.weekday() < 5
        assert (there.month, there.day) not in HOLIDAYS
        assert 7 <= there.hour < 17


def test_the_plan_has_400_firms_and_1200_people_and_every_address_ends_in_example() -> None:
    plan = planning.plan(rng=Random(1), now=SUNDAY)

    assert len({firm.domain for firm in plan.firms}) == 400
    assert len({person.email for person in plan.people}) == 1_200
    assert all(person.email.endswith(f"@{person.firm.domain}") for person in plan.people)
    assert all(firm.domain.endswith(".example") for firm in plan.firms)


def test_people_do_only_what_the_product_knows() -> None:
    known = {starter.key for starter in STARTERS}

    plan = planning.plan(rng=Random(1), now=SUNDAY)

    assert {happening.type for person in plan.people for happening in person.happenings} <= known


def test_the_same_moment_and_seed_make_the_same_plan() -> None:
    assert planning.plan(rng=Random(5), now=SUNDAY) == planning.plan(rng=Random(5), now=SUNDAY)
    assert planning.plan(rng=Random(5), now=SUNDAY) != planning.plan(rng=Random(6), now=SUNDAY)


# The company, made once for the tests below


@pytest.fixture(scope="module")
def told() -> list[int]:
    """What the play said of how far it was."""
    return []


@pytest.fixture(scope="module")
def company(
    told: list[int], django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[play.Played]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield play.play(now=SUNDAY, leads=FEW, tell=told.append)
        transaction.set_rollback(True)


@pytest.fixture
def demo(company: play.Played, django_db_blocker: DjangoDbBlocker) -> Iterator[play.Played]:
    with django_db_blocker.unblock():
        yield company


@pytest.mark.timeout(600)
@time_machine.travel(SUNDAY, tick=False)
def test_every_figure_of_every_report_is_what_the_rows_behind_it_say(
    demo: play.Played, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an admin, who may open every lead. In this thread and without an event loop, since the demo is in a
    transaction that is not kept; at the moment the demo was made for, whatever the day."""
    monkeypatch.setattr(exports, "sync_to_async", at_once)
    client.force_login(User.objects.filter(role=Role.ADMIN)[0])
    known: dict[str, list[walking.Row]] = {}

    def rows(of: walking.Linked) -> list[walking.Row]:
        if of.file not in known:
            known[of.file] = walking.rows_of(read(client.get(of.file)))
        return known[of.file]

    get, pages = partial(got, client), walking.pages(LAST_90_DAYS)
    figures = [each for page in pages for each in walking.linked(page, get)]
    wrong = [each for each in figures if each.count not in (None, len(rows(each)))]
    assert wrong == []
    assert sum(each.count is not None for each in figures) > 300
    assert sum(bool(each.count) for each in figures) > 100

    headlines = {each.address.split("figure=")[1].split("&")[0]: each for each in figures[:5]}
    decided = rows(headlines["accepted"])
    assert headlines["accepted"].text == (
        walking.accepted_percent(decided) if len(decided) >= ENOUGH else "–"
    )
    deals = walking.amount(rows(headlines["pipeline"]), "EUR")
    assert headlines["pipeline"].text == brief_money(deals, "EUR")
    minutes = Decimal(str(walking.half_touched(rows(headlines["first_touch"]))))
    ends = (minutes - ROUNDED, minutes + ROUNDED)
    assert headlines["first_touch"].text in {wording.said(each, Measure.FIRST_TOUCH) for each in ends}


def test_S1_10_the_forecast_has_a_past_to_read_and_the_last_quarter_to_be_held_against(
    demo: play.Played,
) -> None:
    found = forecast.report(leads=Lead.objects.all(), ahead=forecast.Ahead.DAYS, at=SUNDAY)
    for foreseen in (found.forecast, found.said):
        assert foreseen.wins is not None
        assert foreseen.revenue is not None
        assert foreseen.wins.low < foreseen.wins.expected < foreseen.wins.high
    assert found.came.wins > 0
    ended = Opportunity.objects.filter(source=history.SOURCE)
    assert 90 < ended.count() < 150
    assert ended.filter(closed_at__gt=SUNDAY - timedelta(days=91)).count() == 0
    assert Handoff.objects.filter(lead__opportunities__source=history.SOURCE).count() == 0


def test_reps_do_their_tasks_while_they_work(demo: play.Played) -> None:
    done = Task.objects.exclude(done_at=None).select_related("owner")
    moments = [task.done_at.astimezone(ZoneInfo(task.owner.time_zone)) for task in done if task.done_at]
    assert len(moments) >= 5
    assert {moment.weekday() for moment in moments} <= set(range(5))
    assert all(7 <= moment.hour < 19 for moment in moments)


def at_once(made: Callable[[str], Any]) -> Callable[[str], Any]:
    async def run(after: str) -> Any:
        return made(after)

    return run


def read(answer: Any) -> str:
    """A download that is made in pieces."""

    async def collected() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    assert answer.status_code == 200
    try:
        collected().send(None)
    except StopIteration as ended:
        return bytes(ended.value).decode()
    raise AssertionError("It waits for something.")


def got(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_it_says_how_far_it_is(demo: play.Played, told: list[int]) -> None:
    assert told == [10, 20, 30, 40, 50, 60, 70, 80, 90]


def test_the_demo_rep_has_a_full_queue_at_any_hour(demo: play.Played) -> None:
    queue = Handoff.objects.open().filter(rep__email=REP)

    assert queue.count() >= 12
    assert queue.overdue(SUNDAY).count() == 1
    assert queue.filter(due_at__gt=SUNDAY, due_at__lte=SUNDAY + HOUR).count() >= 1
    assert queue.filter(due_at__gt=SUNDAY + HOUR).count() >= 6


def test_one_of_them_comes_back_after_a_rejection(demo: play.Played) -> None:
    back = Handoff.objects.open().get(rep__email=REP, cycle=2)

    assert back.lead.name == featured.RETURNER


def test_one_is_put_off_and_one_is_held_by_a_colleague(demo: play.Played) -> None:
    asleep = Handoff.objects.asleep(SUNDAY).select_related("rep").get()
    free = Handoff.objects.unassigned().select_related("claimed_by").get()

    assert (asleep.rep is not None and asleep.rep.email, asleep.lead.name) == (REP, featured.SNOOZED[0])
    assert SUNDAY < (asleep.snoozed_until or SUNDAY) < asleep.due_at
    assert (free.lead.name, str(free.holder(SUNDAY))) == (featured.GIVEN_BACK[0], "Mirjam Gerber")


def test_nine_leads_are_back_with_marketing_with_reason_note_and_date(demo: play.Played) -> None:
    returned = Verdict.objects.filter(
        kind=Verdict.Kind.REJECT, handoff__lead__stage=Stage.MQL, handoff__lead__handoffs__status="rejected"
    )
    names = set(returned.values_list("handoff__lead__name", flat=True))

    assert names == {person.name for person in featured.RETURNED}
    assert not returned.filter(note="").exists()
    assert not returned.filter(return_on=None).exists()


def test_stages_are_what_their_history_says(demo: play.Played) -> None:
    for lead in Lead.objects.all():
        changes = list(StageChange.objects.filter(lead=lead).order_by("at", "id"))
        assert lead.stage == (changes[-1].to_stage if changes else Stage.LEAD)
        for before, after in pairwise(changes):
            assert after.from_stage == before.to_stage


def test_everything_is_scored_handled_and_sent(demo: play.Played) -> None:
    assert not ChangedLead.objects.exists()
    assert not Crossing.objects.filter(handled_at=None).exists()
    assert not Delivery.objects.exclude(state=Delivery.State.SENT).exists()


def test_the_rules_are_older_than_what_they_did(demo: play.Played) -> None:
    first = Handoff.objects.earliest("offered_at")
    for version in ModelVersion.objects.all():
        assert version.created_at <= SUNDAY - timedelta(minutes=50)
    live = ModelVersion.objects.live()
    assert live.published_at is not None
    assert live.published_at < first.offered_at
    assert Publication.objects.latest("at").at == live.published_at


def test_only_what_is_new_is_unread(demo: play.Played) -> None:
    unread = Notification.objects.unread()

    assert 1 <= unread.filter(recipient__email=REP).count() <= 12
    assert not unread.filter(created_at__lt=SUNDAY - HOUR).exists()


def test_nothing_is_dated_after_the_start(demo: play.Played) -> None:
    assert not Activity.objects.filter(occurred_at__gt=SUNDAY).exists()
    assert not StageChange.objects.filter(at__gt=SUNDAY).exists()
    assert not Verdict.objects.filter(at__gt=SUNDAY).exists()
    assert not Notification.objects.filter(created_at__gt=SUNDAY).exists()


def test_there_are_six_reps_two_managers_two_marketers_and_an_admin(demo: play.Played) -> None:
    roles = list(User.objects.values_list("role", flat=True))

    assert {role: roles.count(role) for role in roles} == {"rep": 6, "manager": 2, "marketer": 2, "admin": 1}
    sold_before = Company.objects.filter(leads__opportunities__source=history.SOURCE).distinct()
    assert demo.companies == Company.objects.count() == 400 + sold_before.count()


def test_every_page_about_sources_has_something_to_decide_on(demo: play.Played) -> None:
    assert Submission.objects.held().count() == 1
    assert Submission.objects.filter(state=Submission.State.TAKEN).count() >= 3
    assert InboxItem.objects.replayable().count() == 2
    assert LookAlike.objects.waiting().count() >= 2
    assert set(Suspicion.objects.values_list("signal", flat=True)) >= {"burst", "crawler", "too_soon"}
    brought = Import.objects.get(source="service-fair")
    assert brought.state == Import.State.DONE
    assert brought.rejected >= 1
    assert brought.created >= 5
    assert set(Source.objects.values_list("kind", flat=True)) == {"script", "form", "hook", "import"}


def test_what_arrives_from_outside_hands_nobody_over(demo: play.Played) -> None:
    brought = {"website", "route-planning-guide", "postmark", "service-fair"}

    assert not Handoff.objects.filter(lead__source__in=brought).exists()
