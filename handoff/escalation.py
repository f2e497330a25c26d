"""What happens by itself while nobody acts: the steps of every clock, taken when their moment has come.

The rows are the queue. A step is taken once, in a transaction that holds its lead; a clock that has stopped
takes none. When beat comes late and several moments of one clock have passed, all of them are taken in their
order at once, but a step that a later one makes pointless is only marked as overtaken (nobody is reminded of
a lead that goes on to somebody else), and everybody reads one message: that of the last step that concerns
them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.clock import database_now

from . import alerts, announcements, eligibility, ladders, ledger, messages, recycling, routing, working
from .alerts import Word
from .decisions import UNDO_WINDOW
from .eligibility import Ring
from .holding import each, held
from .models import Handoff, Pool, RoutingDecision, Rung, Step, Work
from .models.clock import WORKED
from .models.handoff import LET_GO

if TYPE_CHECKING:
    from accounts.models import User

#: Steps of clocks that stopped are put aside once nobody can take the verdict back any more.
PUT_ASIDE_AFTER = UNDO_WINDOW + timedelta(minutes=1)


def run(*, at: datetime | None = None, limit: int = 100) -> int:
    """Take the steps of up to ``limit`` handoffs whose moment has come by ``at`` (default: the database's
    now), the longest waiting first, and say what is overdue. Returns with how many something was done. Safe
    to repeat and to run many at once."""
    at = at or database_now()
    Step.objects.moot(at, after=PUT_ASIDE_AFTER).update(done_at=at, outcome=Step.Outcome.MOOT)
    return each(_waiting(at, limit), _climb, at)


def _waiting(at: datetime, limit: int) -> list[int]:
    """The handoffs with something to do. Three reads of short indexes."""
    rows: list[tuple[datetime, int]] = []
    rows += Step.objects.due(at).order_by("at", "id").values_list("at", "handoff_id")[:limit]
    rows += Handoff.objects.to_alarm(at).due_first().values_list("due_at", "id")[:limit]
    rows += Work.objects.to_alarm(at).order_by("due_at", "id").values_list("due_at", "handoff_id")[:limit]
    return list(dict.fromkeys(handoff for _, handoff in sorted(rows)))[:limit]


@transaction.atomic
def _climb(handoff_id: int, at: datetime) -> bool:
    """Everything one handoff has come to. False when somebody else has its lead in hand just now."""
    lead = held(skip_locked=True).filter(handoffs=handoff_id).first()
    if lead is None:
        return False  # the next beat comes to it
    handoffs = Handoff.objects.select_related(
        "rep", "backup", "offered_by", "stage_change", "pool__team__calendar"
    )
    handoff = handoffs.get(pk=handoff_id)
    handoff.lead = lead
    if handoff.is_open:
        return _Climb(handoff, at).climb()
    work = Work.objects.running().filter(handoff=handoff).first()
    if work is None:
        return False
    if handoff.status != Handoff.Status.ACCEPTED or lead.stage not in WORKED:
        working.drop(handoff=handoff, at=at)
        return True
    return _Climb(handoff, at, work).climb()


@dataclass(slots=True)
class _Climb:
    """One clock at one moment: that of the answer, or of ``work``. ``words`` are what people will read."""

    handoff: Handoff
    at: datetime
    work: Work | None = None
    words: list[Word] = field(default_factory=list)

    @property
    def due_at(self) -> datetime:
        return self.work.due_at if self.work else self.handoff.due_at

    @property
    def rep(self) -> "User | None":
        """Who is to act: after acceptance whoever owns the lead by now."""
        return (self.handoff.lead.owner or self.handoff.rep) if self.work else self.handoff.rep

    def climb(self) -> bool:
        due = Step.objects.due(self.at).filter(handoff=self.handoff, work=self.work)
        steps = sorted(
            due.select_related("backup", "backup_pool__team"),
            key=lambda step: (step.at, ladders.ORDER[Rung(step.does)]),
        )
        clock: Handoff | Work = self.work or self.handoff
        is_late = self.due_at < self.at and clock.alarmed_at is None
        if not steps and not is_late:
            return False
        goes_on = any(step.does == Rung.REASSIGN for step in steps) and self.rep is not None
        for step in (one for one in steps if one.at < self.due_at):
            self._take(step, goes_on=goes_on)
        if is_late:
            self._say_overdue(clock)
        for step in (one for one in steps if one.at >= self.due_at):
            self._take(step, goes_on=goes_on)
        alerts.tell(handoff=self.handoff, words=self.words, at=self.at)
        return True

    def _say_overdue(self, clock: Handoff | Work) -> None:
        """Once for each clock, whatever its steps are."""
        clock.alarmed_at = self.at
        clock.save(update_fields=["alarmed_at"])
        self.words += alerts.overdue(handoff=self.handoff, rep=self.rep, due_at=self.due_at, work=self.work)
        if self.work is None:
            announcements.overdue(handoff=self.handoff, at=self.at)

    def _take(self, step: Step, *, goes_on: bool) -> None:
        """Take one step and write down what came of it."""
        step.rep, step.done_at, step.outcome = self.rep, self.at, Step.Outcome.DONE
        is_reminder = step.does == Rung.REMIND
        if (is_reminder and self.due_at < self.at) or (goes_on and step.does != Rung.REASSIGN):
            step.outcome = Step.Outcome.OVERTAKEN
        else:
            take: dict[str, Callable[[Step], None]] = {
                Rung.REMIND: self._remind,
                Rung.BACKUP: self._ask_backup,
                Rung.MANAGER: self._tell_manager,
                Rung.REASSIGN: self._give_to_another,
            }
            take[step.does](step)
        step.save(update_fields=["rep", "done_at", "outcome", "to"])
        if step.outcome != Step.Outcome.OVERTAKEN and step.does != Rung.REMIND:
            announcements.escalated(handoff=self.handoff, step=step, at=self.at)

    def _remind(self, step: Step) -> None:
        if self.rep is None:
            step.outcome = Step.Outcome.NOBODY
            return
        self.words.append(
            alerts.reminder(handoff=self.handoff, rep=self.rep, due_at=self.due_at, work=self.work)
        )

    def _ask_backup(self, step: Step) -> None:
        """The person or the next of the pool that was agreed on, else the next in the lead's own pool, if
        they are there. It is no turn of theirs until they accept."""
        barred = {self.handoff.rep_id, *ladders.let_lie(handoffs=[self.handoff.pk])[self.handoff.pk]}
        step.to = _backup(step, self.handoff.pool, barred, self.at)
        if step.to is None:
            step.outcome = Step.Outcome.NOBODY
            return
        self.handoff.backup = step.to
        Handoff.objects.filter(pk=self.handoff.pk).update(backup=step.to)
        teams = step.to.teams.values_list("id", flat=True)
        routing.grant_access(lead=self.handoff.lead, team_ids=teams, at=self.at)
        self.words.append(alerts.backup(handoff=self.handoff, to=step.to, at=self.at))

    def _tell_manager(self, step: Step) -> None:
        self.words += alerts.escalated(handoff=self.handoff, rep=self.rep, due_at=self.due_at, work=self.work)

    def _give_to_another(self, step: Step) -> None:
        """Through the rules, never back to who let it lie; with nobody there it waits where everybody sees
        it, with an alarm (C-24). The due time stays."""
        handoff, former = self.handoff, self.handoff.rep
        if former is None:
            step.outcome = Step.Outcome.MOOT  # it waits for somebody already
            return
        barred = {former.pk, *ladders.let_lie(handoffs=[handoff.pk])[handoff.pk]}
        refuser = recycling.refuser(recycling.last_rejection(handoff.lead))
        where = routing.assign(lead=handoff.lead, at=self.at, refused_by=refuser, barred=barred)
        step.to = where.rep
        handoff.pool, handoff.rep = where.pool or handoff.pool, where.rep
        handoff.assigned_at = self.at if where.rep else None
        Handoff.objects.filter(pk=handoff.pk).update(
            pool=handoff.pool, rep=handoff.rep, assigned_at=handoff.assigned_at, **LET_GO
        )
        since = messages.moment(handoff.offered_at, handoff.time_zone)
        why = f"{former} had not answered since {since}"
        ledger.write(handoff=handoff, of=where, at=self.at, kind=RoutingDecision.Kind.LATE, reason=why)
        self.words += alerts.taken(handoff=handoff, of=former, due_at=self.due_at)
        if where.rep is None:
            step.outcome = Step.Outcome.NOBODY
            ladders.stop(handoff=handoff, at=self.at)
            self.words += alerts.nobody(handoff=handoff, waits_for=where.way.waits_for)
            announcements.unassigned(handoff=handoff, at=self.at)
        else:
            ladders.begin_again(handoff=handoff, at=self.at)
            self.words.append(alerts.offer(handoff=handoff, rep=where.rep, at=self.at, instead_of=former))
            announcements.handed_over(handoff=handoff, at=self.at)


def _backup(step: Step, pool: Pool | None, barred: set[int | None], at: datetime) -> "User | None":
    """Who could step in ``at``; None when nobody is there. Up to 6 queries."""
    out = {person for person in barred if person is not None}
    if step.backup is not None:
        desk = eligibility.read_desk(step.backup, at)
        return None if eligibility.why_not(desk, at=at, barred=out, own=True) else step.backup
    asked = step.backup_pool or pool
    if asked is None:
        return None
    ring: Ring = eligibility.read_rings(pool_ids=[asked.pk], at=at)[asked.pk]
    able = [desk for desk in ring.desks if not eligibility.why_not(desk, at=at, barred=out)]
    pick = ring.pick(able)
    return pick.desk.user if pick else None
