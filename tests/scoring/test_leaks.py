"""What gives the outcome away, and what only seems to."""

import numpy as np
import pytest

from scoring.intervals import Bools, Floats
from scoring.leaks import leak

KNOWN = {"field": "attributes.x", "op": "known"}


def cuts(number: Floats) -> "np.ndarray":
    """A number as rules see it: so much or more, at thirteen places, as ``learnable`` cuts it."""
    places = np.quantile(number, [n / 14 for n in range(1, 14)], method="inverted_cdf")
    return (number[:, None] >= places).astype(np.uint8)


def accused(number: Floats, good: Bools) -> bool:
    return bool(leak(KNOWN, np.column_stack([np.ones(len(good), np.uint8), cuts(number)]), good, known_now=0))


@pytest.mark.parametrize("n", [20, 25, 40])
def test_a_random_number_is_not_accused_however_few_outcomes_there_are(n: int) -> None:
    """Rates that count the lead itself accuse more than half of them at 20 outcomes."""
    found = 0
    for seed in range(400):
        chance = np.random.default_rng(seed)
        good = np.arange(n) < 0.4 * n
        found += accused(chance.normal(size=n), good)
    assert found <= 4


@pytest.mark.parametrize("n", [20, 25, 40, 400])
def test_a_number_that_was_set_with_the_outcome_is_found(n: int) -> None:
    for seed in range(100):
        chance = np.random.default_rng(seed)
        good = np.arange(n) < 0.4 * n
        assert accused(good * 6 + chance.uniform(size=n), good)


def test_values_that_name_the_outcome_are_found_together() -> None:
    """Four reasons, each given for one kind of outcome: none of them alone tells much."""
    good = np.arange(60) % 2 == 0
    bits = np.zeros((60, 4), np.uint8)
    bits[np.arange(60), np.arange(60) % 4] = 1
    assert leak(KNOWN, bits, good, known_now=0).startswith("It tells 100% of good from bad by itself")


def test_what_came_later_is_late() -> None:
    bits = (np.arange(40) < 10)[:, None].astype(np.uint8)
    said = leak({"activity": ["call_logged"]}, bits, np.arange(40) % 3 == 0, known_now=30)
    assert said == "It comes after the decision: 67% of the leads that did it had not done so before."
