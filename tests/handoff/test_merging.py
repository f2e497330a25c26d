"""What merging two leads does to the work of sales."""

from datetime import timedelta

import pytest

from handoff import decisions, merging, pipeline
from handoff.models import Handoff, Qualification, Task
from handoff.waiting import withdraw_overtaken
from leads import lifecycle
from leads.models import Lead, StageChange
from leads.stages import Stage
from leads.unmerging import UndoRefused
from notifications.models import Notification
from scoring.models import Crossing, LineState
from tests.factories import NOW, lead, marketer, rep
from tests.handoff.factories import crossing, offered, pool, question, reason

pytestmark = pytest.mark.django_db

EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(minutes=5)


@pytest.fixture
def sellers() -> tuple[object, object]:
    sol, nils = rep("Sol Seller"), rep("Nils Seller")
    pool(sol, nils)
    return sol, nils


def merged(keep: Lead, drop: Lead):
    return merging.merge(keep=keep, drop=drop, by=marketer(), at=LATER)


@pytest.mark.parametrize("dropped", [0, 1])
def test_of_two_open_handoffs_the_older_one_goes_on_with_its_clock_and_the_other_rep_is_told(
    sellers, dropped
) -> None:
    first = offered(of=lead("Ada"), at=EARLIER)
    second = offered(of=lead("Twin"), at=NOW)
    pair = [first.lead, second.lead]
    made = merged(pair[1 - dropped], pair[dropped])
    kept = Handoff.objects.get(status="open")
    assert (kept.pk, kept.due_at, kept.rep) == (first.pk, first.due_at, first.rep)
    assert kept.lead_id == made.kept_id
    assert kept.cycle == 2  # the newest, as every page takes it
    second.refresh_from_db()
    assert (second.status, second.decided_at, second.cycle) == ("withdrawn", LATER, 1)
    told = Notification.objects.get(recipient=second.rep, kind="taken_back")
    assert told.title.endswith("was handed over twice")
    assert kept.lead.stage == Stage.HANDED_OVER


def test_sales_keeps_what_it_had_whichever_lead_is_kept(sellers) -> None:
    handoff = offered(of=lead("Twin"), at=EARLIER)
    ada = lead("Ada")
    merged(ada, handoff.lead)
    ada.refresh_from_db()
    handoff.refresh_from_db()
    assert (ada.stage, handoff.status, handoff.lead_id) == (Stage.HANDED_OVER, "open", ada.pk)
    verdict = decisions.accept(handoff=handoff, by=handoff.rep, at=LATER)
    assert verdict.stage_change.lead_id == ada.pk


def test_who_was_over_the_line_is_not_handed_over_again(sellers) -> None:
    accepted = offered(of=lead("Ada"), at=EARLIER)
    decisions.accept(handoff=accepted, by=accepted.rep, at=EARLIER)
    waiting = offered(of=lead("Twin"), at=NOW)
    merged(waiting.lead, accepted.lead)
    pipeline.run(at=LATER)
    kept = Lead.objects.get()
    assert kept.stage == Stage.SQL
    assert kept.owner == accepted.rep
    assert [(each.pk, each.status) for each in kept.handoffs.order_by("cycle")] == [
        (waiting.pk, "withdrawn"),
        (accepted.pk, "accepted"),
    ]
    state = LineState.objects.get(stage="sql")
    current = Crossing.objects.get(lead=kept, stage="sql", cycle=state.cycle)
    assert current.pk == accepted.crossing_id


def test_after_an_undo_each_has_its_own_handoffs_tasks_and_answers_again(sellers) -> None:
    sent_back = offered(of=lead("Ada"), at=EARLIER)
    decisions.reject(handoff=sent_back, by=sent_back.rep, reason=reason("timing"), at=EARLIER)
    waiting = offered(of=lead("Twin"), at=NOW)
    ada, twin, sol = sent_back.lead, waiting.lead, waiting.rep
    assert sol is not None
    for one in (ada, twin):
        Task.objects.create(lead=one, title="Call", owner=sol, due_at=NOW, created_by=sol)
        Qualification.objects.create(lead=one, question=question("budget"), level=1, by=sol)
    before = [
        sorted(model.objects.filter(lead=one).values_list())
        for model in (Handoff, Task, Qualification, StageChange, Crossing)
        for one in (ada, twin)
    ]
    made = merged(ada, twin)
    assert Task.objects.filter(lead=ada).count() == 2
    assert Qualification.objects.filter(lead=ada).count() == 1
    back = merging.undo(merge=made, by=made.by, at=LATER)
    assert back == twin
    after = [
        sorted(model.objects.filter(lead=one).values_list())
        for model in (Handoff, Task, Qualification, StageChange, Crossing)
        for one in (ada, twin)
    ]
    assert after == before
    ada.refresh_from_db()
    assert (ada.stage, back.stage) == (Stage.MQL, Stage.HANDED_OVER)


def test_once_sales_answered_what_was_the_dropped_leads_the_merge_stands(sellers) -> None:
    waiting = offered(of=lead("Twin"), at=NOW)
    made = merged(lead("Ada"), waiting.lead)
    waiting.refresh_from_db()
    decisions.accept(handoff=waiting, by=waiting.rep, at=LATER + timedelta(minutes=1))
    with pytest.raises(UndoRefused, match="has answered Twin’s handoff since"):
        merging.undo(merge=made, by=made.by, at=LATER + timedelta(minutes=2))


def test_once_the_handoff_that_was_the_dropped_leads_was_taken_back_the_merge_stands(sellers) -> None:
    """Else the lead would come back as handed over, with nobody working it and no way on."""
    waiting = offered(of=lead("Twin"), at=NOW)
    ada = lead("Ada")
    made = merged(ada, waiting.lead)
    ada.refresh_from_db()
    lifecycle.move(
        lead=ada, to=Stage.MQL, at=LATER, cause=StageChange.Cause.VOIDED, reason=StageChange.TAKEN_BACK
    )
    assert withdraw_overtaken(at=LATER + timedelta(minutes=1)) == 1
    with pytest.raises(UndoRefused, match="Twin’s handoff was taken back since"):
        merging.undo(merge=made, by=made.by, at=LATER + timedelta(minutes=2))


def test_a_crossing_that_waits_hands_over_the_lead_that_was_kept(sellers) -> None:
    twin, ada = lead("Twin"), lead("Ada")
    crossing(twin, at=NOW)
    merged(ada, twin)
    pipeline.run(at=LATER)
    assert Handoff.objects.get().lead == ada
