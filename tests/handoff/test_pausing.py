"""A clock stands still for a reason (C-33, C-35)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from handoff import clocks, decisions, escalation, pausing, pipeline, sla
from handoff.models import Handoff, Pause, SlaPolicy, Step, Work
from handoff.pausing import PauseRefused
from handoff.permissions import NotYours
from tests.factories import manager, marketer, rep, team
from tests.handoff.factories import crossing, lead, office_hours, pool
from tests.handoff.test_sla import MOMENTS, calendars

#: 4 May 2026, a Monday, 9:00.
MONDAY = datetime(2026, 5, 4, 9, tzinfo=UTC)


def hour(count: float, of: datetime = MONDAY) -> datetime:
    return of + timedelta(hours=count)


@pytest.fixture
def sol(db: None) -> User:
    return rep("Sol Seller")


@pytest.fixture
def handoff(sol: User) -> Handoff:
    """Offered on Monday at 9, due within four business hours of an office that is open 9 to 17."""
    manager()
    office = team()
    office.calendar = office_hours("UTC")
    office.save()
    pool(sol)
    crossing(lead("Marta Kowalczyk"), intent=2000, at=MONDAY)
    pipeline.run(at=MONDAY)
    return Handoff.objects.get()


def test_c33_a_pause_of_an_hour_moves_the_deadline_and_the_steps_by_an_hour(
    handoff: Handoff, sol: User
) -> None:
    before = dict(Step.objects.values_list("does", "at"))
    assert handoff.due_at == hour(4)
    pausing.pause(handoff=handoff, by=sol, reason="In a meeting", at=hour(1), until=hour(2))
    handoff.refresh_from_db()
    assert handoff.due_at == hour(5)
    assert dict(Step.objects.values_list("does", "at"))["remind"] == before["remind"] + timedelta(hours=1)


def test_c33_a_pause_over_night_moves_it_by_the_business_time_alone(handoff: Handoff, sol: User) -> None:
    pausing.pause(handoff=handoff, by=sol, reason="Call tomorrow", at=hour(3), until=hour(26))
    handoff.refresh_from_db()
    assert handoff.due_at == hour(27)  # Tuesday 11 plus the hour that was left


def test_running_again_early_gives_back_what_was_not_used(handoff: Handoff, sol: User) -> None:
    pausing.pause(handoff=handoff, by=sol, reason="Call in June", at=hour(1), until=hour(24 * 30))
    pausing.resume(handoff=handoff, by=sol, at=hour(2))
    handoff.refresh_from_db()
    assert handoff.due_at == hour(5)
    with pytest.raises(PauseRefused, match="runs already"):
        pausing.resume(handoff=handoff, by=sol, at=hour(2))


def test_undoing_is_as_if_it_had_never_been(handoff: Handoff, sol: User) -> None:
    before = list(Step.objects.order_by("id").values_list("at", flat=True))
    at = hour(3.9)
    pausing.pause(handoff=handoff, by=sol, reason="Oops", at=at)
    pausing.undo(handoff=handoff, by=sol, at=at + timedelta(minutes=9))
    handoff.refresh_from_db()
    assert handoff.due_at == hour(4)
    assert list(Step.objects.order_by("id").values_list("at", flat=True)) == before
    assert Pause.objects.get().is_undone


def test_only_ones_own_pause_is_undone_and_for_ten_minutes(handoff: Handoff, sol: User) -> None:
    max_ = User.objects.get(role="manager")
    pausing.pause(handoff=handoff, by=sol, reason="Later", at=hour(1))
    with pytest.raises(PauseRefused, match="Sol Seller paused it"):
        pausing.undo(handoff=handoff, by=max_, at=hour(1))
    with pytest.raises(PauseRefused, match="10 minutes"):
        pausing.undo(handoff=handoff, by=sol, at=hour(1.5))


def test_nobody_hides_an_overdue_lead_behind_a_pause(handoff: Handoff, sol: User) -> None:
    with pytest.raises(PauseRefused, match="overdue since"):
        pausing.pause(handoff=handoff, by=sol, reason="Hm", at=hour(4), until=hour(30))
    handoff.refresh_from_db()
    assert handoff.due_at == hour(4)


def test_a_breach_that_was_said_stays_said(handoff: Handoff, sol: User) -> None:
    escalation.run(at=hour(5))
    with pytest.raises(PauseRefused):
        pausing.pause(handoff=handoff, by=sol, reason="Hm", at=hour(6))
    handoff.refresh_from_db()
    assert handoff.alarmed_at == hour(5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"reason": "  "}, "Say why"),
        ({"until": hour(-1)}, "moment to come"),
        ({"until": hour(24 * 200)}, "180 days"),
    ],
)
def test_what_no_pause_can_be(handoff: Handoff, sol: User, given: dict[str, object], said: str) -> None:
    with pytest.raises(PauseRefused, match=said):
        pausing.pause(**{"handoff": handoff, "by": sol, "reason": "Later", "at": hour(1), **given})


def test_one_pause_at_a_time_and_another_after_it(handoff: Handoff, sol: User) -> None:
    pausing.pause(handoff=handoff, by=sol, reason="Later", at=hour(1), until=hour(2))
    with pytest.raises(PauseRefused, match="already"):
        pausing.pause(handoff=handoff, by=sol, reason="Later", at=hour(1.5))
    pausing.pause(handoff=handoff, by=sol, reason="Again", at=hour(3), until=hour(4))
    handoff.refresh_from_db()
    assert handoff.due_at == hour(6)


def test_bystanders_and_marketing_do_not_pause(handoff: Handoff, sol: User) -> None:
    for person in (rep("Sofia Reuter"), marketer()):
        with pytest.raises(NotYours):
            pausing.pause(handoff=handoff, by=person, reason="Later", at=hour(1))
    pausing.pause(handoff=handoff, by=User.objects.get(role="manager"), reason="Later", at=hour(1))


def test_while_it_stands_still_nothing_happens_by_itself(handoff: Handoff, sol: User) -> None:
    pausing.pause(handoff=handoff, by=sol, reason="Later", at=hour(1), until=hour(24))
    assert escalation.run(at=hour(23)) == 0
    assert not Handoff.objects.overdue(hour(23)).exists()
    assert Handoff.objects.overdue(hour(30)).exists()


def test_an_accepted_leads_clock_is_paused_too(handoff: Handoff, sol: User) -> None:
    decisions.accept(handoff=handoff, by=sol, at=hour(1))
    handoff.refresh_from_db()
    pausing.pause(handoff=handoff, by=sol, reason="Call in June", at=hour(2), until=hour(3))
    assert Work.objects.get().due_at == hour(6)
    handoff.refresh_from_db()
    assert handoff.due_at == hour(4)


def test_c35_an_answer_at_once_is_zero_seconds_and_pauses_do_not_count(handoff: Handoff, sol: User) -> None:
    decisions.accept(handoff=handoff, by=sol, at=MONDAY)
    assert Handoff.objects.get().answer_seconds == 0
    decisions.undo(handoff=handoff, by=sol, at=hour(0.1))
    assert Handoff.objects.get().answer_seconds is None
    pausing.pause(handoff=handoff, by=sol, reason="Lunch", at=hour(1), until=hour(2))
    decisions.accept(handoff=handoff, by=sol, at=hour(3))
    assert Handoff.objects.get().answer_seconds == 2 * 3600


def test_the_page_pauses_says_so_and_takes_it_back(sol: User, client) -> None:
    pool(sol)
    SlaPolicy.objects.update(minutes=600)
    crossing(lead("Marta Kowalczyk"), at=timezone.now())
    pipeline.run()
    handoff = Handoff.objects.get()
    client.force_login(sol)
    page = f"/leads/{handoff.lead.public_id}/"
    client.post(f"/handoffs/{handoff.public_id}/pause/", {"pause-reason": "<b>Call</b> in June"})
    shown = client.get(page).content.decode()
    assert "Stands still until" in shown
    assert "&lt;b&gt;Call&lt;/b&gt; in June" in shown
    assert "paused the clock" in shown
    assert "Paused until" in client.get("/queue/").content.decode()
    client.post(f"/handoffs/{handoff.public_id}/pause/undo/")
    assert "Stands still until" not in client.get(page).content.decode()
    assert clocks.running_pauses([handoff.pk], timezone.now()) == {}
    refused = client.post(f"/handoffs/{handoff.public_id}/pause/end/", follow=True)
    assert "Its clock runs already." in refused.content.decode()
    nils = rep("Nils North", team("Nordics"))
    client.force_login(nils)
    assert client.post(f"/handoffs/{handoff.public_id}/pause/", {"pause-reason": "x"}).status_code == 404


# Laws


@given(start=MOMENTS, allowed=st.integers(1, 3000), into=st.integers(0, 2999),
       length=st.integers(1, 20_000), calendar=calendars())  # fmt: skip
def test_c33_a_pause_moves_a_moment_by_the_business_time_of_the_pause(
    start, allowed, into, length, calendar
) -> None:
    due = sla.due_at(start=start, minutes=allowed, calendar=calendar)
    begins = sla.due_at(start=start, minutes=min(into, allowed - 1), calendar=calendar)
    ends = begins + timedelta(minutes=length)
    moved = sla.moved(moment=due, start=begins, end=ends, calendar=calendar)
    still = sla.elapsed(start=begins, end=ends, calendar=calendar)
    assert sla.elapsed(start=due, end=moved, calendar=calendar) == still
    assert sla.moved(moment=moved, start=ends, end=begins, calendar=calendar) == due
    taken = clocks.taken(start=start, end=moved, still=[(begins, ends)], calendar=calendar)
    assert taken == timedelta(minutes=allowed)


@given(first=MOMENTS, second=MOMENTS, third=MOMENTS, calendar=calendars())
def test_business_time_adds_up(first, second, third, calendar) -> None:
    a, b, c = sorted((first, second, third))
    parts = sla.elapsed(start=a, end=b, calendar=calendar) + sla.elapsed(start=b, end=c, calendar=calendar)
    assert parts == sla.elapsed(start=a, end=c, calendar=calendar)
