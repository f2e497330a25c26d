from datetime import UTC, datetime, time, timedelta

from accounts.availability import Stretch, is_away, is_within

MORNINGS = [Stretch(weekday=0, start=time(9), end=time(13))]
MONDAY_NINE_IN_BERLIN = datetime(2026, 11, 16, 8, tzinfo=UTC)


def test_hours_are_read_in_the_persons_own_zone() -> None:
    assert is_within(hours=MORNINGS, zone="Europe/Berlin", at=MONDAY_NINE_IN_BERLIN)
    assert not is_within(hours=MORNINGS, zone="UTC", at=MONDAY_NINE_IN_BERLIN)


def test_the_end_of_a_stretch_is_not_part_of_it() -> None:
    at_one = MONDAY_NINE_IN_BERLIN + timedelta(hours=4)
    assert not is_within(hours=MORNINGS, zone="Europe/Berlin", at=at_one)
    assert is_within(hours=MORNINGS, zone="Europe/Berlin", at=at_one - timedelta(seconds=1))


def test_somebody_without_hours_is_always_there() -> None:
    assert is_within(hours=[], zone="UTC", at=MONDAY_NINE_IN_BERLIN)


def test_an_absence_is_half_open() -> None:
    leave = [(MONDAY_NINE_IN_BERLIN, MONDAY_NINE_IN_BERLIN + timedelta(days=1))]
    assert is_away(absences=leave, at=MONDAY_NINE_IN_BERLIN)
    assert not is_away(absences=leave, at=MONDAY_NINE_IN_BERLIN + timedelta(days=1))
