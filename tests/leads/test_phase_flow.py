"""Who came into a phase and who left it, recomputed lead by lead from the history."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads import lifecycle, phase_flow
from leads.models import Lead, PhaseChange, StageChange
from leads.phase_flow import Flow, Span
from leads.stages import MOVES, Phase, Stage
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SPAN = Span(NOW - 7 * DAY, NOW)
RANK = {"awareness": 1, "consideration": 2, "decision": 3}


def behind(phase: str, flow: str) -> set[Lead]:
    return set(Lead.objects.filter(pk__in=phase_flow.lead_ids(SPAN, Phase(phase), Flow(flow))))


def person() -> Lead:
    return make.lead(created_at=NOW - 30 * DAY, phase_at=NOW - 30 * DAY, stage_at=NOW - 30 * DAY)


def step(lead: Lead, to: str, days: float) -> None:
    lead.refresh_from_db()
    lifecycle.move(lead=lead, to=Stage(to), at=NOW - days * DAY, cause=StageChange.Cause.CROSSING)


def turn(lead: Lead, phase: str, days: float) -> None:
    lifecycle.set_phase(lead=lead, phase=Phase(phase), at=NOW - days * DAY)


def test_s2_04_mqls_come_in_move_on_and_lapse() -> None:
    came, moved, lapsed, handed, learns = (person() for _ in range(5))
    for lead in (moved, lapsed, handed):
        step(lead, "mql", 20)
    step(came, "mql", 3)
    turn(moved, "consideration", 2)
    step(lapsed, "closed", 2)
    step(handed, "handed_over", 1)
    turn(learns, "consideration", 1)  # no MQL: of nobody's concern here

    assert phase_flow.counts(SPAN) == {
        ("awareness", "in"): 1,
        ("awareness", "on"): 1,
        ("awareness", "lapsed"): 1,
        ("awareness", "handed"): 1,
        ("consideration", "in"): 1,
    }
    assert behind("awareness", "in") == {came}
    assert behind("consideration", "in") == {moved}
    assert behind("awareness", "handed") == {handed}


def test_a_step_counts_in_the_phase_of_then() -> None:
    lead = person()
    step(lead, "mql", 5)
    turn(lead, "decision", 4)
    assert behind("awareness", "in") == {lead}


def test_what_was_taken_back_neither_left_nor_came() -> None:
    lead = person()
    step(lead, "mql", 20)
    step(lead, "handed_over", 2)
    lead.refresh_from_db()
    lifecycle.move(lead=lead, to=Stage.MQL, at=NOW - DAY, cause=StageChange.Cause.UNDO)
    assert phase_flow.counts(SPAN) == {}


moves = st.lists(
    st.tuples(st.sampled_from(["mql", "lead", "handed_over", "closed", *Phase.values]), st.integers(0, 12)),
    max_size=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(moves, min_size=1, max_size=3))
def test_the_counts_are_those_of_walking_each_history(histories: list[list[tuple[str, int]]]) -> None:
    Lead.objects.all().delete()
    expected: dict[tuple[str, str], set[int]] = {}
    for history in histories:
        lead, stage, phase = person(), "lead", "awareness"
        for what, day in sorted(history, key=lambda each: -each[1]):
            at = NOW - timedelta(
                days=day, minutes=-1 * PhaseChange.objects.count() - StageChange.objects.count()
            )
            counted = SPAN.since <= at < SPAN.until
            found: list[tuple[str, str]] = []
            if what in RANK:
                if what == phase:
                    continue
                lifecycle.set_phase(lead=lead, phase=Phase(what), at=at)
                if stage == "mql":
                    found = [(what, "in"), (phase, "on" if RANK[what] > RANK[phase] else "back")]
                phase = what
            else:
                if Stage(what) not in MOVES[Stage(stage)]:
                    continue
                lead.refresh_from_db()
                lifecycle.move(lead=lead, to=Stage(what), at=at, cause=StageChange.Cause.CROSSING)
                if what == "mql":
                    found = [(phase, "in")]
                elif stage == "mql":
                    found = [(phase, "handed" if what == "handed_over" else "lapsed")]
                stage = what
            if counted:
                for key in found:
                    expected.setdefault(key, set()).add(lead.pk)
    assert phase_flow.counts(SPAN) == {key: len(leads) for key, leads in expected.items()}
