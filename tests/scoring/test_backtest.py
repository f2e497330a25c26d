"""A version against what became of its leads: the figures, the words, the leads behind each."""

from datetime import timedelta
from itertools import pairwise

import pytest

from scoring import backtest, model_file, publishing
from scoring.backtest import Judged, figures_of, lately, of_version
from scoring.figure_leads import NoSuchCell, rows_behind, with_leads
from scoring.models import ModelVersion
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
        assert len(rows_behind(found, cell=cell, user=mara)) == count
    assert len(rows_behind(found, cell="band-1", user=mara)) == 14
    assert len(rows_behind(found, cell="decile-1", user=mara)) == 16  # a tie, shared by five tenths
    assert rows_behind(found, cell="tp", user=sol) == []
    with pytest.raises(NoSuchCell):
        rows_behind(found, cell="decile-11", user=mara)


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
@pytest.mark.parametrize(
    ("fit", "said"), [(20, "was the same for all 40"), (25, "does not tell good from bad")]
)
def test_where_the_total_says_nothing_a_dimension_that_does_is_named(fit: int, said: str) -> None:
    """Who asked was taken, who looked right was not: added up, the two say nothing."""
    for n in range(40):
        made = (accepted if n % 2 else sent_back)(
            NOW - (n + 1) * DAY, title="" if n % 2 else TITLE, phone="1" if n % 4 < 2 else ""
        )
        if n % 2:
            ready(made, NOW - 60 * DAY)
    phone = rule("phone", fact("phone", "known"), fit - 20)
    rules = [MODEL["rules"][0], {**MODEL["rules"][1], "points": 20}, phone]
    found = of_version(version=live({**MODEL, "rules": rules if fit > 20 else rules[:2]}), at=NOW)
    assert sorted(found.figures.telling) == ["fit", "intent"]
    assert found.verdict.startswith(f"The total {said}")
    assert "Intent alone tells: the better one has more of it 100% of the time (" in found.verdict


@pytest.mark.django_db
def test_a_score_that_points_the_wrong_way_is_called_that() -> None:
    for n in range(40):
        (sent_back if n % 2 else accepted)(NOW - (n + 1) * DAY, title=TITLE if n % 2 else "")
    found = of_version(version=live({**MODEL, "rules": [rule("manager", fact("title", "known"), 9)]}), at=NOW)
    assert found.verdict.startswith("The score points the wrong way")


@pytest.mark.django_db
def test_what_sales_wrote_down_once_it_had_the_lead_does_not_speak_for_the_version() -> None:
    """A meeting that sales held between handover and verdict, with those it took. Asking for a demo then
    counts: everybody may see that before the verdict."""
    for n in range(40):
        at = NOW - (n + 1) * DAY
        made = (accepted if n % 2 else sent_back)(at, title=TITLE if n % 4 < 2 else "")
        activity(made, "demo_request", at - timedelta(hours=10))
        if n % 2:
            activity(made, "meeting_held", at - timedelta(hours=5))
            activity(made, "call_logged", at - timedelta(hours=20))  # which no rule asks about
    rules = [*MODEL["rules"], rule("met", {"activity": ["meeting_held"]}, 30, "engagement")]

    found = of_version(version=live({**MODEL, "rules": rules}), at=NOW)

    assert {row.engagement for row in found.rows} == {0}
    assert {row.intent for row in found.rows} == {2000}
    assert not found.figures.separates


@pytest.mark.django_db
def test_a_version_is_not_praised_for_the_outcomes_it_was_made_from() -> None:
    made = NOW - 20 * DAY
    for n in range(60):
        at = NOW - (n + 1) * DAY
        ready((accepted if n % 3 else sent_back)(at, title=TITLE if n % 3 else ""), at - 2 * DAY)
    version = model_file.load(data=MODEL)
    ModelVersion.objects.filter(pk=version.pk).update(evidence="Learned from outcomes.", created_at=made)
    version.refresh_from_db()
    edited = publishing.draft_from(version=version, by=None)
    by_hand = live()

    found = {
        name: of_version(version=one, at=NOW, since=since)
        for name, one, since in [
            ("learned", version, None),
            ("edited", edited, None),
            ("by hand", by_hand, None),
            ("since", version, made + DAY / 2),
        ]
    }

    assert {name: one.learned_from for name, one in found.items()} == {
        "learned": 41, "edited": 41, "by hand": 0, "since": 0,
    }  # fmt: skip
    warned = {name for name, one in found.items() if "41 of these 60 were known then" in one.verdict}
    assert warned == {"learned", "edited"}


@pytest.mark.usefixtures("_decided")
def test_of_very_many_outcomes_the_newest_are_looked_at_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backtest, "MOST", 25)
    found = of_version(version=live(), at=NOW)
    assert found.n == 25
    assert min(row.outcome.at for row in found.rows) == NOW - 25 * DAY
    assert found.verdict.endswith("Only the newest 25 outcomes were looked at.")


def test_where_nearly_all_totals_are_alike_there_is_one_band_and_it_is_called_all() -> None:
    rows = [Judged(Decided(n, NOW, NOW, n % 3 == 0, ""), False, 0, 0, 0, 1020 + n % 30) for n in range(90)]
    bands = figures_of(rows).bands
    assert [(band.label, band.good.n) for band in bands] == [("all", 90)]


def test_bands_lie_between_round_points_and_hold_everybody() -> None:
    rows = [
        Judged(Decided(n, NOW, NOW, n % 3 == 0, ""), n > 50, n * 10, 0, 0, n * 73 - 900) for n in range(100)
    ]
    bands = figures_of(rows).bands
    assert len(bands) <= backtest.MOST_BANDS + 1
    assert sum(band.good.n for band in bands) == 100
    assert all(lower.high == upper.low for lower, upper in pairwise(bands))


@pytest.mark.usefixtures("_decided")
def test_a_version_that_cannot_change_is_not_tested_again_for_each_figure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version, draft = live(), model_file.load(data=MODEL)
    asked = {"at": NOW, "outcome": "accepted", "mature_days": None}
    first, other = lately(version=version, days=None, **asked), lately(version=draft, days=None, **asked)

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("tested again")

    monkeypatch.setattr(backtest, "of_version", refuse)
    assert lately(version=version, days=None, **asked) == first
    assert first.n == other.n == 30
    for changed in ({"days": 90}, {"days": None, "mature_days": 9}, {"days": None, "outcome": "won"}):
        with pytest.raises(AssertionError, match="again"):
            lately(version=version, **{**asked, **changed})
    with pytest.raises(AssertionError, match="again"):
        lately(version=draft, days=None, **asked)


@pytest.mark.usefixtures("_decided")
def test_only_the_leads_of_a_page_are_read() -> None:
    found, mara = of_version(version=live(), at=NOW), factories.marketer()
    rows = rows_behind(found, cell="all", user=mara)
    read = with_leads(rows[:3], user=mara)
    assert [(lead.pk, row) for lead, row in read] == [(row.outcome.lead_id, row) for row in rows[:3]]
