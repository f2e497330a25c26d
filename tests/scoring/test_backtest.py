"""A version against what became of its leads: the figures, the words, the leads behind each."""

from datetime import timedelta
from itertools import pairwise

import pytest

from scoring import backtest
from scoring.backtest import Judged, figures_of, leads_of, of_version
from scoring.outcomes import Decided
from scoring.statement import run
from tests import factories
from tests.factories import NOW, activity
from tests.scoring.pasts import MODEL, accepted, fact, live, ready, rule, sent_back

DAY = timedelta(days=1)
TITLE = "Service manager"


@pytest.fixture
def _decided(db: None) -> None:
    """16 over the line of which 12 accepted, 14 under it of which 4 accepted."""
    for n in range(30):
        at = NOW - (n + 1) * DAY
        good = n < 12 or n >= 26
        made = (accepted if good else sent_back)(at, title=TITLE if n < 16 else "")
        ready(made, at - 2 * DAY)


@pytest.mark.usefixtures("_decided")
def test_every_figure_says_how_many_it_rests_on_and_how_sure_it_is() -> None:
    found = of_version(version=live(), at=NOW)

    figures = found.figures
    assert figures is not None
    assert figures.confusion == {"tp": 12, "fp": 4, "fn": 4, "tn": 10}
    said = {name: (getattr(figures, name).k, getattr(figures, name).n)
            for name in ("precision", "recall", "accuracy", "conversion")}  # fmt: skip
    assert said == {"precision": (12, 16), "recall": (12, 16), "accuracy": (22, 30), "conversion": (16, 30)}
    assert figures.precision.low == pytest.approx(0.505, abs=0.001)
    assert figures.precision.high == pytest.approx(0.898, abs=0.001)
    assert figures.auc["fit"].value == figures.auc["total"].value == pytest.approx(0.732, abs=0.001)
    assert figures.auc["intent"] is None  # all of them asked for a demo
    assert sum(decile.good.k for decile in figures.deciles) == pytest.approx(16)
    assert [(band.label, band.good.k, band.good.n) for band in figures.bands if band.good.n] == [
        (figures.bands[0].label, 4, 14),
        (figures.bands[-1].label, 12, 16),
    ]
    assert figures.separates
    assert found.verdict.startswith("The score tells good from bad")


@pytest.mark.usefixtures("_decided")
def test_each_figure_opens_its_leads_to_those_who_may_see_them() -> None:
    found = of_version(version=live(), at=NOW)
    mara, sol = factories.marketer(), factories.rep()

    for cell, count in found.figures.confusion.items():
        assert len(leads_of(found, cell=cell, user=mara)) == count
    assert len(leads_of(found, cell="band-1", user=mara)) == 14
    assert len(leads_of(found, cell="decile-1", user=mara)) == 16  # a tie, shared by five tenths
    assert leads_of(found, cell="tp", user=sol) == []
    with pytest.raises(backtest.NoSuchCell):
        leads_of(found, cell="decile-11", user=mara)


@pytest.mark.usefixtures("_decided")
def test_one_statement_scores_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counting(sql: str, *args: object, **kwargs: object) -> object:
        asked.append(sql)
        return run(sql, *args, **kwargs)

    monkeypatch.setattr(backtest, "run", counting)
    of_version(version=live(), at=NOW)
    assert len(asked) == 1

    monkeypatch.setattr(backtest, "CHUNK", 10)
    assert of_version(version=live(), at=NOW).figures.confusion == {"tp": 12, "fp": 4, "fn": 4, "tn": 10}
    assert len(asked) == 1 + 3


@pytest.mark.django_db
def test_a_lead_is_scored_as_it_was_before_its_own_decision() -> None:
    """What it did later, and a title it was given later, are not known."""
    version = live()
    late, renamed, gone = accepted(NOW - DAY), accepted(NOW - DAY), accepted(NOW - DAY, title=TITLE)
    activity(late, "demo_request", NOW - DAY)  # with the verdict, not before it
    ready(renamed, NOW - 3 * DAY)
    renamed.title = TITLE
    renamed.save()
    ready(gone, NOW - 3 * DAY)

    found = {row.outcome.lead_id: row for row in of_version(version=version, at=NOW).rows}

    # History is stamped with the clock of the database, later than any moment of this test.
    assert (found[late.pk].intent, found[late.pk].over) == (0, False)
    assert (found[renamed.pk].intent, found[renamed.pk].fit) == (2000, 0)
    assert (found[gone.pk].over, found[gone.pk].cell) == (True, "tp")


@pytest.mark.django_db
def test_it_refuses_to_judge_few_outcomes_and_says_so() -> None:
    for n in range(19):
        (accepted if n % 2 else sent_back)(NOW - (n + 1) * DAY)
    found = of_version(version=live(), at=NOW)
    assert found.figures is None
    assert found.verdict == "Only 19 decided so far; figures need 20 or more, and fewer would be chance."
    assert found.n == 19


@pytest.mark.django_db
def test_on_outcomes_that_have_nothing_to_do_with_it_it_says_that_it_found_nothing() -> None:
    for n in range(40):
        made = (accepted if n % 4 < 2 else sent_back)(NOW - (n + 1) * DAY, title=TITLE if n % 2 else "")
        ready(made, NOW - 60 * DAY)
    found = of_version(version=live(), at=NOW)
    assert not found.figures.separates
    assert found.verdict.startswith("Nothing here separates good from bad")


@pytest.mark.django_db
@pytest.mark.parametrize(("fit", "said"), [(20, "was the same for all 40"), (25, "does not tell good from bad")])
def test_where_the_total_says_nothing_a_dimension_that_does_is_named(fit: int, said: str) -> None:
    """Who asked was taken, who looked right was not: added up, the two say nothing."""
    for n in range(40):
        made = (accepted if n % 2 else sent_back)(
            NOW - (n + 1) * DAY, title="" if n % 2 else TITLE, phone="1" if n % 4 < 2 else ""
        )
        if n % 2:
            ready(made, NOW - 60 * DAY)
    rules = [MODEL["rules"][0], {**MODEL["rules"][1], "points": 20}, rule("phone", fact("phone", "known"), fit - 20)]
    found = of_version(version=live({**MODEL, "rules": rules if fit > 20 else rules[:2]}), at=NOW)
    assert sorted(found.figures.telling) == ["intent"]
    assert found.verdict.startswith(f"The total {said}")
    assert "Intent alone tells: the better one has more of it 100% of the time (" in found.verdict


@pytest.mark.django_db
def test_a_score_that_points_the_wrong_way_is_called_that() -> None:
    for n in range(40):
        (sent_back if n % 2 else accepted)(NOW - (n + 1) * DAY, title=TITLE if n % 2 else "")
    found = of_version(version=live({**MODEL, "rules": [rule("manager", fact("title", "known"), 9)]}), at=NOW)
    assert found.verdict.startswith("The score points the wrong way")


def test_bands_lie_between_round_points_and_hold_everybody() -> None:
    rows = [
        Judged(Decided(n, NOW, NOW, n % 3 == 0, ""), n > 50, n * 10, 0, 0, n * 73 - 900) for n in range(100)
    ]
    bands = figures_of(rows).bands
    assert len(bands) <= backtest.MOST_BANDS + 1
    assert sum(band.good.n for band in bands) == 100
    assert all(lower.high == upper.low for lower, upper in pairwise(bands))
