"""Write one window of prepared rows: a constant number of statements, in the order of the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from capture.cleaning import Refused
from capture.companies import Firms
from capture.journal import Journal
from capture.upserting import Person, upsert
from leads.activities import NewActivity, record
from leads.matching import holders
from leads.models import ConsentEvent, Lead, LeadExternalId

from . import outcomes
from .moving import Move, move
from .rows import Prepared

Became = Literal["created", "updated", "skipped"]
#: Activities written by one statement.
SLICE = 5_000


@dataclass(frozen=True, slots=True)
class Job:
    """What is being imported, and how. ``journal`` keeps what is written, to take it back."""

    kind: str
    source: str
    at: datetime
    types: Mapping[str, int]
    journal: Journal | None = None


@dataclass(slots=True)
class Applied:
    """What became of each row of a window, in order; and how many activities were new or known."""

    answers: list[Became | Refused] = field(default_factory=list)
    new: int = 0
    known: int = 0

    def touch(self, place: int) -> None:
        """The row changed something beside what its answer tells."""
        if self.answers[place] == "skipped":
            self.answers[place] = "updated"


class Whose(Protocol):
    """The lead a row is about, as far as activities need it."""

    @property
    def id(self) -> int: ...

    @property
    def created_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Known:
    """A lead that was there before."""

    id: int
    created_at: datetime


def apply(window: Sequence[Prepared], job: Job) -> Applied:
    """Write ``window``. Call it in a transaction, and again when another one was in its way."""
    if job.kind == "companies":
        return _companies(window, job)
    if job.kind == "activities":
        return _activities(window, job)
    return _leads(window, job)


def _companies(window: Sequence[Prepared], job: Job) -> Applied:
    named = [(place, row.company) for place, row in enumerate(window) if row.company is not None]
    firms = Firms.known(incoming=[company for _, company in named], source=job.source)
    applied = Applied(answers=["skipped"] * len(window))
    for place, company in named:
        try:
            answer = firms.take(company)
        except Refused as refusal:
            applied.answers[place] = refusal
        else:
            applied.answers[place] = "created" if answer.made else "updated" if answer.changed else "skipped"
    firms.write(job.journal)
    return applied


def _activities(window: Sequence[Prepared], job: Job) -> Applied:
    """Rows about leads that are known already. A row is created when its activity is new."""
    by_id, by_email = _known(window, job.source)
    applied = Applied()
    owners: dict[int, Known] = {}
    for place, row in enumerate(window):
        own = by_id.get(row.lead.external_id) if row.lead.external_id else None
        other = by_email.get(row.lead.email) if row.lead.email else None
        lead = own or other
        if own and other and own.id != other.id:
            applied.answers.append(Refused("email", "Belongs to another lead than the external id."))
        elif lead is None:
            key = row.lead.external_id or row.lead.email
            applied.answers.append(Refused("", f"There is no lead “{key}” of {job.source}."))
        else:
            applied.answers.append("skipped")
            owners[place] = lead
    for place in _record(window, owners, job, applied):
        applied.answers[place] = "created"
    return applied


def _known(window: Sequence[Prepared], source: str) -> tuple[dict[str, Known], dict[str, Known]]:
    external_ids = {row.lead.external_id for row in window if row.lead.external_id}
    emails = {row.lead.email for row in window if row.lead.email}
    by_id = {
        key: Known(pk, created_at)
        for key, pk, created_at in LeadExternalId.objects.filter(
            source=source, external_id__in=external_ids
        ).values_list("external_id", "lead_id", "lead__created_at")
    } if external_ids else {}  # fmt: skip
    pks = holders(emails=emails).of if emails else {}
    known = Lead.objects.filter(pk__in=set(pks.values()))
    made_at = dict(known.values_list("pk", "created_at")) if pks else {}
    by_email = {email: Known(pk, made_at[pk]) for email, pk in pks.items() if pk in made_at}
    return by_id, by_email


def _leads(window: Sequence[Prepared], job: Job) -> Applied:
    applied = Applied()
    people: dict[int, Person] = {}
    answers = upsert(incoming=[row.lead for row in window], source=job.source, at=job.at, journal=job.journal)
    for place, answer in enumerate(answers):
        if isinstance(answer, Refused):
            applied.answers.append(answer)
        else:
            applied.answers.append(answer.became)
            people[place] = answer.person
    _start(window, people, job, applied)
    _consent(window, people, job, applied)
    for place in _record(window, people, job, applied):
        applied.touch(place)
    for place, result in outcomes.apply(window, people, job).items():
        if isinstance(result, Refused):
            applied.answers[place] = result
        elif result:
            applied.touch(place)
    return applied


def _start(window: Sequence[Prepared], people: Mapping[int, Person], job: Job, applied: Applied) -> None:
    """Leads that begin further on, such as a list of MQLs, as of when they were made."""
    moves = []
    for place, person in people.items():
        stage = window[place].stage
        if stage and person.stage == "lead":
            moves.append(Move(person.id, "lead", stage, person.created_at))
            person.stage = stage
            applied.touch(place)
    move(moves, job.journal)


def _consent(window: Sequence[Prepared], people: Mapping[int, Person], job: Job, applied: Applied) -> None:
    """What the file says people allowed, where that is news. A withdrawal is never overwritten."""
    said = {place: window[place].consent for place in people if window[place].consent}
    if not said:
        return
    held: dict[tuple[int, str], bool] = {}
    events = ConsentEvent.objects.filter(lead_id__in={people[place].id for place in said})
    for lead_id, channel, granted in events.order_by("at", "-granted", "id").values_list(
        "lead_id", "channel", "granted"
    ):
        held[lead_id, channel] = granted
    news = []
    for place, consent in said.items():
        for channel, granted in consent.items():
            key = (people[place].id, channel)
            if key not in held or (held[key] and not granted):
                held[key] = granted
                news.append(
                    ConsentEvent(
                        lead_id=key[0], channel=channel, granted=granted, at=job.at, source=job.source
                    )
                )
                applied.touch(place)
    ConsentEvent.objects.bulk_create(news, ignore_conflicts=True)
    if job.journal:
        job.journal.consents += [[each.lead_id, each.channel] for each in news]


def _record(window: Sequence[Prepared], owners: Mapping[int, Whose], job: Job, applied: Applied) -> set[int]:
    """Write the activities of the rows that have an owner. Returns the rows with one that was new."""
    batch: list[NewActivity] = []
    places: list[int] = []
    touched: set[int] = set()

    def write() -> None:
        recorded = record(activities=batch, at=job.at)
        touched.update(places[index] for index in recorded.inserted)
        if job.journal:
            job.journal.activities += [batch[index].event_id for index in recorded.inserted]
        applied.new += len(recorded.inserted)
        applied.known += len(recorded.duplicates)
        batch.clear()
        places.clear()

    for place, owner in owners.items():
        for happened in window[place].activities:
            batch.append(
                NewActivity(
                    event_id=happened.event_id,
                    type_id=job.types[happened.type],
                    occurred_at=happened.at or owner.created_at,
                    source=job.source,
                    lead_id=owner.id,
                    properties=happened.properties,
                    undated=happened.at is None,
                )
            )
            places.append(place)
            if len(batch) >= SLICE:
                write()
    if batch:
        write()
    return touched
