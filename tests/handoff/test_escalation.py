"""What happens by itself while nobody acts (C-24, C-35, C-52). The hot lead: a reminder at 5 minutes, a
backup at 15, the manager at 30, another rep at 60."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Absence, User
from handoff import (
    alerts,
    contacts,
    decisions,
    escalation,
    ladders,
    pipeline,
    reassigning,
    tasks,
    waiting,
)
from handoff.models import Handoff, LadderRung, Promise, RoutingDecision, Rung, SlaPolicy, Step, Work
from handoff.permissions import may_decide
from leads.models import Lead
from notifications.models import Notification
from tests.factories import NOW, manager, rep, team
from tests.handoff.factories import crossing, lead, pool

pytestmark = pytest.mark.django_db


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def told(person: User) -> list[str]:
    """The kinds of what somebody reads, in the order in which it was said."""
    return list(Notification.objects.filter(recipient=person).order_by("id").values_list("kind", flat=True))


def done(handoff: Handoff) -> list[tuple[str, str]]:
    steps = Step.objects.filter(handoff=handoff, done_at__isnull=False).order_by("done_at", "id")
    return [(step.does, step.outcome) for step in steps]


@pytest.fixture
def three(db: None) -> list[User]:
    return [rep("Sol Seller"), rep("Sofia Reuter"), rep("Timo Third")]


@pytest.fixture
def hot(three: list[User]) -> Handoff:
    """A hot lead with Sol; Sofia and Timo are there too, and Max leads them."""
    manager()
    pool(*three)
    return offered()


def offered(*, intent: int = 2600) -> Handoff:
    """A lead that comes over the line with so much intent, in hundredths; 26 points make it hot."""
    who = lead("Marta Kowalczyk")
    crossing(who, intent=intent)
    pipeline.run(at=NOW)
    return Handoff.objects.get(lead=who)


def test_who_gets_it_by_hand_is_reminded_before_it_is_due(hot: Handoff, three: list[User]) -> None:
    boss = User.objects.get(role="manager")
    assert hot.due_at == minutes(60)
    other = next(each for each in three if each != hot.rep)

    reassigning.reassign(handoff=hot, to=other, by=boss, at=minutes(40))

    ahead = Step.objects.ahead().filter(handoff=hot).order_by("at")
    assert [(step.does, step.at) for step in ahead] == [
        ("remind", minutes(42)), ("backup", minutes(45)), ("manager", minutes(50)), ("reassign", minutes(60)),
    ]  # fmt: skip


def test_c52_the_whole_ladder_of_a_hot_lead_through_the_beat_task(
    hot: Handoff, three: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    sol, sofia, timo = three
    max_ = User.objects.get(role="manager")
    seen = {}
    for minute in (4, 5, 14, 15, 29, 30, 59, 61):
        monkeypatch.setattr(escalation, "database_now", lambda minute=minute: minutes(minute))
        tasks.escalate()
        first = Step.objects.exclude(done_at=None).filter(round=1).order_by("done_at", "id")
        seen[minute] = list(first.values_list("does", flat=True))

    assert seen[4] == []
    assert seen[5] == seen[14] == ["remind"]
    assert seen[15] == seen[29] == ["remind", "backup"]
    assert seen[30] == seen[59] == ["remind", "backup", "manager"]
    assert seen[61] == ["remind", "backup", "manager", "reassign"]
    assert told(sol) == ["handoff", "due_soon", "reassigned"]
    assert told(sofia) == ["backup", "handoff"]
    assert told(max_) == ["escalated", "reassigned"]
    assert told(timo) == []
    hot.refresh_from_db()
    assert hot.rep == sofia
    assert hot.due_at == minutes(60)
    assert hot.alarmed_at == minutes(61)
    ledger = RoutingDecision.objects.filter(handoff=hot).latest("id")
    assert (ledger.kind, ledger.chosen) == ("late", sofia)
    assert ledger.reason.startswith("Sol Seller had not answered since")
    whys = {User.objects.get(pk=member["user"]).name: member["why"] for member in ledger.members}
    assert whys["Sol Seller"] == "had this lead before"


def test_c52_a_first_attempt_has_four_business_hours(three: list[User]) -> None:
    pool(*three)
    calm = offered(intent=2000)
    decisions.accept(handoff=calm, by=three[0], at=minutes(1))

    work = Work.objects.get(handoff=calm)
    assert (work.promise, work.allowed_minutes) == (Promise.CONTACT, 240)
    assert work.due_at == minutes(241)


def test_the_second_rep_has_a_ladder_of_their_own_and_nobody_gets_it_twice(
    hot: Handoff, three: list[User]
) -> None:
    for minute in range(1, 400):
        escalation.run(at=minutes(minute))

    hot.refresh_from_db()
    had = RoutingDecision.objects.filter(handoff=hot).order_by("id").values_list("chosen__name", flat=True)
    assert list(had) == ["Sol Seller", "Sofia Reuter", "Timo Third"]
    assert hot.rep.name == "Timo Third"
    assert hot.round == ladders.MOST_ROUNDS
    assert [word for word in told(three[2]) if word == "reassigned"] == []


def test_c24_with_nobody_else_there_it_waits_where_everybody_sees_it(three: list[User]) -> None:
    _, sofia, timo = three
    max_ = manager()
    pool(*three)
    hot = offered()
    for person in (sofia, timo):
        Absence.objects.create(user=person, starts_at=NOW, ends_at=minutes(300), reason="fair")
    escalation.run(at=minutes(61))

    hot.refresh_from_db()
    assert hot.rep is None
    assert told(max_) == ["unassigned"]
    ledger = RoutingDecision.objects.filter(handoff=hot).latest("id")
    assert {member["why"].split(",")[0] for member in ledger.members} == {
        "had this lead before", "away until 17 Nov",
    }  # fmt: skip
    # Never back to the one who let it lie, however long it waits; Sofia gets it once she is back.
    waiting.look_after(at=minutes(200))
    hot.refresh_from_db()
    assert hot.rep is None
    waiting.look_after(at=minutes(301))
    hot.refresh_from_db()
    assert hot.rep == sofia


def test_a_late_beat_reminds_nobody_and_tells_everybody_once(hot: Handoff, three: list[User]) -> None:
    sol, sofia, _ = three
    max_ = User.objects.get(role="manager")
    before = Notification.objects.count()

    escalation.run(at=minutes(500))

    assert done(hot) == [
        ("remind", "overtaken"), ("backup", "overtaken"), ("manager", "overtaken"), ("reassign", "done"),
    ]  # fmt: skip
    assert Notification.objects.count() == before + 3
    assert told(sol) == ["handoff", "reassigned"]
    assert told(sofia) == ["handoff"]
    assert told(max_) == ["reassigned"]
    escalation.run(at=minutes(500))
    assert Notification.objects.count() == before + 3


def test_c35_a_deadline_fails_by_itself_and_an_edit_moves_nothing(hot: Handoff) -> None:
    moments = list(Step.objects.order_by("id").values_list("at", flat=True))
    SlaPolicy.objects.update(minutes=5)
    LadderRung.objects.update(minutes=1)
    hot.pool.team.calendar.opening_hours.create(weekday=6, opens="09:00", closes="10:00")

    hot.refresh_from_db()
    assert hot.due_at == minutes(60)
    assert list(Step.objects.order_by("id").values_list("at", flat=True)) == moments
    LadderRung.objects.filter(does="reassign").delete()
    Step.objects.filter(does="reassign").delete()
    assert not Handoff.objects.overdue(minutes(60)).exists()
    assert Handoff.objects.overdue(minutes(61)).exists()


def test_an_answer_ends_it_and_taking_it_back_goes_on(hot: Handoff, three: list[User]) -> None:
    sol = three[0]
    decisions.accept(handoff=hot, by=sol, at=minutes(4))
    escalation.run(at=minutes(6))
    assert told(sol) == ["handoff"]

    decisions.undo(handoff=hot, by=sol, at=minutes(7))
    escalation.run(at=minutes(8))
    assert told(sol) == ["handoff", "due_soon"]
    assert not Work.objects.running().exists()


def test_steps_of_an_answered_lead_are_put_aside(hot: Handoff, three: list[User]) -> None:
    decisions.accept(handoff=hot, by=three[0], at=minutes(4))
    escalation.run(at=minutes(100))
    assert [outcome for _, outcome in done(hot)] == ["moot"] * 4


def test_the_backup_may_answer_and_then_it_is_theirs(hot: Handoff, three: list[User]) -> None:
    _, sofia, timo = three
    escalation.run(at=minutes(5))
    escalation.run(at=minutes(15))
    hot.refresh_from_db()
    assert hot.backup == sofia
    assert may_decide(sofia, hot)
    assert not may_decide(timo, hot)

    decisions.accept(handoff=hot, by=sofia, at=minutes(16))

    hot.refresh_from_db()
    assert hot.rep == sofia
    assert Lead.objects.get(pk=hot.lead_id).owner == sofia
    assert RoutingDecision.objects.latest("id").reason == "stepped in for Sol Seller"


def test_a_backup_named_by_the_policy_is_asked_unless_they_are_away(three: list[User]) -> None:
    nils = rep("Nils North", team("Nordics"))
    LadderRung.objects.filter(does="backup").update(backup=nils)
    pool(*three)
    hot = offered()
    escalation.run(at=minutes(15))
    hot.refresh_from_db()
    assert hot.backup == nils
    assert Handoff.objects.visible_to(nils).filter(pk=hot.pk).exists()

    Absence.objects.create(user=nils, starts_at=NOW, ends_at=minutes(300))
    other = offered()
    escalation.run(at=minutes(15))
    assert Step.objects.get(handoff=other, does="backup").outcome == "nobody"


def test_a_claimed_moment_is_taken_by_one_worker_alone(hot: Handoff) -> None:
    assert escalation.run(at=minutes(5)) == 1
    assert escalation.run(at=minutes(5)) == 0


def test_what_goes_wrong_with_one_stops_no_other(three: list[User], monkeypatch: pytest.MonkeyPatch) -> None:
    pool(*three)
    first, second = offered(), offered()
    remind: Callable[..., object] = alerts.reminder

    def fail(**kwargs: object) -> object:
        if kwargs["handoff"] == first:
            raise RuntimeError("no")
        return remind(**kwargs)

    monkeypatch.setattr(alerts, "reminder", fail)
    escalation.run(at=minutes(5))
    assert done(first) == []
    assert done(second) == [("remind", "done")]


# What is owed on accepted leads


def test_an_accepted_lead_without_a_contact_alarms_and_tells_the_manager(
    hot: Handoff, three: list[User]
) -> None:
    sol, max_ = three[0], User.objects.get(role="manager")
    decisions.accept(handoff=hot, by=sol, at=NOW)
    for minute in (181, 241, 481):
        escalation.run(at=minutes(minute))
    assert told(sol) == ["handoff", "due_soon", "overdue"]
    assert told(max_) == ["overdue", "escalated"]


def test_a_contact_keeps_it_and_the_next_activity_is_owed(hot: Handoff, three: list[User]) -> None:
    sol = three[0]
    SlaPolicy.objects.filter(promise="activity").update(is_on=True)
    decisions.accept(handoff=hot, by=sol, at=NOW)
    key = "9f0b1a58-3f0e-4d4e-9a4e-1f4f2f1d7a01"
    contacts.log(lead=hot.lead, by=sol, kind="call", key=key, at=minutes(10))

    first, following = Work.objects.order_by("id")
    assert (first.was_kept, first.ended_at) == (True, minutes(10))
    assert (following.promise, following.due_at) == ("activity", minutes(10 + 2400))
    assert told(sol) == ["handoff"]


# Pauses on the way are in test_pausing; the laws:


class AnyOrderOfBeats(TestCase):
    """However often and in whatever order beats run, each rung is climbed once and to the same end."""

    @settings(max_examples=25, deadline=None)
    @given(beats=st.lists(st.integers(1, 90), max_size=12))
    def test_the_same_rungs_once_each(self, beats: list[int]) -> None:
        people = [rep("Sol Seller"), rep("Sofia Reuter")]
        manager()
        pool(*people)
        hot = offered()
        latest = 0
        for beat in beats:
            latest = max(latest, beat)  # time does not run backwards, messages do
            escalation.run(at=minutes(latest))
            escalation.run(at=minutes(beat))
        escalation.run(at=minutes(max(latest, 61)))

        first = Step.objects.filter(handoff=hot, round=1)
        assert {step.does: step.done_at is not None for step in first} == dict.fromkeys(Rung.values, True)
        hot.refresh_from_db()
        assert hot.rep == people[1]
        for person in User.objects.all():
            kinds = told(person)
            assert len(kinds) == len(set(kinds)), kinds
