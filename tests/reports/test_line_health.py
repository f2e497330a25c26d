"""Too broad or too strict: outcomes by the score at the handover, the limits agreed on, and another line."""

import re
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.company_days import company_day
from accounts.models import User
from handoff import decisions, pipeline
from handoff.models import Handoff
from leads.models import Lead, StageChange
from reports import agreeing, line_health, line_scores, proposing
from reports.line_health import BAND, Bar, Health, Word, bars, propose, verdict
from reports.line_scores import Fate
from reports.measures import Measure
from reports.periods import Period
from scoring.dimensions import Dimension
from scoring.intervals import share
from scoring.models import ModelVersion, Score
from tests import factories as make
from tests.factories import NOW
from tests.handoff import factories as handed

pytestmark = pytest.mark.django_db
TODAY = company_day(NOW)
PERIOD = Period(TODAY - timedelta(days=2), TODAY + timedelta(days=2))
COUNTS = st.dictionaries(st.integers(-5, 60), st.integers(1, 40), max_size=12)


@given(minimum=st.integers(1, 40), stayed=COUNTS, accepted=COUNTS, rejected=COUNTS)
def test_S1_23_the_line_is_an_edge_of_the_bars_and_nobody_is_left_out(
    minimum: int, stayed: dict[int, int], accepted: dict[int, int], rejected: dict[int, int]
) -> None:
    found = bars(minimum, stayed=stayed, accepted=accepted, rejected=rejected)

    for name, counts in (("stayed", stayed), ("accepted", accepted), ("rejected", rejected)):
        assert sum(getattr(bar, name) for bar in found) == sum(counts.values())
    assert [bar.high for bar in found[:-1]] == [bar.low for bar in found[1:]]
    assert minimum in [bar.low for bar in found]
    assert (found[0].low, found[-1].high) == (None, None)


@given(minimum=st.integers(1, 30), accepted=COUNTS, rejected=COUNTS, floor=st.integers(0, 100))
def test_S1_23_a_proposed_line_keeps_what_was_agreed_and_no_lower_one_does(
    minimum: int, accepted: dict[int, int], rejected: dict[int, int], floor: int
) -> None:
    def rate(line: int, band: int) -> float | None:
        """Of those just above ``line``, if twenty of them were decided."""
        above = range(line, line + band)
        good, bad = (sum(counts.get(points, 0) for points in above) for counts in (accepted, rejected))
        return 100 * good / (good + bad) if good + bad >= 20 else None

    def first_to_say(line: int) -> float | None:
        rates = (rate(line, band) for band in range(BAND, 100))
        return next((each for each in rates if each is not None), None)

    found = propose(minimum, accepted=accepted, rejected=rejected, floor=Decimal(floor))
    now, higher = rate(minimum, BAND), {line: first_to_say(line) for line in range(minimum + 1, 100)}
    good_enough = [line for line, said in higher.items() if said is not None and said >= floor]
    if now is None or now >= floor or not good_enough:
        assert found is None
        return
    assert found is not None
    assert found.minimum == good_enough[0]
    assert found.spared == sum(n for points, n in rejected.items() if minimum <= points < found.minimum)
    assert found.later == sum(n for points, n in accepted.items() if minimum <= points < found.minimum)


@pytest.mark.parametrize(
    ("broad", "strict", "limits", "expected"),
    [
        ((28, 100), (9, 118), {}, Word.NOT_AGREED),
        ((3, 10), (0, 10), {"line_floor": 35, "line_ceiling": 12}, Word.TOO_FEW),
        ((40, 100), (9, 118), {"line_floor": 35, "line_ceiling": 12}, Word.AS_AGREED),
        ((28, 100), (9, 118), {"line_floor": 35}, Word.PERHAPS_BROAD),
        ((10, 100), (9, 118), {"line_floor": 35}, Word.BROAD),
        ((40, 100), (16, 118), {"line_floor": 35, "line_ceiling": 12}, Word.PERHAPS_STRICT),
        ((40, 100), (60, 118), {"line_ceiling": 12}, Word.STRICT),
    ],
)
def test_S1_23_the_word_on_the_line_follows_the_limits_and_how_sure_one_can_be(
    broad: tuple[int, int], strict: tuple[int, int], limits: dict[str, int], expected: Word
) -> None:
    found = Health(Dimension.INTENT, None, 20, broad=share(*broad), strict=share(*strict))
    assert verdict(found, {Measure(key): Decimal(value) for key, value in limits.items()}) == expected


# Out of the database


@pytest.fixture
def sol() -> User:
    sol = make.rep()
    handed.pool(sol)
    return sol


def judged(sol: User, intent: int, *, accepted: bool, fit: int = 25) -> Handoff:
    lead = make.lead()
    handed.crossing(lead, intent=100 * intent + 40, fit=100 * fit)
    pipeline.run(at=NOW)
    handoff = Handoff.objects.get(lead=lead)
    if accepted:
        decisions.accept(handoff=handoff, by=sol, at=NOW)
    else:
        decisions.reject(handoff=handoff, by=sol, at=NOW, reason=handed.reason())
    return handoff


def health(floor: int | None = None, dimension: Dimension = Dimension.INTENT) -> Health:
    return line_health.health(
        leads=Lead.objects.all(),
        period=PERIOD,
        dimension=dimension,
        floor=None if floor is None else Decimal(floor),
    )


def bar_of(found: Health, points: int) -> Bar:
    return next(
        bar
        for bar in found.bars
        if (bar.low is None or bar.low <= points) and (bar.high is None or points < bar.high)
    )


def test_S1_23_outcomes_stand_by_the_score_of_the_handover_and_equal_the_raw_rows(sol: User) -> None:
    for intent, accepted in ((20, True), (21, False), (22, False), (26, True), (50, True)):
        judged(sol, intent, accepted=accepted)
    Score.objects.update(intent=100)  # what it says today is another matter
    found = health()

    assert found.minimum == 20
    assert (bar_of(found, 20).accepted, bar_of(found, 20).rejected) == (1, 2)
    assert (found.broad.k, found.broad.n) == (1, 3)
    with connection.cursor() as cursor:
        cursor.execute("""SELECT c.intent / 100, v.kind, count(*) FROM handoff_verdict v
            JOIN handoff_handoff h ON h.id = v.handoff_id JOIN scoring_crossing c ON c.id = h.crossing_id
            WHERE v.kind <> 'undo' GROUP BY 1, 2""")
        raw = Counter({(points, kind): count for points, kind, count in cursor.fetchall()})
    for bar in found.bars:
        low, high = bar.low if bar.low is not None else -1_000, bar.high or 1_000
        for fate, kind, count in (
            (Fate.ACCEPTED, "accept", bar.accepted),
            (Fate.REJECTED, "reject", bar.rejected),
        ):
            assert count == sum(
                n for (points, said), n in raw.items() if said == kind and low <= points < high
            )
            behind = line_scores.behind(
                leads=Lead.objects.all(),
                handoffs=Handoff.objects.all(),
                period=PERIOD,
                version=ModelVersion.objects.live(),
                dimension=Dimension.INTENT,
                fate=fate,
                low=bar.low,
                high=bar.high,
            )
            assert behind.count() == count


def test_S1_23_a_lead_handed_over_by_hand_counts_with_the_score_of_its_evidence(sol: User) -> None:
    lead = make.lead(stage="mql")
    handoff = pipeline.hand_over(lead=lead, by=make.marketer(), note="Met at the fair.", at=NOW)
    assert handoff.version is None
    evidence = {"explanation": {"model": "default", "dimensions": [{"key": "intent", "points": 18.7}]}}
    Handoff.objects.filter(pk=handoff.pk).update(evidence=evidence)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    assert bar_of(health(), 18).accepted == 1
    assert (health().strict.k, health().strict.n) == (0, 1)

    step = {"from_stage": "sql", "to_stage": "opportunity", "cause": "conversion"}
    StageChange.objects.create(lead=handoff.lead, at=NOW + timedelta(hours=1), **step)
    assert (health().strict.k, health().strict.n) == (1, 1)


def test_S1_23_who_stays_with_marketing_stands_where_it_scores_now(sol: User) -> None:
    version = ModelVersion.objects.live()
    for intent in (0, 1_850, 2_400):
        lead = make.lead(stage="mql")
        scores = {"fit": 0, "engagement": 0, "intent": intent, "total": intent}
        Score.objects.update_or_create(
            lead=lead,
            model=version.model,
            defaults={"version": version, "computed_at": NOW, "fading": False, **scores},
        )
    found = health()

    assert [bar_of(found, points).stayed for points in (0, 18, 24)] == [1, 1, 1]
    assert found.strict.n == 1


def test_a_dimension_the_line_asks_nothing_of_has_no_bars(sol: User) -> None:
    found = health(dimension=Dimension.ENGAGEMENT)

    assert found.minimum is None
    assert found.bars == ()


def test_S1_23_another_line_is_proposed_once_checked_and_waits_for_both_sides(sol: User) -> None:
    for number in range(22):
        judged(sol, 20, accepted=number == 0)
    for _ in range(20):
        judged(sol, 24, accepted=True)
    mara, found = make.marketer(), health(floor=35)
    assert found.proposal is not None
    assert (found.proposal.minimum, found.proposal.spared, found.proposal.later) == (21, 21, 1)

    why = proposing.why_of(found, Decimal(35), PERIOD)
    version = proposed(21, mara, "marketing", why)
    assert proposed(21, mara, "marketing", why) == version
    assert [(one.side, one.by) for one in version.sign_offs.all()] == [("marketing", mara)]
    assert version.state == ModelVersion.State.CHECKED
    assert version.lines.get(stage="sql").min_intent == 21
    assert "5% accepted at 20 to 22, agreed floor 35%" in version.evidence
    with pytest.raises(proposing.NotYours):
        proposed(21, mara, "sales", why)
    with pytest.raises(proposing.NotYours):
        proposed(21, sol, "sales", why)


def proposed(minimum: int, by: User, side: str, why: str = "Too many to call.") -> ModelVersion:
    return proposing.propose_line(
        version=ModelVersion.objects.live(),
        dimension=Dimension.INTENT,
        minimum=minimum,
        why=why,
        by=by,
        side=side,
        at=NOW,
    ).version


def test_S1_20_sales_proposes_a_line_without_any_figures_and_marketing_meets_it() -> None:
    max_, mara = make.manager(), make.marketer()
    version = proposed(24, max_, "sales")
    assert version.evidence == "Too many to call."
    assert version.lines.get(stage="sql").min_intent == 24
    assert proposed(24, mara, "marketing", "I say so, too.") == version  # the same line is no second one
    assert {(one.side, one.by) for one in version.sign_offs.all()} == {("sales", max_), ("marketing", mara)}
    assert version.state == ModelVersion.State.CHECKED  # live only in the review, or on its page
    for minimum in (0, 20, 5_000):
        with pytest.raises(proposing.NoSuchLine):
            proposed(minimum, max_, "sales")
    ada = make.admin()
    waits = proposed(25, ada, "sales")
    proposed(25, ada, "marketing")
    assert [one.side for one in waits.sign_offs.all()] == ["sales"]  # nobody for both


def graded() -> ModelVersion:
    """Other rules are live, which ask for a fit of B."""
    old = ModelVersion.objects.live()
    made = ModelVersion.objects.create(model=old.model, number=old.number + 1, grades_from=7, based_on=old)
    made.lines.create(stage="sql", min_fit=8)
    ModelVersion.objects.filter(pk=old.pk).update(state=ModelVersion.State.RETIRED)
    live = {"state": ModelVersion.State.PUBLISHED, "published_at": NOW, "reason": "Letters."}
    ModelVersion.objects.filter(pk=made.pk).update(**live)
    return ModelVersion.objects.live()


def by_hand(sol: User, mara: User, version: ModelVersion, fit: float) -> Handoff:
    handoff = pipeline.hand_over(lead=make.lead(stage="mql"), by=mara, note="Met at the fair.", at=NOW)
    explanation = {
        "model": "default",
        "version": version.number,
        "dimensions": [{"key": "fit", "points": fit}],
    }
    Handoff.objects.filter(pk=handoff.pk).update(evidence={"explanation": explanation})
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    return handoff


RAW_FITS = """
SELECT coalesce(c.fit / 100, (h.evidence #>> '{explanation,dimensions,0,points}')::int), v.kind, count(*)
FROM handoff_verdict v JOIN handoff_handoff h ON h.id = v.handoff_id
LEFT JOIN scoring_crossing c ON c.id = h.crossing_id
JOIN scoring_modelversion m ON m.id = c.version_id OR h.crossing_id IS NULL
  AND m.number = (h.evidence #>> '{explanation,version}')::int
WHERE m.grades_from IS NOT NULL GROUP BY 1, 2
"""


def test_S1_23_fit_of_rules_that_gave_points_is_not_read_as_letters(sol: User) -> None:
    old = ModelVersion.objects.live()
    for fit in (9, 35):
        judged(sol, 20, accepted=False, fit=fit)
    new = graded()
    for fit, accepted in ((8, True), (8, False), (10, True)):
        judged(sol, 20, accepted=accepted, fit=fit)
    mara = make.marketer()
    for version, fit in ((old, 7), (old, 9), (new, 7), (new, 11)):
        by_hand(sol, mara, version, fit)
    found = health(dimension=Dimension.FIT)

    assert (found.minimum, found.decided) == (8, 5)
    assert (found.broad.k, found.broad.n) == (2, 3)
    assert (found.strict.k, found.strict.n) == (0, 1)
    assert health(dimension=Dimension.INTENT).minimum is None
    with connection.cursor() as cursor:
        cursor.execute(RAW_FITS)
        raw = {(points, kind): count for points, kind, count in cursor.fetchall()}
    for bar in found.bars:
        low, high = bar.low if bar.low is not None else -1_000, bar.high or 1_000
        for kind, count in (("accept", bar.accepted), ("reject", bar.rejected)):
            assert count == sum(
                n for (points, said), n in raw.items() if said == kind and low <= points < high
            )


def test_S1_23_where_fit_is_a_grade_the_panel_and_what_is_signed_say_letters(sol: User) -> None:
    graded()
    for number in range(22):
        judged(sol, 20, accepted=number == 0, fit=8)
    for _ in range(20):
        judged(sol, 20, accepted=True, fit=11)
    agree(Measure.LINE_FLOOR, 35)
    days = f"first={PERIOD.first}&last={PERIOD.last}"
    mara = signed_in(make.marketer())
    page = mara.get(f"/dashboard/?{days}&dim=fit").content.decode()
    found = health(floor=35, dimension=Dimension.FIT)

    assert found.proposal is not None
    assert found.proposal.minimum == 9
    assert "accepted just above the line (B to A-)" in page
    assert "leads at C to B-" in page
    assert "Propose fit line B+ for the review" in page
    assert button(page)["minimum"] == "9"
    why = proposing.why_of(found, Decimal(35), PERIOD)
    assert why.startswith("Fit line from B to B+, proposed from line health: 5% accepted at B to A-, agreed")
    path = f"/dashboard/line/leads/?{days}&dim=fit&fate=rejected&low=8&high=11"
    assert "Fit B to A-, sent back" in mara.get(path).content.decode()


# The page


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def agree(measure: Measure, value: int) -> None:
    agreed = agreeing.propose(
        measure=measure,
        value=Decimal(value),
        holds_from=TODAY,
        by=make.marketer("Moa"),
        side="marketing",
        at=NOW,
    )
    agreeing.sign(agreed=agreed, by=make.manager("Mo"), side="sales", at=NOW)


def button(page: str) -> dict[str, str]:
    """What the form of the panel sends."""
    form = page.split('action="/dashboard/line/proposal/')[1].split("</form>")[0]
    return dict(re.findall(r'name="(dim|minimum|side)" value="([^"]*)"', form))


def test_S1_23_nobody_signs_another_line_than_the_one_they_pressed(sol: User) -> None:
    for number in range(22):
        judged(sol, 20, accepted=number == 0)
    for _ in range(20):
        judged(sol, 24, accepted=True)
    agree(Measure.LINE_FLOOR, 35)
    days = f"first={PERIOD.first}&last={PERIOD.last}"
    mara = signed_in(make.marketer())
    pressed = button(mara.get(f"/dashboard/?{days}").content.decode())
    for _ in range(40):
        judged(sol, 23, accepted=False)

    path = f"/dashboard/line/proposal/?{days}"
    for sent in (pressed, {"side": "marketing"}, pressed | {"minimum": "24", "dim": "fit"}):
        answer = mara.post(path, sent, follow=True)
        page = answer.content.decode()
        assert "Nothing was proposed: by now the figures ask for intent line 24" in page
        assert answer.redirect_chain == [(f"/dashboard/line/?{days}&dim=intent&minimum=24", 302)]
        assert "Intent 20 → 24" in page
        assert "line from 20 to 24, proposed from line health" in page  # the figures of the same days
        assert not ModelVersion.objects.filter(state=ModelVersion.State.CHECKED).exists()
    mara.post(path, button(mara.get(f"/dashboard/?{days}").content.decode()))
    made = ModelVersion.objects.get(state=ModelVersion.State.CHECKED)
    assert made.lines.get(stage="sql").min_intent == 24


def test_S1_23_the_dashboard_says_whether_the_line_is_too_broad_and_proposes_another(
    sol: User,
) -> None:
    for number in range(22):
        judged(sol, 20, accepted=number == 0)
    for _ in range(20):
        judged(sol, 24, accepted=True)
    agree(Measure.LINE_FLOOR, 35)
    days = f"first={PERIOD.first}&last={PERIOD.last}"
    mara = signed_in(make.marketer())
    page = mara.get(f"/dashboard/?{days}").content.decode()

    assert "Too broad" in page
    assert "Propose intent line 21" in page
    assert "Propose intent line 21" in signed_in(make.manager()).get(f"/dashboard/?{days}").content.decode()
    pressed = button(page)
    assert pressed == {"dim": "intent", "minimum": "21", "side": "marketing"}
    answer = mara.post(f"/dashboard/line/proposal/?{days}", pressed)
    version = ModelVersion.objects.get(state=ModelVersion.State.CHECKED)
    assert answer.headers["Location"] == f"/rules/versions/{version.number}/"
    path = f"/dashboard/line/proposal/?{days}"
    assert signed_in(make.manager("Mim")).post(path, pressed).status_code == 403
    assert signed_in(sol).post(path, pressed | {"side": "sales"}).status_code == 403
    behind = mara.get(f"/dashboard/line/leads/?{days}&dim=intent&fate=rejected&low=20&high=23")
    assert "21 leads" in behind.content.decode()
    assert mara.get(f"/dashboard/line/leads/?{days}&dim=intent&fate=lost").status_code == 404
