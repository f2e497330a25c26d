"""The geometry of the small charts, and what they say to those who do not see them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm import charts

LINES: dict[str, int | None] = {"intent": 20, "fit": 20, "engagement": None}
CEILINGS = {"intent": 35, "fit": 45, "engagement": 20}
NOW = datetime(2026, 11, 17, 10, 36, tzinfo=UTC)


def drawn(intent: int, fit: int = 2000, engagement: int = 500) -> list[charts.Bar]:
    return charts.bars(intent=intent, fit=fit, engagement=engagement, lines=LINES, ceilings=CEILINGS)


def clock(*, remaining: int, total: int = 60, wall: int | None = None) -> charts.Clock:
    due_at = NOW + timedelta(minutes=remaining if wall is None else wall)
    return charts.clock(due="11:12", due_at=due_at, at=NOW, total=total, remaining=remaining)


def test_intent_comes_first_and_the_words_carry_figures_and_lines() -> None:
    assert [bar.key for bar in drawn(2800)] == ["intent", "fit", "engagement"]
    assert charts.bars_in_words(drawn(2800)) == "Intent 28, line 20; Fit 20, line 20; Engagement 5, no line"


def test_the_line_is_reached_exactly_on_it() -> None:
    assert drawn(2000)[0].verdict == "line 20, over"
    assert drawn(1800)[0].verdict == "line 20, 2 short"


def test_a_figure_rounded_up_to_the_line_still_says_what_is_missing() -> None:
    bar = drawn(1960)[0]
    assert (bar.points, bar.verdict) == ("20", "line 20, 0.4 short")
    assert drawn(1999)[0].verdict == "line 20, 0.1 short"


def test_a_grade_says_letters_and_steps() -> None:
    graded = {"lines": {"fit": 7}, "ceilings": {"fit": 12}, "engagement": 0, "intent": 0, "graded": True}
    said = [charts.bars(fit=fit, **graded)[1] for fit in (900, 600, 500)]
    assert [(bar.points, bar.verdict) for bar in said] == [
        ("B+", "line B-, over"),
        ("C+", "line B-, 1 step short"),
        ("C", "line B-, 2 steps short"),
    ]


def test_what_happened_is_marked_where_it_happened() -> None:
    spark = charts.spark(
        bar=drawn(3500)[0], series=[0, 3500, 1000], days=30, places=[0, 0.25, 1], marks=[0.25, 2]
    )
    assert spark is not None
    assert spark.line == "M0.0 22.0 25.0 2.0 100.0 16.3"
    assert spark.marks == "M25.0 0V24"


@given(st.integers(-20_000, 20_000), st.integers(0, 200))
def test_no_bar_leaves_its_track(hundredths: int, ceiling: int) -> None:
    bar = charts.Bar(key="fit", label="Fit", css="fit", hundredths=hundredths, ceiling=ceiling, line=250)
    assert 0 <= bar.width <= 100
    assert bar.tick is not None
    assert 0 <= bar.tick <= 100


def test_a_clock_turns_amber_in_its_last_quarter_and_red_when_over() -> None:
    assert (clock(remaining=15).state, clock(remaining=14).state) == ("calm", "soon")
    assert (clock(remaining=0).state, clock(remaining=-1).state) == ("soon", "over")
    assert clock(remaining=36).words == "36 min left"
    assert clock(remaining=100, total=240).words == "1 h 40 min"
    assert clock(remaining=-18).words == "18 min over"


def test_a_clock_names_its_due_time_and_what_was_agreed() -> None:
    assert clock(remaining=36).title == "Due 11:12, agreed response 60 min"
    assert clock(remaining=-18, total=240).title == "Was due 11:12, agreed response 4 h"


def test_a_clock_over_a_closed_night_does_not_tick_by_itself() -> None:
    assert clock(remaining=36).ticking
    assert not clock(remaining=36, wall=36 + 14 * 60).ticking


def test_a_history_line_stays_in_its_drawing_and_says_its_range() -> None:
    series = [0, 200, 600, 3500]
    spark = charts.spark(bar=drawn(3500)[0], series=series, days=30)
    assert spark is not None
    assert spark.line == "M0.0 22.0 33.3 20.9 66.7 18.6 100.0 2.0"
    assert spark.threshold == 10.6
    assert spark.words == "Intent over 30 days: from 0, between 0 and 35, now 35"


def test_one_moment_is_no_history() -> None:
    assert charts.spark(bar=drawn(3500)[0], series=[3500], days=0) is None


@given(st.lists(st.integers(-20_000, 20_000).map(lambda hundredths: hundredths / 100), max_size=20))
def test_equal_points_are_equally_long_on_both_sides_and_stay_in_the_cell(points: list[float]) -> None:
    scale = charts.diverging_scale(points)
    for value in points:
        room = 100 - scale.LEFT if value > 0 else scale.LEFT
        assert 0 <= scale.width(value) <= room + 0.1
        assert scale.width(value) == scale.width(-value)
