"""Why leads are sent back, and what begins anew."""

from datetime import timedelta

import pytest

from handoff import decisions, pipeline, reasons, recycling
from handoff.models import Handoff, RecyclingRule, RejectReason, Verdict
from handoff.permissions import NotYours
from leads.models import Lead
from leads.stages import Stage
from scoring.models import Adjustment, Crossing
from scoring.rescoring import rescore_changed
from tests.browser.worlds import asks_for_a_demo, fitting
from tests.factories import NOW, activity, manager, rep
from tests.handoff.factories import crossing, offered, pool, reason

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(minutes=10)
LATER = NOW + timedelta(days=1)


def test_c_51_codes_destinations_and_days_to_start_with():
    known = {
        each.code: (each.key, each.destination, each.return_days, each.ends_with_growth)
        for each in RejectReason.objects.in_use()
    }
    assert known == {
        "timing": (1, "mql", 60, False),
        "no_budget": (2, "mql", 90, False),
        "too_small": (3, "mql", 180, True),
        "no_authority": (4, "mql", 30, False),
        "not_a_buyer": (5, "closed", None, False),
        "duplicate_or_customer": (6, "closed", None, False),
        "unreachable": (7, "mql", 90, False),
        "locked_in": (8, "mql", 90, False),
        "wrong_industry": (9, "closed", None, False),
        "not_a_project": (None, "closed", None, False),
    }
    assert reason("unreachable").label == "No answer after 3 tries"


def hot(by) -> Handoff:
    """A lead that scoring itself brought over the line, handed over to ``by``."""
    if not Handoff.objects.exists():
        pool(by)
    return asks_for_a_demo(fitting("Marta Kowalczyk"), at=NOW)


def rescored(lead: Lead):
    rescore_changed(at=SOON)
    return lead.scores.get()


@pytest.mark.parametrize(
    ("rule", "engagement", "intent"), [("both", 0, 0), ("engagement", 0, 1), ("nothing", 1, 1)]
)
def test_c_51_recycling_keeps_fit_and_resets_what_the_company_says(rule: str, engagement: int, intent: int):
    sol = rep()
    handoff = hot(sol)
    lead = handoff.lead
    activity(lead, "webinar_attended", NOW)
    before = rescored(lead)
    reasons.set_rule(resets=rule, by=manager(), at=NOW)
    decisions.reject(handoff=handoff, by=sol, reason=reason(), at=SOON)
    after = rescored(lead)
    assert (after.fit, before.fit > 0) == (before.fit, True)
    assert after.engagement == before.engagement * engagement
    assert after.intent == before.intent * intent


@pytest.mark.parametrize("rule", ["engagement", "nothing"])
def test_c_51_who_still_stands_over_the_line_comes_again_when_the_return_date_does(rule: str):
    sol = rep()
    handoff = hot(sol)
    reasons.set_rule(resets=rule, by=manager(), at=NOW)
    verdict = decisions.reject(handoff=handoff, by=sol, reason=reason(), at=SOON)
    rescore_changed(at=SOON)
    pipeline.run(at=SOON)
    waiting = Crossing.objects.get(lead=handoff.lead, stage="sql", handled_at=None)
    assert waiting.not_before is not None
    assert waiting.not_before.date() == verdict.return_on
    assert Handoff.objects.open().count() == 0
    pipeline.run(at=waiting.not_before)
    assert Handoff.objects.open().get().cycle == 2


@pytest.mark.parametrize("rule", ["both", "engagement", "nothing"])
def test_an_undo_leaves_the_lead_with_the_rep_whatever_the_rule(rule: str):
    sol = rep()
    handoff = hot(sol)
    before = rescored(handoff.lead)
    reasons.set_rule(resets=rule, by=manager(), at=NOW)
    decisions.reject(handoff=handoff, by=sol, reason=reason(), at=SOON)
    rescore_changed(at=SOON)
    pipeline.run(at=SOON)
    decisions.undo(handoff=handoff, by=sol, at=SOON)
    rescore_changed(at=SOON)
    pipeline.run(at=SOON)
    handoff.refresh_from_db()
    assert (handoff.is_open, Handoff.objects.count()) == (True, 1)
    assert rescored(handoff.lead).intent == before.intent


def test_never_straight_back_to_the_refuser_while_another_can_take_it():
    sol, sofia = rep(), rep("Sofia Reuter")
    pool(sol, sofia)
    first = offered(to=sol)
    decisions.reject(handoff=first, by=first.rep, reason=reason(), at=SOON)
    lead = Lead.objects.get(pk=first.lead_id)
    activity(lead, "demo_request", LATER)
    crossing(lead, at=LATER)
    pipeline.run(at=LATER)
    second = Handoff.objects.open().get(lead=lead)
    assert {first.rep, second.rep} == {sol, sofia}


def test_a_pool_of_one_gives_it_again_rather_than_let_it_rot():
    sol = rep()
    first = offered(to=sol)
    decisions.reject(handoff=first, by=sol, reason=reason(), at=SOON)
    lead = Lead.objects.get(pk=first.lead_id)
    activity(lead, "demo_request", LATER)
    crossing(lead, at=LATER)
    pipeline.run(at=LATER)
    again = Handoff.objects.open().get(lead=lead)
    assert (again.cycle, again.rep) == (2, sol)


def test_a_reason_in_use_is_switched_off_not_deleted():
    sol, max_ = rep(), manager()
    decisions.reject(handoff=offered(to=sol), by=sol, reason=reason(), at=NOW)
    with pytest.raises(reasons.InUse, match="Switch it off"):
        reasons.delete(reason=reason(), by=max_)
    reasons.delete(reason=reason("not_a_project"), by=max_)
    assert not RejectReason.objects.filter(code="not_a_project").exists()
    assert Verdict.objects.get().reason == reason()


def test_a_digit_is_taken_from_the_reason_that_had_it():
    mine = reason("not_a_project")
    mine.key = 1
    reasons.save(reason=mine, by=manager())
    assert (reason("not_a_project").key, reason("timing").key) == (1, None)


def test_reps_and_marketers_do_not_arrange_reasons():
    sol = rep()
    for verb in (
        lambda: reasons.save(reason=reason(), by=sol),
        lambda: reasons.delete(reason=reason(), by=sol),
        lambda: reasons.set_rule(resets="both", by=sol, at=NOW),
    ):
        with pytest.raises(NotYours):
            verb()
    assert not RecyclingRule.objects.exists()


def test_without_a_rule_everything_but_fit_begins_anew():
    sol = rep()
    decisions.reject(handoff=offered(to=sol), by=sol, reason=reason(), at=NOW)
    assert recycling.rule().resets == "both"
    assert sorted(Adjustment.objects.get().dimensions) == ["engagement", "intent"]
    assert Lead.objects.get().stage == Stage.MQL
