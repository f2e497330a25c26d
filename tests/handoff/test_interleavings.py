"""F12: whatever people and clocks do with one lead, in whatever order, nothing impossible comes of it.

50 lives of a lead in every run, 1,000 in ``make test-long``.
"""

import contextlib
import os
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.models import User
from handoff import claiming, decisions, escalation, pausing, pipeline, reassigning, snoozing, waiting
from handoff.models import Handoff, Pause, Step, Verdict
from handoff.permissions import NotYours
from leads.lifecycle import StageConflict
from leads.models import Lead
from leads.stages import Stage
from tests.factories import manager, marketer, rep
from tests.handoff.factories import NOW, offered, pool, reason

pytestmark = pytest.mark.django_db

REFUSALS = (
    NotYours,
    decisions.AlreadyDecided,
    decisions.UndoRefused,
    reassigning.Answered,
    snoozing.NothingToSnooze,
    pausing.PauseRefused,
    StageConflict,
)
PEOPLE = st.sampled_from(["sol", "sofia", "max"])


class OneLead(RuleBasedStateMachine):
    """A lead in a pool of two, a manager, and marketing, which may hand it over again once it is back."""

    taken = 0

    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()
        self.world.__enter__()
        self.people = {"sol": rep("Sol Seller"), "sofia": rep("Sofia Reuter"), "max": manager()}
        pool(self.people["sol"], self.people["sofia"])
        self.marketing = marketer()
        self.handoff = offered(self.people["sol"])
        self.due_at, self.at = self.handoff.due_at, NOW

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)

    def do(self, verb: Callable[[Handoff, User, datetime], object], who: str) -> None:
        OneLead.taken += 1
        self.at += timedelta(seconds=1)
        handoff = Handoff.objects.select_related("lead", "rep", "pool").get(pk=self.handoff.pk)
        with contextlib.suppress(REFUSALS):
            verb(handoff, self.people[who], self.at)

    @rule(who=PEOPLE)
    def claim(self, who: str) -> None:
        self.do(lambda it, by, at: claiming.claim(handoff=it, by=by, at=at), who)

    @rule(who=PEOPLE)
    def let_go(self, who: str) -> None:
        self.do(lambda it, by, _: claiming.release(handoff=it, by=by), who)

    @rule(who=PEOPLE)
    def accept(self, who: str) -> None:
        before = Handoff.objects.get(pk=self.handoff.pk)
        self.do(lambda it, by, at: decisions.accept(handoff=it, by=by, at=at), who)
        holder = before.holder(self.at)
        if before.rep is None and holder is not None and holder != self.people[who]:
            assert Handoff.objects.get(pk=before.pk).is_open, "accepted past a colleague's hold"

    @rule(who=PEOPLE)
    def reject(self, who: str) -> None:
        self.do(lambda it, by, at: decisions.reject(handoff=it, by=by, reason=reason(), at=at), who)

    @rule()
    def marketing_hands_it_over_again(self) -> None:
        """A recycled lead: a new handoff with a clock of its own, and never straight back."""
        self.at += timedelta(seconds=1)
        last = Verdict.objects.filter(handoff=self.handoff).order_by("-at", "-id").first()
        try:
            again = pipeline.hand_over(
                lead=self.handoff.lead, by=self.marketing, note="They called", at=self.at
            )
        except StageConflict:
            return
        assert again.cycle == self.handoff.cycle + 1
        assert last is not None
        assert again.rep is None or again.rep != last.by, "straight back to who refused it"
        self.handoff, self.due_at = again, again.due_at

    @rule(who=PEOPLE, minutes=st.sampled_from([None, 10, 600]))
    def pause(self, who: str, minutes: int | None) -> None:
        until = self.at + timedelta(minutes=minutes) if minutes else None
        verb = pausing.pause
        self.do(lambda it, by, at: verb(handoff=it, by=by, reason="On the road", until=until, at=at), who)

    @rule(who=PEOPLE)
    def resume(self, who: str) -> None:
        self.do(lambda it, by, at: pausing.resume(handoff=it, by=by, at=at), who)

    @rule(who=PEOPLE)
    def take_the_pause_back(self, who: str) -> None:
        self.do(lambda it, by, at: pausing.undo(handoff=it, by=by, at=at), who)

    @rule(minutes=st.sampled_from([0, 30, 400]))
    def the_clock_climbs(self, minutes: int) -> None:
        """Twice, as beat may; the second time there is nothing left to do."""
        self.at += timedelta(minutes=minutes)
        escalation.run(at=self.at)
        assert escalation.run(at=self.at) == 0

    @rule(who=PEOPLE)
    def undo(self, who: str) -> None:
        self.do(lambda it, by, at: decisions.undo(handoff=it, by=by, at=at), who)

    @rule(who=PEOPLE, minutes=st.sampled_from([5, 90]))
    def snooze(self, who: str, minutes: int) -> None:
        until = self.at + timedelta(minutes=minutes)
        self.do(lambda it, by, at: snoozing.snooze(handoff=it, by=by, until=until, at=at), who)

    @rule(who=PEOPLE)
    def unsnooze(self, who: str) -> None:
        self.do(lambda it, by, at: snoozing.unsnooze(handoff=it, by=by, at=at), who)

    @rule(who=PEOPLE, to=PEOPLE)
    def reassign(self, who: str, to: str) -> None:
        person = self.people[to]
        self.do(lambda it, by, at: reassigning.reassign(handoff=it, to=person, by=by, at=at), who)

    @rule(who=PEOPLE)
    def back_to_the_pool(self, who: str) -> None:
        self.do(lambda it, by, at: reassigning.release(handoff=it, by=by, at=at), who)

    @rule(minutes=st.sampled_from([1, 16]))
    def time_goes_on(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)
        snoozing.wake(at=self.at)

    @rule()
    def the_pool_gives_it_away(self) -> None:
        self.at += timedelta(seconds=1)
        waiting.assign_waiting(at=self.at)

    @invariant()
    def nothing_impossible(self) -> None:
        it = Handoff.objects.get(pk=self.handoff.pk)
        lead = Lead.objects.get(pk=it.lead_id)
        if not Pause.objects.filter(handoff=it).exists():
            assert it.due_at == self.due_at, "moved, and nobody paused it"
        assert it.due_at >= self.due_at
        steps = Step.objects.filter(handoff=it, work=None).values_list("round", "does")
        assert len(steps) == len(set(steps)), "one step twice in a round"
        assert Handoff.objects.open().filter(lead=lead).count() <= 1
        assert it.is_open == (lead.stage == Stage.HANDED_OVER)
        assert not (it.rep and it.holder(self.at)), "held, and somebody's already"
        verdicts = Verdict.objects.filter(handoff=it).exclude(kind="undo").filter(undone_by=None)
        kinds = [verdict.kind for verdict in verdicts]
        assert kinds == {"open": [], "accepted": ["accept"], "rejected": ["reject"]}[it.status]
        if it.status == "accepted":
            assert it.rep is not None
            assert lead.owner_id == it.rep_id


#: Each of this many lives has a dozen steps at most.
LIVES = 1_000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 50


@pytest.mark.timeout(300 + 2 * LIVES)
def test_f12_claims_verdicts_snoozes_pauses_escalations_and_moves_leave_no_impossible_state() -> None:
    run_state_machine_as_test(
        OneLead,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=12,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert OneLead.taken > LIVES, "the machine stood still"
