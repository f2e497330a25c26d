"""A forecast on pasts that follow a law: its interval holds about as often as it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.foreseeing import Forecast, Known, Place, Window, foresee

RATES = {Place.DEAL: 0.35, Place.SQL: 0.15, Place.HANDED_OVER: 0.06, Place.MQL: 0.02}
SIZES = {Place.DEAL: 60, Place.SQL: 80, Place.HANDED_OVER: 120, Place.MQL: 400}


def drawn(
    seed: int, windows: int = 6, alike: float = 0.0, newcomers: float = 9.0
) -> tuple[Known, float, float]:
    """A past by the law above, and what then came: wins and revenue. ``alike``: windows have rates of
    their own."""
    rng = np.random.default_rng(seed)

    def a_window() -> tuple[Window, int]:
        stood = {place: int(rng.poisson(size)) for place, size in SIZES.items()}
        won = {}
        for place, p in RATES.items():
            own = rng.beta(p * (1 / alike - 1), (1 - p) * (1 / alike - 1)) if alike else p
            won[place] = int(rng.binomial(stood[place], own))
        new = int(rng.poisson(newcomers))
        return Window(stood, won, new), sum(won.values()) + new

    past = [a_window() for _ in range(windows)]
    ahead, wins = a_window()
    amounts = rng.lognormal(9, 0.8, sum(count for _, count in past))
    own = rng.lognormal(9, 0.8, ahead.stood[Place.DEAL] // 2)
    of_own = int(rng.binomial(ahead.won[Place.DEAL], 0.5)) if len(own) else 0
    of_own = min(of_own, len(own))
    revenue = rng.choice(own, of_own, replace=False).sum() + rng.lognormal(9, 0.8, wins - of_own).sum()
    known = Known([window for window, _ in past], list(amounts), ahead.stood, list(own))
    return known, wins, float(revenue)


@pytest.mark.parametrize("alike", [0.0, 0.03])
def test_S1_10_nine_intervals_out_of_ten_hold_what_comes(alike: float) -> None:
    seeds = 150
    wins_held = revenue_held = 0
    off = []
    for seed in range(seeds):
        known, wins, revenue = drawn(seed, alike=alike)
        found = foresee(known)
        assert found.wins is not None
        assert found.revenue is not None
        wins_held += found.wins.holds(wins)
        revenue_held += found.revenue.holds(revenue)
        off.append(found.wins.expected - wins)
    assert 0.83 <= wins_held / seeds <= 0.97
    assert 0.83 <= revenue_held / seeds <= 0.98
    assert abs(np.mean(off)) < 3 * np.std(off) / np.sqrt(seeds), "neither too high nor too low as a rule"


def test_S1_10_the_same_past_makes_the_same_forecast_and_parts_add_up() -> None:
    known, *_ = drawn(1)
    found = foresee(known)
    assert foresee(known) == found
    assert found.wins is not None
    assert found.revenue is not None
    assert sum(part.wins or 0 for part in found.parts) == pytest.approx(found.wins.expected, rel=0.03)
    assert sum(part.revenue or 0 for part in found.parts) == pytest.approx(found.revenue.expected, rel=0.05)
    assert found.wins.low < found.wins.expected < found.wins.high


def test_S1_10_more_of_the_same_past_makes_it_surer() -> None:
    def width(windows: int) -> float:
        widths = []
        for seed in range(10):
            wins = foresee(drawn(seed, windows=windows)[0]).wins
            assert wins is not None
            widths.append(wins.high - wins.low)
        return float(np.mean(widths))

    assert width(8) < width(3)


def test_S1_10_of_too_little_nothing_is_said() -> None:
    known, *_ = drawn(2)
    short = foresee(Known(known.windows[:1], known.amounts, known.stands))
    assert (short.wins, short.revenue) == (None, None)
    assert "too little to say" in short.why_not
    assert [(part.place, part.stands, part.wins) for part in short.parts] == [
        (place, known.stands[place], None) for place in Place
    ], "how many stand where is still told"

    quiet = [Window({Place.DEAL: 40}, {Place.DEAL: 3}, 1)] * 4
    few = foresee(Known(quiet, [100.0] * 16, {Place.DEAL: 10}))
    assert few.why_not == "Only 16 deals were won in the past that compares: too few to say."

    unpriced = foresee(Known(known.windows, known.amounts[:5], known.stands))
    assert unpriced.wins is not None
    assert unpriced.revenue is None
    assert "too few to say" in unpriced.why_not


def test_S1_10_a_place_where_too_few_stood_adds_nothing_and_says_so() -> None:
    windows = [Window({Place.DEAL: 50, Place.SQL: 2}, {Place.DEAL: 20, Place.SQL: 1}, 0)] * 4
    found = foresee(Known(windows, [100.0] * 80, {Place.DEAL: 50, Place.SQL: 1_000}))
    parts = {part.place: part for part in found.parts}
    assert (parts[Place.SQL].wins, parts[Place.SQL].stood) == (None, 8)
    assert found.wins is not None
    assert found.wins.expected == pytest.approx(20, abs=2)


@given(
    stands=st.fixed_dictionaries({place: st.integers(0, 300) for place in Place}),
    newcomers=st.lists(st.integers(0, 40), min_size=2, max_size=8),
    share=st.floats(0, 1),
)
def test_a_forecast_stays_within_what_is_possible(
    stands: dict[Place, int], newcomers: list[int], share: float
) -> None:
    windows = [
        Window(dict.fromkeys(Place, 30), dict.fromkeys(Place, round(30 * share)), new) for new in newcomers
    ]
    found: Forecast = foresee(Known(windows, [5.0] * 30, stands))
    if found.wins:
        assert 0 <= found.wins.low <= found.wins.high <= sum(stands.values()) + 10 * max(newcomers) + 30
