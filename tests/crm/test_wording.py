"""How pages say numbers and times."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import wording

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 17, 9, 36, tzinfo=UTC)  # 10:36 in Berlin


def said(**past: float) -> str:
    return wording.ago(NOW - timedelta(**past), now=NOW, zone=BERLIN)


@pytest.mark.parametrize(
    ("hundredths", "words"),
    [(9149, "91"), (9150, "92"), (0, "0"), (-49, "0"), (-350, "\u22124"), (1960, "20")],
)
def test_scores_are_said_in_whole_points(hundredths: int, words: str) -> None:
    assert wording.whole_points(hundredths) == words


@pytest.mark.parametrize(
    ("points", "words"), [(25.0, "+25"), (3.62, "+3.6"), (-4.0, "\u22124"), (0.0, "0"), (-0.04, "0")]
)
def test_a_contribution_carries_its_sign(points: float, words: str) -> None:
    assert wording.signed(points) == words


@given(st.integers(-100_000, 100_000))
def test_a_minus_is_never_a_hyphen_and_never_stands_before_nothing(hundredths: int) -> None:
    words = wording.whole_points(hundredths)
    assert "-" not in words
    assert words != f"{wording.MINUS}0"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Marta Kowalczyk", "MK"),
        ("Anneke de Graaf", "AG"),
        ("Pádraig", "P"),
        ("ada.lovelace@handoff.example", "A"),
        ("", "?"),
        ("  élodie martin ", "ÉM"),
        ("(unknown)", "?"),
    ],
)
def test_initials_are_of_the_first_and_the_last_word(name: str, letters: str) -> None:
    assert wording.initials(name) == letters


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 min"), (36, "36 min"), (60, "1 h"), (100, "1 h 40 min"), (125, "2 h 05 min"), (1620, "27 h")],
)
def test_a_duration_is_said_in_hours_and_minutes(minutes: int, words: str) -> None:
    assert wording.duration(minutes) == words


def test_the_near_past_is_relative_and_from_two_days_on_a_date() -> None:
    assert said(seconds=40) == "just now"
    assert said(minutes=24) == "24 min ago"
    assert said(hours=3) == "3 h ago"
    assert said(days=1) == "yesterday"
    assert said(days=2) == "15 Nov"
    assert said(days=400) == "13 Oct 2025"


def test_yesterday_begins_at_the_readers_midnight() -> None:
    late_evening = datetime(2026, 11, 16, 22, 30, tzinfo=UTC)  # 23:30 in Berlin, the day before
    assert wording.ago(late_evening, now=NOW, zone=BERLIN) == "yesterday"
    assert wording.ago(late_evening + timedelta(hours=1), now=NOW, zone=BERLIN) == "10 h ago"


def test_half_an_hour_ago_stays_so_across_midnight() -> None:
    just_after = datetime(2026, 11, 16, 23, 10, tzinfo=UTC)  # 00:10 in Berlin
    assert wording.ago(just_after - timedelta(minutes=30), now=just_after, zone=BERLIN) == "30 min ago"


def test_the_future_is_told_apart() -> None:
    assert said(minutes=-24) == "in 24 min"
    assert said(days=-1) == "tomorrow"


def test_a_time_of_another_day_brings_its_date() -> None:
    assert wording.clock_time(NOW, now=NOW, zone=BERLIN) == "10:36"
    assert wording.clock_time(NOW - timedelta(days=1), now=NOW, zone=BERLIN) == "Mon 16 Nov, 10:36"


def test_days_of_a_timeline_are_named() -> None:
    def heading(**past: float) -> str:
        return wording.day_heading(NOW - timedelta(**past), now=NOW, zone=BERLIN)

    assert heading() == "Today, Tuesday 17 November"
    assert heading(days=1) == "Yesterday, Monday 16 November"
    assert heading(days=5) == "Thursday 12 November"
    assert heading(days=365) == "Monday 17 November 2025"
