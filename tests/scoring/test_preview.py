"""What a draft would do: who moves, how the points lie, and how it would have done."""

from datetime import timedelta

import pytest
from django.db import connection

from scoring import distribution, model_file, preview
from scoring.models import LineState, ScoringModel
from scoring.outcomes import Decided
from scoring.rescoring import rescore_everybody
from scoring.stored import activity_types, read
from tests.factories import NOW, activity, company, lead
from tests.scoring.pasts import MODEL, accepted, fact, live, ready, rule, sent_back

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TITLE = "Service manager"


def scored() -> ScoringModel:
    model = ScoringModel.objects.get(key="default")
    rescore_everybody(model=model, at=NOW)
    return model


def drafted(**more: object) -> dict[str, object]:
    return {**MODEL, **more}


def test_it_names_who_would_go_over_the_line_and_who_would_fall() -> None:
    """The draft asks for staff instead of a title."""
    small = company(employees=10)
    falls = ready(lead("Falls", title=TITLE), NOW - DAY)
    stays = ready(lead("Stays", title=TITLE, company=small), NOW - DAY)
    rises = ready(lead("Rises", company=small), NOW - DAY)
    lead("Quiet", company=small)
    live()
    scored()
    draft = model_file.load(
        data=drafted(rules=[MODEL["rules"][0], rule("small", fact("company.employees", "lt", 50), 11)])
    )

    found = preview.of_draft(version=draft, at=NOW, dimension="fit")

    assert (found.leads, found.up, found.down, found.over) == (4, 1, 1, 2)
    assert {(move.name, move.direction, move.live, move.draft) for move in found.moved} == {
        ("Rises", "up", 0.0, 11.0),
        ("Falls", "down", 10.0, 0.0),
    }
    assert stays.pk not in {move.lead_id for move in found.moved}
    assert {move.public_id for move in found.moved} == {falls.public_id, rises.public_id}
    assert LineState.objects.filter(stage="sql", inside=True).count() == 2  # nothing was stored


def test_each_move_is_told_in_the_dimension_that_makes_it() -> None:
    """Intent rises for one, fit falls for another, and a third is let in by the line alone."""
    by_intent, by_fit = lead("Intent", title=TITLE), ready(lead("Fit", title="Head of service"), NOW - DAY)
    activity(by_intent, "quote_request", NOW - DAY)
    by_trigger = lead("Trigger")
    activity(by_trigger, "page_view", NOW - DAY)
    before = drafted(rules=[MODEL["rules"][0], rule("title", fact("title", "known"), 10)])
    live(before)
    scored()
    rules = [
        *MODEL["rules"],
        rule("quote", {"activity": ["quote_request"]}, 25, "intent"),
        rule("quiet", fact("title", "known"), 40, "engagement"),  # which no line asks for
    ]
    triggers = [{"key": "view", "label": "View", "stage": "sql", "when": {"activity": ["page_view"]}}]
    draft = model_file.load(data=drafted(rules=rules, triggers=triggers))

    found = {move.name: move for move in preview.of_draft(version=draft, at=NOW, dimension="fit").moved}

    assert [(one.dimension, one.live, one.draft) for one in (found["Intent"], found["Fit"])] == [
        ("intent", 0.0, 25.0),
        ("fit", 10.0, 0.0),
    ]
    assert (found["Trigger"].live, found["Trigger"].draft) == (0.0, 0.0)
    assert by_fit.pk == found["Fit"].lead_id
    told = preview.of_draft(version=draft, at=NOW, told_in="engagement", limit=9).moved
    assert {move.dimension for move in told} == {"engagement"}


def test_S1_20_who_was_kept_by_the_margin_alone_falls_by_the_line_and_not_by_another_part() -> None:
    kept = ready(lead("Kept", title=TITLE), NOW - DAY)
    rules = [rule("demo", {"activity": ["demo_request"]}, 18, "intent"), MODEL["rules"][1]]
    live(drafted(rules=rules, lines=[{"stage": "sql", "min": {"intent": 20}, "leave": 3}]))
    scored()
    LineState.objects.filter(lead=kept, stage="sql").delete()
    model = ScoringModel.objects.get(key="default")
    LineState.objects.create(
        lead=kept, model=model, stage="sql", inside=True, cycle=1, since=NOW - DAY
    )  # since it had 20
    higher = model_file.load(
        data=drafted(rules=rules, lines=[{"stage": "sql", "min": {"intent": 22}, "leave": 3}])
    )

    (move,) = preview.of_draft(version=higher, at=NOW).moved

    assert (move.name, move.direction, move.dimension, move.line) == ("Kept", "down", "intent", (20, 22))


def test_it_says_what_became_of_each_and_whether_the_draft_is_right() -> None:
    taken = ready(accepted(NOW - DAY, name="Taken"), NOW - 3 * DAY)
    refused = ready(sent_back(NOW - DAY, "too_small", name="Refused"), NOW - 3 * DAY)
    waits = ready(lead("Waits"), NOW - DAY)
    live()
    scored()
    lower = model_file.load(data=drafted(lines=[{"stage": "sql", "min": {"intent": 20}}]))

    found = {move.lead_id: move for move in preview.of_draft(version=lower, at=NOW).moved}

    assert (found[taken.pk].became, found[taken.pk].verdict) == ("accepted", "right")
    assert (found[refused.pk].became, found[refused.pk].verdict) == ("sent back: too small", "wrong")
    assert (found[waits.pk].became, found[waits.pk].verdict) == ("open, Lead", "open")


def test_the_bars_hold_everybody_and_the_line_is_an_edge() -> None:
    for n in range(30):
        made = lead(title=TITLE if n % 2 else "")
        if n % 3:
            ready(made, NOW - DAY)
    version = live()
    scored()

    found = preview.of_draft(version=version, at=NOW, dimension="intent")

    assert found.line == 20
    assert sum(bar.live for bar in found.bins) == sum(bar.draft for bar in found.bins) == 30
    assert [bar.low for bar in found.bins if bar.at_line] == [20]
    assert len(found.bins) <= distribution.BARS + 1
    assert (found.up, found.down) == (0, 0)


def test_rules_that_are_not_stored_can_be_previewed() -> None:
    ready(lead(), NOW - DAY)
    version = live()
    model = scored()
    ruleset = read(version, activity_types())
    assert preview.of_ruleset(ruleset=ruleset, model=model, at=NOW, dimension="total").leads == 1
    with pytest.raises(ValueError, match="no dimension"):
        preview.of_ruleset(ruleset=ruleset, model=model, at=NOW, dimension="title; DROP TABLE")


def test_the_margin_keeps_a_lead_that_is_over_already() -> None:
    inside = ready(lead(title=TITLE), NOW - DAY)
    live()
    scored()
    higher = model_file.load(
        data=drafted(lines=[{"stage": "sql", "min": {"intent": 22, "fit": 10}, "leave": 3}])
    )
    found = preview.of_draft(version=higher, at=NOW)
    assert (found.up, found.down, found.over) == (0, 0, 1)
    assert LineState.objects.get(lead=inside, stage="sql").inside


def test_on_the_past_draft_and_live_stand_side_by_side() -> None:
    for n in range(24):
        at = NOW - (n + 1) * DAY
        made = (accepted if n < 12 else sent_back)(at, title=TITLE if n < 18 else "")
        ready(made, at - 2 * DAY)
    version = live()
    ScoringModel.objects.update(agreed_handoffs=40)
    version.model.refresh_from_db()
    wide = model_file.load(data=drafted(lines=[{"stage": "sql", "min": {"intent": 20}}]))

    found = preview.on_the_past(version=wide, live=version, at=NOW)

    assert (found.decided, found.looked_at, found.too_few, found.agreed) == (24, 24, "", 40)
    assert (found.live.precision.k, found.live.precision.n) == (12, 18)
    assert (found.draft.precision.k, found.draft.precision.n) == (12, 24)
    assert (found.live.reach.k, found.live.reach.n) == (12, 12)


def test_S1_21_who_was_over_the_line_and_is_not_is_spared_or_comes_later() -> None:
    for n in range(24):
        at = NOW - (n + 1) * DAY
        made = (accepted if n < 12 else sent_back)(at, title=TITLE if n < 18 else "")
        ready(made, at - 2 * DAY)
    version = live()
    strict = model_file.load(data=drafted(lines=[{"stage": "sql", "min": {"intent": 20, "fit": 11}}]))

    found = preview.on_the_past(version=strict, live=version, at=NOW)

    assert (found.later, found.spared) == (12, 6)
    same = preview.on_the_past(version=version, live=version, at=NOW)
    assert (same.later, same.spared) == (0, 0)
    first = preview.on_the_past(version=strict, live=None, at=NOW)
    assert (first.later, first.spared) == (None, None)


def test_handoffs_a_week_count_who_goes_over_within_each_week() -> None:
    """Three leads become ready in three different weeks; one was so before."""
    version = live()
    for week in range(3):
        ready(lead(title=TITLE, at=NOW - 200 * DAY), NOW - (7 * week + 3) * DAY)
    ready(lead(title=TITLE, at=NOW - 200 * DAY), NOW - 100 * DAY)
    ready(lead(at=NOW - 200 * DAY), NOW - DAY)  # no manager

    found = preview.on_the_past(version=version, live=None, at=NOW)

    assert found.live is None
    assert found.too_few.startswith("Nothing is decided yet")
    assert found.draft.precision is None
    weekly = found.draft.weekly
    assert weekly.rate == pytest.approx(3 / 4)
    assert weekly.low < weekly.rate < weekly.high
    assert (weekly.leads, weekly.looked_at, weekly.is_sampled) == (4, 4, False)


def test_who_goes_over_and_fades_below_within_the_week_counts_for_it() -> None:
    demo, manager = MODEL["rules"]
    fading = {**demo, "decay": {"kind": "half_life", "days": 1}}
    version = live({**MODEL, "rules": [fading, manager]})
    went = ready(lead(title=TITLE, at=NOW - 200 * DAY), NOW - 5 * DAY)
    scored()

    found = preview.on_the_past(version=version, live=None, at=NOW)

    assert not LineState.objects.filter(lead=went, inside=True).exists()
    assert found.draft.weekly.rate == pytest.approx(1 / 4)


def test_reach_is_of_those_whom_the_version_is_for() -> None:
    """Accepted leads of another product line are none that this model missed."""
    for n in range(40):
        german = n % 2 == 0
        made = (accepted if n % 4 < 2 else sent_back)(
            NOW - (n + 1) * DAY, title=TITLE, country="DE" if german else "SE"
        )
        ready(made, NOW - (n + 3) * DAY)
    version = live({**MODEL, "applies_to": fact("country", "eq", "DE")})

    found = preview.on_the_past(version=version, live=version, at=NOW)

    assert (found.decided, found.looked_at, found.too_few) == (20, 20, "")
    assert (found.draft.reach.k, found.draft.reach.n) == (10, 10)
    assert found.live.reach == found.draft.reach


def test_too_few_of_those_whom_the_version_is_for_are_too_few() -> None:
    for n in range(40):
        made = (accepted if n % 2 else sent_back)(
            NOW - (n + 1) * DAY, title=TITLE, country="DE" if n < 10 else "SE"
        )
        ready(made, NOW - (n + 3) * DAY)
    everybody = live()
    few = model_file.load(data={**MODEL, "applies_to": fact("country", "eq", "DE")})

    found = preview.on_the_past(version=few, live=everybody, at=NOW)

    assert found.too_few.startswith("Only 10 decided so far")
    assert found.draft.reach is None
    assert found.live.reach is not None


def test_an_outcome_is_one_whatever_moment_it_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it was known in the very moment that is asked about, as a week's end is."""
    known = []
    for n in range(40):
        made = ready(lead(title=TITLE if n % 4 else ""), NOW - 50 * DAY)
        at = NOW - DAY
        known.append(Decided(made.pk, at, at, n % 2 == 0, ""))
    monkeypatch.setattr("scoring.hindsight.outcomes.decided", lambda **_: known)

    found = preview.on_the_past(version=live(), live=None, at=NOW)

    assert (found.looked_at, found.too_few) == (40, "")
    assert (found.draft.reach.k, found.draft.reach.n) == (10, 20)
    assert (found.draft.precision.k, found.draft.precision.n) == (10, 30)
    assert found.draft.weekly.rate == 0


def test_a_lead_in_its_cool_down_does_not_go_over_again() -> None:
    went = ready(lead("Went", title=TITLE), NOW - DAY)
    live()
    scored()
    LineState.objects.filter(lead=went, stage="sql").update(inside=False)
    line = {**MODEL["lines"][0], "cool_down_days": 30}

    def up(**more: object) -> int:
        return preview.of_draft(version=model_file.load(data=drafted(**more)), at=NOW, dimension="fit").up

    assert (up(), up(lines=[line])) == (1, 0)


def test_of_very_many_leads_some_tell_while_one_types(monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(60):
        ready(lead(title=TITLE if n % 2 else ""), NOW - DAY)
    version = live({**MODEL, "lines": []})
    scored()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_lead")
    ruleset = read(live(), activity_types())

    def found(estimated: bool) -> preview.Preview:
        return preview.of_ruleset(ruleset=ruleset, model=version.model, at=NOW, estimated=estimated)

    counted = found(estimated=True)
    assert (counted.leads, counted.up, counted.sampled) == (60, 30, None)

    monkeypatch.setattr(preview, "MANY", 50)
    monkeypatch.setattr(preview, "SAMPLE", 60)
    everybody = found(estimated=True)
    assert (everybody.leads, everybody.up, everybody.sampled) == (60, 30, 60)

    monkeypatch.setattr(preview, "SAMPLE", 30)
    half = found(estimated=True)
    assert half.sampled is not None
    assert 12 <= half.sampled <= 48
    assert half.leads == 2 * half.sampled
    assert half.up % 2 == 0
    assert sum(bar.draft for bar in half.bins) == half.leads
    assert found(estimated=False).sampled is None


def test_a_lead_that_the_line_comes_to_is_told_with_the_line() -> None:
    """Its points stay: what moves it is what the line asks."""
    let_in = lead("Let in", title=TITLE)
    ready(let_in, NOW - DAY)
    live(drafted(lines=[{"stage": "sql", "min": {"fit": 20}, "leave": 3}]))
    scored()
    lower = model_file.load(data=drafted(lines=[{"stage": "sql", "min": {"fit": 8}, "leave": 3}]))

    [move] = preview.of_draft(version=lower, at=NOW).moved

    assert (move.dimension, move.live, move.draft, move.line) == ("fit", 10.0, 10.0, (20, 8))


def test_it_says_how_many_of_those_over_the_line_sales_has_already() -> None:
    """They cross without being handed over again, so the list of who waits is shorter by them (S1-20)."""
    accepted(NOW - DAY, name="Has", title=TITLE)
    lead("Waits", title=TITLE)
    live(drafted(lines=[{"stage": "sql", "min": {"fit": 20}}]))
    scored()
    lower = model_file.load(data=drafted(lines=[{"stage": "sql", "min": {"fit": 5}}]))

    found = preview.of_draft(version=lower, at=NOW)

    assert (found.up, found.up_with_sales, found.to_hand_over) == (2, 1, 1)
