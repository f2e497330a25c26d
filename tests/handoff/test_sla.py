"""Business time. Monday to Friday 9 to 17 unless a test says otherwise."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.availability import Stretch, is_within
from handoff import sla
from handoff.sla import ALWAYS_OPEN, Calendar

WEEKDAYS = tuple(Stretch(day, time(9), time(17)) for day in range(5))
OFFICE = Calendar("UTC", WEEKDAYS)
#: 4 May 2026 is a Monday.
MONDAY = datetime(2026, 5, 4, tzinfo=UTC)


def on(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the week of 4 May 2026: day 0 is Monday, 7 the next one."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def due(start: datetime, hours: float, calendar: Calendar = OFFICE) -> datetime:
    return sla.due_at(start=start, minutes=int(hours * 60), calendar=calendar)


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        pytest.param(on(0, 10), 1, on(0, 11), id="within the day"),
        pytest.param(on(0, 16), 2, on(1, 10), id="over night"),
        pytest.param(on(0, 5), 2, on(0, 11), id="before opening"),
        pytest.param(on(0, 19), 1, on(1, 10), id="after closing"),
        pytest.param(on(5, 10), 2, on(7, 11), id="on Saturday"),
        pytest.param(on(5, 10), 0, on(5, 10), id="at once, even outside hours"),
        pytest.param(on(0, 9), 8, on(0, 17), id="the whole day ends with the day"),
    ],
)
def test_c30_an_answer_is_due_after_so_many_business_hours(start, hours, expected):
    assert due(start, hours) == expected


def test_c31_a_holiday_does_not_count():
    closed_monday = Calendar("UTC", WEEKDAYS, frozenset({MONDAY.date()}))
    assert due(on(0, 10), 4, closed_monday) == on(1, 13)
    closed_next_monday = Calendar("UTC", WEEKDAYS, frozenset({on(7, 0).date()}))
    assert due(on(0, 9), 24, closed_next_monday) == on(2, 17)


def test_c32_business_time_between_two_moments():
    assert sla.elapsed(start=on(0, 10), end=on(0, 12), calendar=OFFICE).total_seconds() == 7200
    calendar = Calendar("UTC", WEEKDAYS, frozenset({date(2024, 1, 15)}))
    passed = sla.elapsed(
        start=datetime(2024, 1, 12, 10, tzinfo=UTC),
        end=datetime(2024, 1, 16, 12, tzinfo=UTC),
        calendar=calendar,
    )
    assert passed.total_seconds() == 36000


def test_c33_friday_afternoon_goes_on_on_monday_unless_nobody_ever_closes():
    friday = datetime(2026, 5, 8, 16, tzinfo=UTC)
    assert due(friday, 4) == datetime(2026, 5, 11, 12, tzinfo=UTC)
    assert due(friday, 4, ALWAYS_OPEN) == datetime(2026, 5, 8, 20, tzinfo=UTC)


def test_c33_a_pause_of_an_hour_moves_the_deadline_by_an_hour():
    assert due(on(0, 9), 4 + 1) == on(0, 14)


def test_c34_the_clock_change_takes_nothing_from_the_working_day():
    new_york = ZoneInfo("America/New_York")
    calendar = Calendar("America/New_York", WEEKDAYS)
    friday = datetime(2026, 3, 6, 16, tzinfo=new_york)
    assert due(friday, 9, calendar) == datetime(2026, 3, 9, 17, tzinfo=new_york)


def test_c34_a_night_shift_loses_the_hour_that_the_clocks_skip():
    berlin = ZoneInfo("Europe/Berlin")
    nights = Calendar("Europe/Berlin", tuple(Stretch(day, time(0), time(6)) for day in range(7)))
    change = datetime(2026, 3, 29, 0, tzinfo=berlin)
    assert due(change, 5, nights) == datetime(2026, 3, 29, 6, tzinfo=berlin)


def test_c35_no_time_at_all_is_zero():
    assert sla.elapsed(start=on(0, 10), end=on(0, 10), calendar=OFFICE) == timedelta(0)
    assert sla.elapsed(start=on(0, 18), end=on(1, 8), calendar=OFFICE) == timedelta(0)


def test_minutes_left_turn_negative_once_the_time_is_up():
    assert sla.minutes_left(at=on(0, 10), due=on(0, 11), calendar=OFFICE) == 60
    assert sla.minutes_left(at=on(0, 16), due=on(1, 10), calendar=OFFICE) == 120
    assert sla.minutes_left(at=on(1, 9, 30), due=on(0, 16, 48), calendar=OFFICE) == -42


def test_a_lunch_break_and_overlapping_hours_count_once():
    split = Calendar(
        "UTC", (Stretch(0, time(13), time(17)), Stretch(0, time(9), time(12)), Stretch(0, time(11), time(12)))
    )
    assert due(on(0, 9), 4, split) == on(0, 14)


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"]


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    """Half an hour or more of a day, after the hours in which clocks are changed: nobody opens at a time that
    one day of the year does not have."""
    start = draw(st.integers(4 * 60, 23 * 60))
    end = draw(st.integers(start + 30, 24 * 60 - 1))
    return Stretch(draw(st.integers(0, 6)), time(start // 60, start % 60), time(end // 60, end % 60))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    hours = draw(st.lists(stretches(), min_size=1, max_size=8))
    days = st.dates(date(2025, 12, 1), date(2027, 2, 1))
    return Calendar(draw(st.sampled_from(ZONES)), tuple(hours), frozenset(draw(st.sets(days, max_size=20))))


#: Anywhere in 2026, by the minute.
MOMENTS = st.integers(0, 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(start=MOMENTS, minutes=st.integers(0, 5000), calendar=calendars())
def test_the_business_time_until_the_deadline_is_what_was_agreed(start, minutes, calendar):
    end = sla.due_at(start=start, minutes=minutes, calendar=calendar)
    assert sla.elapsed(start=start, end=end, calendar=calendar) == timedelta(minutes=minutes)


@given(start=MOMENTS, minutes=st.integers(1, 5000), calendar=calendars())
def test_a_deadline_falls_into_working_hours_and_not_on_a_holiday(start, minutes, calendar):
    end = sla.due_at(start=start, minutes=minutes, calendar=calendar)
    just_before = end - timedelta(microseconds=1)
    assert is_within(hours=calendar.hours, zone=calendar.zone, at=just_before)
    assert just_before.astimezone(ZoneInfo(calendar.zone)).date() not in calendar.holidays


@given(start=MOMENTS, minutes=st.integers(0, 3000), more=st.integers(0, 3000), calendar=calendars())
def test_more_time_is_never_due_sooner(start, minutes, more, calendar):
    sooner = sla.due_at(start=start, minutes=minutes, calendar=calendar)
    assert sla.due_at(start=start, minutes=minutes + more, calendar=calendar) >= sooner


def test_a_desk_round_the_clock_is_closed_on_its_days_off():
    calendar = Calendar("Europe/Berlin", holidays=frozenset({date(2026, 11, 23)}))
    sunday = datetime(2026, 11, 22, 23, 30, tzinfo=ZoneInfo("Europe/Berlin"))

    end = sla.due_at(start=sunday, minutes=60, calendar=calendar)

    assert end == datetime(2026, 11, 24, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert sla.elapsed(start=sunday, end=end, calendar=calendar) == timedelta(hours=1)
