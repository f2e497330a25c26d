"""How far leads have come follows from their stage changes, whatever is written, in whatever way."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads import lifecycle, merging, milestones
from leads.milestones import REACHED, Milestone
from leads.models import Lead, PassedMilestone, StageChange
from leads.stages import Stage
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def passed(lead: Lead) -> dict[str, datetime]:
    rows = PassedMilestone.objects.filter(lead=lead).order_by("milestone")
    return {row.get_milestone_display(): row.at for row in rows}


def step(lead: Lead, to: str, hours: int, cause: str = "person", reason: str = "") -> StageChange:
    last = StageChange.objects.filter(lead=lead).order_by("at", "id").last()
    return StageChange.objects.create(
        lead=lead,
        from_stage=last.to_stage if last else Stage.LEAD,
        to_stage=to,
        at=NOW + hours * HOUR,
        cause=cause,
        reason=reason,
    )


def test_a_lead_passes_each_milestone_once_at_the_first_moment() -> None:
    lead = make.lead()
    for hours, to in enumerate(["mql", "handed_over", "mql", "handed_over", "sql"]):
        step(lead, to, hours)

    assert passed(lead) == {"MQL": NOW, "Handed over": NOW + HOUR, "Accepted": NOW + 4 * HOUR}


def test_each_milestone_knows_when_the_one_before_was_passed() -> None:
    lead = make.lead()
    for hours, to in ((1, "mql"), (3, "sql")):
        step(lead, to, hours)

    told = PassedMilestone.objects.filter(lead=lead).order_by("milestone").values_list("since", flat=True)
    assert list(told) == [None, NOW + HOUR, NOW + 3 * HOUR]


def test_who_becomes_a_customer_overnight_has_passed_them_all() -> None:
    lead = make.lead()
    lifecycle.move(lead=lead, to=Stage.CUSTOMER, at=NOW, cause=StageChange.Cause.IMPORT)

    assert passed(lead) == dict.fromkeys(Milestone.labels, NOW)


def test_what_was_undone_or_taken_back_is_as_if_it_had_not_been() -> None:
    lead = make.lead()
    for hours, (to, cause, reason) in enumerate(
        [
            ("mql", "crossing", ""),
            ("handed_over", "crossing", ""),
            ("sql", "verdict", ""),
            ("handed_over", "undo", ""),
            ("mql", "verdict", "timing"),
            ("handed_over", "undo", ""),
        ]
    ):
        step(lead, to, hours, cause, reason)
    assert list(passed(lead)) == ["MQL", "Handed over"]

    other = make.lead()
    step(other, "mql", 0)
    step(other, "handed_over", 1)
    step(other, "mql", 2, "person", "taken_back")
    assert list(passed(other)) == ["MQL"]


def test_voided_evidence_takes_both_steps_back_that_it_had_brought() -> None:
    lead = make.lead()
    step(lead, "mql", 0)
    step(lead, "handed_over", 1)
    step(lead, "mql", 2, "voided", "taken_back")
    step(lead, "lead", 2, "voided", "taken_back")
    assert passed(lead) == {}


def test_an_undo_takes_back_its_own_verdict_whatever_came_between() -> None:
    lead = make.lead()
    step(lead, "handed_over", 0)
    step(lead, "sql", 1)
    other = {"from_stage": Stage.LEAD, "to_stage": Stage.MQL, "cause": "import"}
    StageChange.objects.create(lead=lead, at=NOW + 2 * HOUR, **other)  # by a merge
    undo = {"from_stage": Stage.SQL, "to_stage": Stage.HANDED_OVER, "cause": "undo"}
    StageChange.objects.create(lead=lead, at=NOW + 3 * HOUR, **undo)
    assert passed(lead) == {"MQL": NOW, "Handed over": NOW}


def test_an_import_of_the_past_that_is_undone_takes_its_own_step_along() -> None:
    lead = make.lead()
    step(lead, "mql", 60)
    won = {"from_stage": Stage.MQL, "to_stage": Stage.CUSTOMER, "cause": "import"}
    StageChange.objects.create(lead=lead, at=NOW, **won)
    back = {"from_stage": Stage.CUSTOMER, "to_stage": Stage.MQL, "cause": "undo"}
    StageChange.objects.create(lead=lead, at=NOW + 90 * HOUR, **back)
    assert passed(lead) == {"MQL": NOW + 60 * HOUR}


def test_changed_and_deleted_steps_move_and_take_milestones() -> None:
    one, two = make.lead(), make.lead()
    change = step(one, "mql", 1)
    StageChange.objects.filter(pk=change.pk).update(at=NOW)
    assert passed(one) == {"MQL": NOW}
    StageChange.objects.filter(pk=change.pk).update(lead=two)
    assert (passed(one), passed(two)) == ({}, {"MQL": NOW})
    change.delete()
    assert passed(two) == {}


def test_C16_the_lead_that_stays_of_two_has_the_earlier_milestones_of_both() -> None:
    keep, drop = make.lead(), make.lead()
    step(keep, "mql", 3)
    step(drop, "mql", 1)
    step(drop, "handed_over", 2)
    merging.merge(keep, drop, by=make.admin(), at=timezone.now())

    assert passed(keep) == {"MQL": NOW + HOUR, "Handed over": NOW + 2 * HOUR}


STORY = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from(Stage.values),
        st.sampled_from(["person", "verdict", "undo"]),
        st.sampled_from(["", "taken_back"]),
    ),
    max_size=12,
)


@given(stories=st.lists(STORY, min_size=1, max_size=4), at_once=st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_story_ends_in_what_its_steps_say(
    stories: list[list[tuple[int, str, str, str]]], at_once: bool, db: None
) -> None:
    leads = [make.lead() for _ in stories]
    rows = [
        StageChange(
            lead=lead,
            from_stage=left(to),
            to_stage=to,
            at=NOW + hours * HOUR,
            cause=cause,
            reason=reason,
        )
        for lead, story in zip(leads, stories, strict=True)
        for hours, to, cause, reason in story
    ]
    if at_once:
        StageChange.objects.bulk_create(rows)
    else:
        for row in rows:
            row.save()

    for lead, story in zip(leads, stories, strict=True):
        assert passed(lead) == told_by_hand(story)
    assert milestones.out_of_step() == 0


def told_by_hand(story: list[tuple[int, str, str, str]]) -> dict[str, datetime]:
    """By crossing out: who takes a step back crosses out the last one to the stage it leads away from."""
    told = sorted(story, key=lambda one: one[0])  # the order of one moment stays
    open_steps: dict[str, list[tuple[int, str]]] = {}
    for hours, to, cause, reason in told:
        if cause == "undo" or reason == "taken_back":
            if open_steps.get(left(to)):
                open_steps[left(to)].pop()
        else:
            open_steps.setdefault(to, []).append((hours, to))
    first: dict[str, datetime] = {}
    for milestone in Milestone:
        reached = [
            hours
            for steps in open_steps.values()
            for hours, to in steps
            if to in REACHED_BY and milestone <= REACHED_BY[to]
        ]
        if reached:
            first[str(milestone.label)] = NOW + min(reached) * HOUR
    return first


def left(to: str) -> str:
    """Where the steps of the stories come from."""
    return Stage.MQL.value if to != Stage.MQL else Stage.HANDED_OVER.value


REACHED_BY = {stage.value: milestone for stage, milestone in REACHED.items()}


def test_milestones_that_were_lost_are_missed_and_mended() -> None:
    lead = make.lead()
    step(lead, "sql", 0)
    PassedMilestone.objects.filter(lead=lead, milestone=2).delete()
    PassedMilestone.objects.filter(lead=lead, milestone=3).update(at=NOW + HOUR)
    assert milestones.out_of_step() == 2
    milestones.mend()
    assert milestones.out_of_step() == 0
    assert passed(lead) == dict.fromkeys(["MQL", "Handed over", "Accepted"], NOW)
