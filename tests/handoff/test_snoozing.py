"""Putting a lead off (G-06): it comes back by itself, earlier when the lead asks again, and stays due."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from handoff import decisions, snoozing
from handoff.models import Handoff, Snooze
from handoff.permissions import NotYours
from tests.factories import activity, rep
from tests.handoff.factories import NOW, offered

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def sol(db: None) -> User:
    return rep("Sol Seller")


def asleep(handoff: Handoff, at: datetime) -> bool:
    return Handoff.objects.asleep(at).filter(pk=handoff.pk).exists()


def test_it_leaves_the_list_and_comes_back_by_itself_with_its_clock_unchanged(sol: User) -> None:
    handoff = offered(sol)
    snoozing.snooze(handoff=handoff, by=sol, until=NOW + HOUR, at=NOW, reason="In a meeting")

    assert asleep(handoff, NOW + HOUR / 2)
    assert not asleep(handoff, NOW + HOUR)
    assert Handoff.objects.get(pk=handoff.pk).due_at == handoff.due_at
    assert snoozing.wake(at=NOW + HOUR / 2) == 0
    assert snoozing.wake(at=NOW + HOUR) == 1
    handoff.refresh_from_db()
    assert (handoff.woken_by, handoff.woke_at, handoff.snoozed_until) == ("time", NOW + HOUR, None)
    assert snoozing.wake(at=NOW + HOUR) == 0


def test_a_new_sign_of_intent_brings_it_back_early(sol: User) -> None:
    handoff = offered(sol)
    activity(handoff.lead, "demo_request", NOW - timedelta(minutes=1))
    snoozing.snooze(handoff=handoff, by=sol, until=NOW + HOUR, at=NOW)
    activity(handoff.lead, "page_view", NOW + timedelta(minutes=5))
    assert snoozing.wake(at=NOW + timedelta(minutes=6)) == 0

    activity(handoff.lead, "pricing_page_view", NOW + timedelta(minutes=7))

    assert snoozing.wake(at=NOW + timedelta(minutes=8)) == 1
    assert Handoff.objects.get(pk=handoff.pk).woken_by == "intent"


def test_it_can_be_undone_and_who_took_it_back_stays_known(sol: User) -> None:
    handoff = offered(sol)
    snoozing.snooze(handoff=handoff, by=sol, until=NOW + HOUR, at=NOW)

    snoozing.unsnooze(handoff=handoff, by=sol, at=NOW)
    snoozing.unsnooze(handoff=handoff, by=sol, at=NOW)

    handoff.refresh_from_db()
    assert not asleep(handoff, NOW)
    assert handoff.woke_at is None
    [put_off] = Snooze.objects.all()
    assert (put_off.ending, put_off.ended_by, put_off.ended_at) == ("taken_back", sol, NOW)


def test_a_post_that_arrives_three_times_is_one_snooze_and_another_moment_replaces_it(sol: User) -> None:
    handoff, second = offered(sol), timedelta(seconds=1)
    for times in range(3):
        at = NOW + times * second
        snoozing.snooze(handoff=handoff, by=sol, until=at + HOUR, at=at)
    snoozing.snooze(handoff=handoff, by=sol, until=NOW + 2 * HOUR, at=NOW + 5 * second)
    assert list(Snooze.objects.order_by("id").values_list("ending", flat=True)) == ["replaced", ""]

    snoozing.wake(at=NOW + 2 * HOUR)

    assert list(Snooze.objects.order_by("id").values_list("ending", flat=True)) == ["replaced", "time"]


def test_a_snooze_that_a_sign_of_intent_ended_says_so(sol: User) -> None:
    handoff = offered(sol)
    snoozing.snooze(handoff=handoff, by=sol, until=NOW + HOUR, at=NOW)
    activity(handoff.lead, "demo_request", NOW + timedelta(minutes=1))
    snoozing.wake(at=NOW + timedelta(minutes=2))
    assert Snooze.objects.get().ending == "intent"


@pytest.mark.parametrize("days", [-1, 0, 31])
def test_a_moment_that_makes_no_sense_is_refused(sol: User, days: int) -> None:
    with pytest.raises(snoozing.SnoozeRefused):
        snoozing.snooze(handoff=offered(sol), by=sol, until=NOW + timedelta(days=days), at=NOW)


def test_neither_anothers_nor_an_answered_one_is_put_off(sol: User) -> None:
    handoff = offered(sol)
    with pytest.raises(NotYours):
        snoozing.snooze(handoff=handoff, by=rep("Sofia Reuter"), until=NOW + HOUR, at=NOW)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    with pytest.raises(snoozing.NothingToSnooze):
        snoozing.snooze(handoff=handoff, by=sol, until=NOW + HOUR, at=NOW)


def test_presets_are_in_the_persons_own_zone_and_say_what_is_due_before(sol: User) -> None:
    friday_late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # Saturday in Berlin
    handoff = offered(sol)
    handoff.due_at = friday_late + 2 * HOUR

    hour, tomorrow, monday = snoozing.presets(handoff=handoff, zone="Europe/Berlin", at=friday_late)

    berlin = ZoneInfo("Europe/Berlin")
    assert tomorrow.until == datetime(2026, 11, 22, 9, tzinfo=berlin)
    assert monday.until == datetime(2026, 11, 23, 9, tzinfo=berlin)
    assert [each.late for each in (hour, tomorrow, monday)] == [False, True, True]


def test_a_moment_is_offered_once_though_it_has_two_names(sol: User) -> None:
    handoff = offered(sol)
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    named = [each.label for each in snoozing.presets(handoff=handoff, zone="Europe/Berlin", at=sunday)]
    assert named == ["In 1 hour", "Tomorrow 9:00"]
