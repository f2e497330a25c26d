"""Intervals against published figures, and the laws they keep."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from scoring.intervals import auc, by_chance, lift, rate, share, tenths, too_few


def test_wilson_agrees_with_published_figures() -> None:
    """Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for k, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        found = share(k, n)
        assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_delong_agrees_with_a_hand_count() -> None:
    """Of nine pairs the good one is above in seven and equal in one; placements as the paper defines them."""
    scores, good = [5, 4, 2, 4, 1, 1], [True, True, True, False, False, False]
    found = auc(scores, good)
    v10, v01 = np.array([3, 2.5, 2]) / 3, np.array([1.5, 3, 3]) / 3
    area = 7.5 / 9
    se = math.sqrt(v10.var(ddof=1) / 3 + v01.var(ddof=1) / 3)
    half = 1.959964 * se / (area * (1 - area))
    logit = math.log(area / (1 - area))
    assert found.value == pytest.approx(area)
    assert found.low == pytest.approx(1 / (1 + math.exp(half - logit)))
    assert found.high == pytest.approx(1 / (1 + math.exp(-half - logit)))


outcomes = st.lists(st.tuples(st.integers(-30, 30), st.booleans()), min_size=2, max_size=60)


@given(outcomes)
def test_the_area_is_the_one_everybody_computes_and_lies_in_its_interval(
    rows: list[tuple[int, bool]],
) -> None:
    scores, good = [score for score, _ in rows], [good for _, good in rows]
    found = auc(scores, good)
    if len(set(good)) < 2:
        assert found is None
        return
    assert found.value == pytest.approx(roc_auc_score(good, scores))
    assert 0 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= 1


@given(outcomes, st.randoms())
def test_tenths_share_ties_whatever_the_order(rows: list[tuple[int, bool]], chance: Random) -> None:
    shuffled = rows[:]
    chance.shuffle(shuffled)
    parts = [
        tenths(np.array([row[0] for row in some], dtype=float), np.array([row[1] for row in some]))
        for some in (rows, shuffled)
    ]
    assert np.array(parts[0]) == pytest.approx(np.array(parts[1]))
    assert sum(good for good, _ in parts[0]) == pytest.approx(sum(good for _, good in rows))
    assert sum(size for _, size in parts[0]) == pytest.approx(len(rows))


@given(st.integers(1, 200), st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_a_lift_lies_in_its_interval(n: int, k: int, other: int, won: int) -> None:
    k, won = min(k, n), min(won, other)
    found = lift(k, n, k + won, n + other)
    if k + won == 0:
        assert found is None
    else:
        assert 0 <= found.low <= found.value + 1e-9
        assert found.value <= found.high + 1e-9


def test_the_interval_of_random_scores_holds_the_coin_about_nineteen_times_in_twenty() -> None:
    chance = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        found = auc(chance.normal(size=80), chance.random(80) < 0.4)
        held += found.low <= 0.5 <= found.high
    assert 365 <= held <= 395


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_how_likely_a_part_is_by_chance_is_counted(of_n: int, of_k: int, n: int, k: int) -> None:
    of_k, n = min(of_k, of_n), min(n, of_n)
    ways = sum(math.comb(of_k, held) * math.comb(of_n - of_k, n - held) for held in range(k, n + 1))
    assert by_chance(k, n, of_k, of_n) == pytest.approx(ways / math.comb(of_n, n), abs=1e-9)


def test_the_lady_who_tasted_tea() -> None:
    """Fisher 1935, The Design of Experiments, chapter II: of eight cups all four, one way in 70."""
    assert by_chance(4, 4, 4, 8) == pytest.approx(1 / 70)
    assert by_chance(3, 4, 4, 8) == pytest.approx(17 / 70)


def test_counts_of_rare_events() -> None:
    assert rate(0).low == 0
    assert rate(25).low < 25 < rate(25).high


def test_too_few_is_said_in_words() -> None:
    assert "20 or more" in too_few(good=10, bad=5)
    assert too_few(good=0, bad=0).startswith("Nothing is decided yet")
    assert "Only 3 of 60 went well" in too_few(good=3, bad=57)
    assert too_few(good=10, bad=10) == ""
