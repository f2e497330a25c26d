"""The steps that a clock climbs by itself: written down with their moments when it starts, and moved by
pauses alone. What is done at each is in ``escalation``."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from . import clocks, policies, sla
from .models import Handoff, LadderRung, Promise, Rung, SlaPolicy, Step, Work
from .models.sla import OF_WORK
from .sla import Calendar

#: So many reps get a lead one after the other before it stays where it is, with everybody told.
MOST_ROUNDS = 3
#: Equal moments are climbed in this order.
ORDER = {rung: number for number, rung in enumerate(Rung)}


@dataclass(frozen=True, slots=True)
class Moment:
    """When one rung comes."""

    does: str
    minutes: int
    at: datetime


def moments(*, rungs: Iterable[tuple[str, int]], start: datetime, calendar: Calendar) -> list[Moment]:
    """When each of ``rungs`` (what it does, business minutes) comes on a clock that starts at ``start``, in
    the order of climbing. Pure."""
    found = [
        Moment(does, minutes, sla.due_at(start=start, minutes=minutes, calendar=calendar))
        for does, minutes in rungs
    ]
    return sorted(found, key=lambda each: (each.at, ORDER[Rung(each.does)]))


def begin(*, handoff: Handoff, at: datetime, work: Work | None = None) -> None:
    """Write down the steps of a clock that starts ``at``: that of the answer, or of ``work``. Safe to repeat.
    Up to 5 queries."""
    policy = work.policy if work else handoff.policy
    if policy is None:
        return
    rungs = list(LadderRung.objects.filter(policy=policy).order_by("id"))
    _write(
        handoff, work, [(rung.does, rung.minutes, rung.backup_id, rung.backup_pool_id) for rung in rungs], at
    )


def begin_again(*, handoff: Handoff, at: datetime) -> None:
    """Somebody else has the lead since ``at``: the steps of the answer begin anew for them, as they were
    agreed at the offer. The due time stays: it is a promise to the lead. While it lies ahead, the steps share
    what is left until then as they shared the whole. Up to 7 queries."""
    first = list(Step.objects.filter(handoff=handoff, work=None, round=1).order_by("id"))
    stop(handoff=handoff, at=at)
    handoff.round += 1
    Handoff.objects.filter(pk=handoff.pk).update(round=handoff.round)
    is_last = handoff.round >= MOST_ROUNDS
    again = [step for step in first if not (is_last and step.does == Rung.REASSIGN)]
    left = sla.minutes_left(at=at, due=handoff.due_at, calendar=clocks.calendar_of(handoff.pool))
    for step in again:
        step.minutes = _shared(step.minutes, handoff.allowed_minutes, left)
    _write(
        handoff, None, [(step.does, step.minutes, step.backup_id, step.backup_pool_id) for step in again], at
    )


def _shared(minutes: int, whole: int, left: int) -> int:
    """When a step of ``minutes`` on a clock of ``whole`` comes while only ``left`` are left: 15 of 60 with 20
    left → 5; what was to come after the due time comes as long after it. Pure."""
    if not 0 < left < whole:
        return minutes
    return left + minutes - whole if minutes > whole else max(round(minutes * left / whole), min(minutes, 1))


def stop(*, handoff: Handoff, at: datetime) -> None:
    """Whoever had it has it no more: none of the steps ahead is taken, and nobody backs them up. Two
    queries."""
    ahead = Step.objects.ahead().filter(handoff=handoff, work=None)
    ahead.update(done_at=at, outcome=Step.Outcome.MOOT)
    handoff.backup = None
    Handoff.objects.filter(pk=handoff.pk).update(backup=None)


def _write(
    handoff: Handoff,
    work: Work | None,
    rungs: list[tuple[str, int, int | None, int | None]],
    at: datetime,
) -> None:
    if not rungs:
        return
    calendar = clocks.calendar_of(handoff.pool)
    whom = {does: (person, pool) for does, _, person, pool in rungs}
    Step.objects.bulk_create(
        [
            Step(
                handoff=handoff,
                work=work,
                round=1 if work else handoff.round,
                does=moment.does,
                minutes=moment.minutes,
                at=moment.at,
                backup_id=whom[moment.does][0],
                backup_pool_id=whom[moment.does][1],
            )
            for moment in moments(
                rungs=[(does, minutes) for does, minutes, _, _ in rungs], start=at, calendar=calendar
            )
        ],
        ignore_conflicts=True,
    )


def shift(*, handoff: Handoff, work: Work | None, start: datetime, end: datetime, calendar: Calendar) -> None:
    """Move the steps ahead that lie after ``start`` as if the clock stood still until ``end``; an ``end``
    before ``start`` takes back what a pause from ``end`` to ``start`` moved. Up to 2 queries."""
    ahead = list(Step.objects.ahead().filter(handoff=handoff, work=work, at__gte=start))
    for step in ahead:
        step.at = sla.moved(moment=step.at, start=start, end=end, calendar=calendar)
    Step.objects.bulk_update(ahead, ["at"])


def let_lie(*, handoffs: Collection[int]) -> defaultdict[int, set[int]]:
    """Handoff → the people from whom it was taken because they had not answered. One query."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    steps = Step.objects.filter(handoff__in=list(handoffs), does=Rung.REASSIGN).exclude(rep=None)
    for handoff, person in steps.filter(done_at__isnull=False).values_list("handoff_id", "rep_id"):
        if person is not None:
            found[handoff].add(person)
    return found


def faults(promise: str, rungs: Mapping[str, int], *, span: int) -> dict[str, str]:
    """Rung → why it cannot be there: of ``rungs`` (what it does → business minutes) of a clock of ``span``
    minutes about ``promise``. Each step has to find somebody who still has the lead and has not been passed
    over. Pure."""
    found: dict[str, str] = {}
    if promise != Promise.ANSWER:
        for does in rungs.keys() - set(OF_WORK):
            found[does] = "An accepted lead stays with its rep: remind, or tell the manager."
    remind, backup = rungs.get(Rung.REMIND), rungs.get(Rung.BACKUP)
    manager, away = rungs.get(Rung.MANAGER), rungs.get(Rung.REASSIGN)
    if remind is not None and span and remind >= span:
        found[Rung.REMIND] = "Remind before the time is over: when it is, that is said anyway."
    elif remind is not None and manager is not None and remind > manager:
        found[Rung.REMIND] = "Remind before the manager is told: after that it is no warning."
    elif remind is not None and away is not None and remind >= away:
        found[Rung.REMIND] = "Remind before another rep gets it: by then it is not theirs any more."
    if Rung.BACKUP not in found and backup is not None and away is not None and backup >= away:
        found[Rung.BACKUP] = "Ask a backup before another rep gets it: by then nobody waits for one."
    return found


def sentence(rungs: Iterable[tuple[str, int]], *, span: int) -> str:
    """ "Reminds after 5 min, asks a backup after 15 min, and gives it to another at the due time" for a clock
    of ``span`` minutes. Pure."""
    said = [
        f"{_WORDS[Rung(does)]} {_when(minutes, span)}"
        for does, minutes in sorted(rungs, key=lambda each: (each[1], ORDER[Rung(each[0])]))
    ]
    if not said:
        return "Nothing happens by itself before it is due."
    whole = f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else said[0]
    return f"{whole[:1].upper()}{whole[1:]}."


def possible(promise: Promise) -> str:
    """What may happen by itself on a clock of ``promise``, in a sentence. Pure."""
    if promise == Promise.ANSWER:
        return (
            "May remind the rep, ask a backup, tell the manager and give the lead to another rep, each after "
            "its own time."
        )
    return (
        "May remind the rep and tell the manager, and no more: the lead is accepted and stays with its rep. "
        "Nobody is asked to step in, and nothing is taken away."
    )


def _when(minutes: int, span: int) -> str:
    return "at the due time" if minutes == span else f"after {policies.span(minutes)}"


_WORDS = {
    Rung.REMIND: "reminds the rep",
    Rung.BACKUP: "asks a backup",
    Rung.MANAGER: "tells the manager",
    Rung.REASSIGN: "gives it to another rep",
}


def rungs_of(policy: SlaPolicy) -> list[tuple[str, int]]:
    """What a policy does and when, in the order of climbing. No query where the rungs were read along."""
    rungs = [(rung.does, rung.minutes) for rung in policy.rungs.all()]
    return sorted(rungs, key=lambda each: (each[1], ORDER[Rung(each[0])]))
