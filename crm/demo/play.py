"""Play the plan through the product's own verbs, in the order of time.

People do things, the rescoring notices, the pipeline hands over, reps answer: each with ``at`` set to its
moment, so the history is what the product itself would have written in those ninety days.
"""

import heapq
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

from django.db import connection, transaction
from django.db.models import F, Q

from accounts.models import User
from handoff import claiming, escalation, follow_ups, pausing, pipeline, reassigning, snoozing
from handoff.models import Handoff
from leads import activities
from leads.models import Activity, ActivityType, Company, Lead
from notifications.models import Delivery, Notification
from scoring import rescoring

from . import (
    aftermath,
    agreed,
    arriving,
    cast,
    deals,
    featured,
    history,
    meetings,
    planning,
    spending,
    stories,
    workplace,
)
from .cast import Fate, Firm, Happening, Person
from .logins import COLLEAGUE, MANAGER, MARKETER

SEED = 20
SOURCE = "fieldline"
#: What is not hot waits so long for company before it is stored and scored.
PATIENCE = timedelta(hours=20)
SWEEP_EVERY = timedelta(days=15)
AT_ONCE = 1_000
#: An answer is never younger than this when the demo starts.
LAST_ANSWER = timedelta(minutes=35)
#: For how long the demo rep has put a lead off.
SNOOZED_FOR = timedelta(minutes=150)


@dataclass(frozen=True, slots=True)
class Played:
    """What the database holds after the play."""

    companies: int
    leads: int
    activities: int
    handoffs: int
    seconds: float


def play(
    *,
    now: datetime,
    leads: int = planning.LEADS,
    seed: int = SEED,
    tell: Callable[[int], object] = str,  # says nothing
) -> Played:
    """Make the demo company with ninety days of history that end at ``now``. All or nothing: workers see it
    when it is whole. Expects that nobody is here yet. The same moment and seed make the same company.
    ``tell`` hears how far it is, every ten per cent."""
    start = time.monotonic()
    with transaction.atomic():
        stage = Stage(now=now, size=leads, rng=Random(seed), tell=tell)
        stage.run()
    return Played(
        companies=Company.objects.count(),
        leads=Lead.objects.count(),
        activities=Activity.objects.count(),
        handoffs=Handoff.objects.count(),
        seconds=time.monotonic() - start,
    )


@dataclass
class Stage:
    """The running play: what is still to come, what waits to be stored, who is who."""

    now: datetime
    size: int
    rng: Random
    tell: Callable[[int], object]
    #: (moment, order of arrival, what then): the order settles equal moments, so runs repeat exactly.
    coming: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    waiting: list[tuple[Person, Happening]] = field(default_factory=list)
    leads: dict[str, Lead] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    seen_handoff: int = 0

    def __post_init__(self) -> None:
        self.start = self.now - stories.HISTORY - timedelta(days=5)
        self.order = itertools.count()
        self.numbers = itertools.count(1)
        self.types = dict(ActivityType.objects.values_list("key", "id"))

    def run(self) -> None:
        workplace.furnish(at=self.now)
        agreed.agree(now=self.now)
        workplace.live_since(at=self.start)
        rescoring.continue_publishing(at=self.start, seconds=10)  # of the starter model: nobody to score yet
        plan = planning.plan(rng=self.rng, now=self.now, leads=self.size)
        self._found(plan.firms)
        for person in plan.people:
            for happening in person.happenings:
                self.at(happening.at, partial(self._happen, person, happening))
        for day in range(2, stories.HISTORY.days, SWEEP_EVERY.days):
            self.at(self.start + timedelta(days=day), self._sweep)
        swedish = workplace.nordic_moment(minutes=featured.SWEDISH.minutes, before=self.now)
        self.at(swedish - timedelta(seconds=1), self._hurry_sweden)
        for moment, then in meetings.meetings(start=self.start, now=self.now):
            self.at(moment - timedelta(seconds=1), self._sweep)  # a price counts who stands where by then
            self.at(moment, then)
        analyzed = self.now - stories.HISTORY + timedelta(days=12)
        self.at(analyzed, self._analyze)
        moments = sorted(happening.at for person in plan.people for happening in person.happenings)
        for percent in range(10, 100, 10):
            self.at(moments[len(moments) * percent // 100], partial(self._tell, percent))
        while self.coming:
            moment, _, then = heapq.heappop(self.coming)
            if self.waiting and moment - self.waiting[0][1].at > PATIENCE:
                self._settle(self.waiting[-1][1].at + timedelta(seconds=1))
            then(moment)
        self._settle(self.now)
        arriving.arrive(now=self.now)
        history.bring(now=self.now, rng=Random(SEED + 1), taken={firm.domain for firm in plan.firms})
        self._settle(self.now)
        self._sweep(self.now)
        while follow_ups.remind(at=self.now):
            pass
        escalation.run(at=self.now, limit=AT_ONCE)
        self._pause()
        self._snooze()
        self._give_back()
        spending.spend(now=self.now, by=User.objects.get(email=MARKETER))
        aftermath.judge(at=self.now - LAST_ANSWER)
        self._close_the_past()
        agreed.ask_for_more(now=self.now)

    def at(self, moment: datetime, then: Callable[[datetime], None]) -> None:
        heapq.heappush(self.coming, (moment, next(self.order), then))

    def _found(self, firms: Iterable[Firm]) -> None:
        made = Company.objects.bulk_create(
            Company(
                name=firm.name,
                domain=firm.domain,
                employees=firm.employees,
                revenue=round(firm.employees * self.rng.uniform(70_000, 140_000), -4),
                industry=firm.industry,
                country=firm.land.country,
                city=firm.city,
                created_at=self.start,
            )
            for firm in firms
        )
        self.companies = {company.domain: company for company in made}

    # What happens

    def _happen(self, person: Person, happening: Happening, at: datetime) -> None:
        self.waiting.append((person, happening))
        if happening.hot:
            self._settle(at + timedelta(seconds=1))

    def _settle(self, at: datetime) -> None:
        """Store what waits, score it, hand over who crossed, and let the reps think."""
        happened, self.waiting = self.waiting, []
        if happened:
            self._meet([person for person, _ in happened], at)
            activities.record(activities=[self._activity(*pair) for pair in happened], at=at)
            deals.note_consent(happened=happened, leads=self.leads)
        while rescoring.rescore_changed(at=at, limit=AT_ONCE) == AT_ONCE:
            pass
        while pipeline.run(at=at, limit=AT_ONCE):
            pass
        fresh = Handoff.objects.filter(pk__gt=self.seen_handoff).select_related("rep", "lead").order_by("pk")
        for handoff in fresh:
            self.seen_handoff = handoff.pk
            self._think(handoff)

    def _meet(self, people: Iterable[Person], at: datetime) -> None:
        new = {person.email: person for person in people if person.email not in self.leads}
        made = Lead.objects.bulk_create(
            Lead(
                email=email,
                name=person.name,
                title=person.title,
                phone=person.phone,
                company=self.companies[person.firm.domain],
                country=person.firm.land.country,
                city=person.firm.city,
                source=person.source,
                campaign=person.campaign,
                created_at=person.first_at,
                stage_at=person.first_at,
                phase_at=person.first_at,
            )
            for email, person in new.items()
        )
        for lead, person in zip(made, new.values(), strict=True):
            self.leads[person.email] = lead
            self.people[lead.pk] = person

    def _activity(self, person: Person, happening: Happening) -> activities.NewActivity:
        return activities.NewActivity(
            event_id=f"demo-{next(self.numbers):06}",
            type_id=self.types[happening.type],
            occurred_at=happening.at,
            source=SOURCE,
            lead_id=self.leads[person.email].pk,
            properties=happening.properties,
        )

    def _think(self, handoff: Handoff) -> None:
        """Plan the rep's answer to a new handoff, in working hours if it can be."""
        person = self.people.get(handoff.lead_id)  # nobody is, whom another source brought
        fates = person.fates if person else [Fate("open")]
        fate = fates[handoff.cycle - 1] if handoff.cycle <= len(fates) else Fate(minutes=70)
        if handoff.due_at < self.now:
            self.at(handoff.due_at + timedelta(seconds=1), self._alarm)
        if fate.verdict == "open" or handoff.rep is None:
            return
        wanted = handoff.offered_at + timedelta(minutes=max(4, fate.minutes))
        moment = cast.at_work(wanted, handoff.rep.time_zone)
        latest = max(self.now - LAST_ANSWER, handoff.offered_at + timedelta(minutes=2))
        self.at(min(moment, latest), partial(self._answer, handoff, fate))

    def _alarm(self, at: datetime) -> None:
        escalation.run(at=at)

    def _hurry_sweden(self, at: datetime) -> None:
        workplace.hurry_sweden()

    def _pause(self) -> None:
        """One lead of the demo rep asked to be called later."""
        handoff = _open_handoff(featured.PAUSED[0])
        if handoff is not None and handoff.rep is not None:
            at = self.now - timedelta(minutes=2)
            until = self.now + timedelta(days=3)
            pausing.pause(handoff=handoff, by=handoff.rep, reason=featured.PAUSED[1], at=at, until=until)

    def _snooze(self) -> None:
        """Another one is put off for a while, but not past its answer's time."""
        handoff = _open_handoff(featured.SNOOZED[0])
        if handoff is not None and handoff.rep is not None:
            at = self.now - timedelta(minutes=3)
            until = self.now + SNOOZED_FOR
            snoozing.snooze(handoff=handoff, by=handoff.rep, until=until, at=at, reason=featured.SNOOZED[1])

    def _give_back(self) -> None:
        """A third one is back in the pool, and a colleague holds it while she reads: for as long as a lease
        lasts, the demo rep sees who has it and gets no Accept."""
        handoff = _open_handoff(featured.GIVEN_BACK[0])
        manager, colleague = (User.objects.get(email=email) for email in (MANAGER, COLLEAGUE))
        if handoff is not None and handoff.rep is not None:
            at = self.now - timedelta(minutes=4)
            free = reassigning.release(handoff=handoff, by=manager, at=at, reason=featured.GIVEN_BACK[1])
            claiming.claim(handoff=free, by=colleague, at=self.now)

    def _answer(self, handoff: Handoff, fate: Fate, at: datetime) -> None:
        for later, then in deals.answer(handoff=handoff, fate=fate, at=at, stage=self):
            if later < self.now - LAST_ANSWER:
                self.at(later, then)

    def _sweep(self, at: datetime) -> None:
        self._settle(at)
        rescoring.sweep_fading(at=at)
        self._settle(at)

    def _analyze(self, at: datetime) -> None:
        """Nothing is committed yet, so PostgreSQL would plan for empty tables until the end."""
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _tell(self, percent: int, at: datetime) -> None:
        self.tell(percent)

    def _close_the_past(self) -> None:
        """Mails of the past were sent and notes of the past were read; what is open was not."""
        Delivery.objects.exclude(state=Delivery.State.SENT).update(
            state=Delivery.State.SENT, sent_at=F("next_at"), attempts=1
        )
        unread = self.now - timedelta(minutes=60)
        seen = Q(created_at__lt=unread) | Q(kind="due_soon")  # a reminder reaches who sits at the desk
        Notification.objects.filter(seen).update(read_at=F("created_at") + timedelta(minutes=9))


def _open_handoff(name: str) -> Handoff | None:
    return Handoff.objects.open().filter(lead__name=name).select_related("lead", "rep", "pool").first()
