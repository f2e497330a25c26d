"""What the words of a back-test say is so of the figures beside them."""

import pytest

from scoring.backtest import Figures, Judged, figures_of
from scoring.backtest_words import in_words, of_bands
from scoring.outcomes import Decided
from tests.factories import NOW


def figures(*groups: tuple[int, int, int, int, int]) -> Figures:
    """Of each group (intent, fit, engagement, good, bad) so many leads."""
    return figures_of(
        [
            Judged(
                Decided(1, NOW, NOW, n < good, ""),
                over=True,
                intent=intent * 100,
                fit=fit * 100,
                engagement=engagement * 100,
                total=(intent + fit + engagement) * 100,
            )
            for intent, fit, engagement, good, bad in groups
            for n in range(good + bad)
        ]
    )


def test_a_total_that_tells_nothing_does_not_hide_what_tells_alone() -> None:
    """Fit and intent hold the total level."""
    found = figures((10, 0, 0, 40, 10), (0, 10, 0, 10, 40))

    said = in_words(found, "accepted")

    assert said.startswith("The total was the same for all 100 decided leads, so it says nothing.")
    assert "Intent alone tells: the better one has more of it 80% of the time" in said
    assert "Fit alone points the wrong way: the better one has more of it 20% of the time" in said
    assert "nothing separates" not in said.lower()


def test_a_part_that_points_the_wrong_way_is_no_nothing() -> None:
    found = figures((10, 0, 0, 10, 40), (0, 9, 0, 40, 10), (0, 11, 0, 10, 40))

    said = in_words(found, "accepted")

    assert "Nothing here separates" not in said
    assert "Intent alone points the wrong way" in said


def test_a_total_that_points_the_wrong_way_leaves_room_for_a_part_that_tells() -> None:
    found = figures((5, 0, 0, 40, 10), (0, 40, 0, 10, 40))

    said = in_words(found, "accepted")

    assert said.startswith("The total points the wrong way")
    assert "Intent alone tells" in said


def test_a_total_that_tells_names_a_part_that_points_the_wrong_way() -> None:
    found = figures((40, 0, 0, 40, 10), (0, 0, 5, 10, 40))

    said = in_words(found, "accepted")

    assert said.startswith("The score tells good from bad")
    assert "Engagement alone points the wrong way" in said
    assert "Intent alone" not in said  # which the total says already


def test_where_nothing_separates_no_range_of_a_part_leaves_out_the_coin() -> None:
    """One range of 95 % leaves 50 % out by chance; the one shown, of three that were tried, does not."""
    found = figures((10, 0, 8, 32, 22), (0, 10, 0, 22, 32))

    assert found.auc["intent"] is not None
    assert found.auc["intent"].low > 0.5 - 0.01
    assert not found.telling
    assert all(area is None or area.low <= 0.5 <= area.high for area in found.alone.values())


def in_bands(*shares: tuple[int, int]) -> Figures:
    """A band of the total for each (good, bad), the lowest first."""
    return figures(*((0, 0, 10 * n, good, bad) for n, (good, bad) in enumerate(shares)))


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ([(10, 40), (25, 25), (40, 10)], "each band does as well as the one below it, or better"),
        (
            [(2, 48), (26, 24), (24, 26), (48, 2)],
            "higher bands do better on the whole; where one does not, it may be chance",
        ),
        ([(25, 25), (27, 23), (24, 26)], "no band differs from another by more than chance"),
        ([(5, 45), (45, 5), (10, 40)], "by more than chance"),
        ([(20, 20)], "all leads are in one band"),
    ],
)
def test_the_bands_are_called_what_they_are(shares: list[tuple[int, int]], said: str) -> None:
    found = in_bands(*shares)
    assert of_bands(found).endswith(said)
    if said == "by more than chance":
        best = max(found.bands, key=lambda band: band.good.rate)
        assert of_bands(found) == f"{found.bands[-1].label} does worse than {best.label}, by more than chance"


def test_a_band_without_anybody_says_nothing() -> None:
    found = figures((0, 0, 0, 10, 40), (0, 0, 60, 40, 10))
    assert any(band.good.n == 0 for band in found.bands)
    assert of_bands(found) == "each band does as well as the one below it, or better"
