"""Write how deals ended, or that they are open, and move the leads accordingly; and take it back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from capture.cleaning import Refused
from capture.journal import differences
from capture.upserting import Person
from leads.models import Opportunity
from leads.stages import Stage

from .moving import Move, move
from .rows import Ended, Prepared
from .trying import Trial
from .trying import rows as rows_of

if TYPE_CHECKING:
    from .applying import Job
    from .undone import Undone

_STAGES = {"won": Stage.CUSTOMER, "lost": Stage.CLOSED, "open": Stage.OPPORTUNITY}
#: Stages that an outcome does not move a lead out of: a customer stays one, whatever a second deal does.
_STAYS = {
    "won": {Stage.CUSTOMER},
    "lost": {Stage.CUSTOMER, Stage.CLOSED},
    "open": {Stage.CUSTOMER, Stage.OPPORTUNITY, Stage.CLOSED},
}
#: Why an imported lead is closed.
LOST = "lost"
FIELDS = ["outcome", "closed_at", "amount", "lost_reason", "name"]
#: That a deal is closed and when is one fact: neither goes back without the other.
_ENDED = ("outcome", "closed_at", "lost_reason")


def apply(window: Sequence[Prepared], people: Mapping[int, Person], job: "Job") -> dict[int, bool | Refused]:
    """For each row with an outcome: whether it changed anything, or why it was refused. 6 queries at most."""
    ended = {place: row for place in people if (row := window[place].outcome) is not None}
    if not ended:
        return {}
    keys = {place: _key(window[place], row) for place, row in ended.items()}
    known = {
        deal.external_id: deal
        for deal in Opportunity.objects.filter(source=job.source, external_id__in=set(keys.values()))
    }
    originals = {deal.pk: _facts(deal) for deal in known.values()}
    lead_ids = {people[place].id for place in ended}
    open_deals = {
        deal.lead_id: deal.external_id for deal in Opportunity.objects.open().filter(lead_id__in=lead_ids)
    }
    answers: dict[int, bool | Refused] = {}
    made: list[Opportunity] = []
    changed: dict[str, Opportunity] = {}
    moves: list[Move] = []
    for place, row in ended.items():
        person, key = people[place], keys[place]
        at = row.at or job.at
        deal = known.get(key)
        if deal is not None and deal.lead_id != person.id:
            answers[place] = Refused("external_id", "This deal belongs to another lead.")
            continue
        if row.outcome == "open" and open_deals.get(person.id, key) != key:
            answers[place] = Refused("outcome", "The lead has another open deal.")
            continue
        if deal is None:
            deal = known[key] = _made(person, key, row, job, at)
            made.append(deal)
            answers[place] = True
        else:
            answers[place] = _bring_up_to_date(deal, row, at)
            if answers[place] and deal.pk is not None:
                changed[key] = deal
        if row.outcome == "open":
            open_deals[person.id] = key
        else:
            if open_deals.get(person.id) == key:
                del open_deals[person.id]
        if person.stage not in _STAYS[row.outcome] and answers[place]:
            to = _STAGES[row.outcome]
            reason = LOST if row.outcome == "lost" else ""
            moves.append(Move(person.id, person.stage, to, _moved_at(row, at), reason))
            person.stage = to
    _write(made, changed.values())
    move(moves, job.journal)
    if job.journal:
        job.journal.deals += [deal.pk for deal in made]
        job.journal.deal_changes += [
            (deal.pk, changes)
            for deal in changed.values()
            if (changes := differences(originals[deal.pk], _facts(deal)))
        ]
    return answers


def _facts(deal: Opportunity) -> dict[str, Any]:
    """What an update may change, as JSON."""
    return {
        "outcome": deal.outcome,
        "closed_at": deal.closed_at and deal.closed_at.astimezone(UTC).isoformat(),
        "amount": None if deal.amount is None else str(deal.amount),
        "lost_reason": deal.lost_reason,
        "name": deal.name,
    }


def _key(row: Prepared, ended: Ended) -> str:
    """The deal's own id, else the lead's: a file without deal ids has one deal per lead."""
    return ended.external_id or row.lead.external_id or (row.lead.email or "")[:128]


def _made(person: Person, key: str, row: Ended, job: "Job", at: datetime) -> Opportunity:
    return Opportunity(
        lead_id=person.id,
        source=job.source,
        external_id=key,
        name=row.name,
        amount=row.amount,
        created_at=row.created_at or at,
        outcome="" if row.outcome == "open" else row.outcome,
        closed_at=None if row.outcome == "open" else at,
        lost_reason=row.reason if row.outcome == "lost" else "",
    )


def _bring_up_to_date(deal: Opportunity, row: Ended, at: datetime) -> bool:
    """Whether the row tells anything new about a known deal. A deal once closed is not opened again, and one
    without a date of its own keeps the one it was given."""
    before = [getattr(deal, name) for name in FIELDS]
    if row.outcome != "open":
        if deal.outcome != row.outcome or row.at is not None:
            deal.closed_at = at
        deal.outcome = row.outcome
        if row.outcome == "lost" and row.reason:
            deal.lost_reason = row.reason
    if row.amount is not None:
        deal.amount = row.amount
    if row.name:
        deal.name = row.name
    return before != [getattr(deal, name) for name in FIELDS]


def _moved_at(row: Ended, at: datetime) -> datetime:
    return row.created_at or at if row.outcome == "open" else at


def _write(made: list[Opportunity], changed: Iterable[Opportunity]) -> None:
    if made:
        Opportunity.objects.bulk_create(made)
    if rows := list(changed):
        Opportunity.objects.bulk_update(rows, FIELDS)


def take_back(wrote: Mapping[str, Any], undone: "Undone", trial: Trial | None = None) -> None:
    """Undo what a window's journal says it wrote: deals that nobody worked on since go, fields that nobody
    changed since go back. 5 queries. Call it in a transaction, or with a ``trial`` for one in memory."""
    made = Opportunity.objects.filter(pk__in=wrote.get("deals", []))
    if wrote.get("deals"):
        touched = made.filter(steps__isnull=False).distinct().count()
        undone.stayed["deals that somebody worked on since"] += touched
        if trial is None:
            undone.gone["deals"] += made.filter(steps=None).delete()[1].get("leads.Opportunity", 0)
        else:
            free = set(made.filter(steps=None).values_list("pk", flat=True)) - trial.gone[Opportunity]
            trial.gone[Opportunity] |= free
            undone.gone["deals"] += len(free)
    changes = dict(wrote.get("deal_changes", []))
    if not changes:
        return
    rows = rows_of(Opportunity, changes, trial)
    others = Opportunity.objects.open().filter(lead__in=[deal.lead_id for deal in rows])
    if trial is not None:
        others = others.exclude(pk__in=trial.known(Opportunity))
    open_deals = dict(others.values_list("lead_id", "pk"))
    if trial is not None:
        open_deals |= {deal.lead_id: deal.pk for deal in trial.held(Opportunity) if deal.is_open}
    for deal in rows:
        for names in _together(changes[deal.pk]):
            fields = {name: changes[deal.pk][name] for name in names}
            if any(_typed(name, after) != getattr(deal, name) for name, (_, after) in fields.items()) or (
                _forbids(deal, fields, open_deals)
            ):
                undone.stayed["fields that somebody changed since"] += len(fields)
                continue
            for name, (before, _) in fields.items():
                setattr(deal, name, _typed(name, before))
            if "outcome" in fields and deal.is_open:
                open_deals[deal.lead_id] = deal.pk
            undone.gone["fields"] += len(fields)
    if trial is None:
        Opportunity.objects.bulk_update(rows, FIELDS, batch_size=500)


def _together(fields: Mapping[str, Any]) -> list[list[str]]:
    """The changed fields of a deal, those in one list that only go back together."""
    ended = [name for name in _ENDED if name in fields]
    return [*([ended] if ended else []), *([name] for name in fields if name not in _ENDED)]


def _typed(name: str, value: Any) -> Any:
    """A field of the journal as the database returns it: a moment in whatever zone, an amount in cents."""
    if value is None:
        return None
    if name == "closed_at":
        return datetime.fromisoformat(value)
    return Decimal(value).quantize(Decimal("0.01")) if name == "amount" else value


def _forbids(deal: Opportunity, fields: Mapping[str, list[Any]], open_deals: Mapping[int, int]) -> bool:
    """Whether what happened since does not let the outcome go back: another deal of the lead is open, or
    somebody said whom it was lost to."""
    before = fields.get("outcome", [deal.outcome])[0]
    if before != Opportunity.Outcome.LOST and deal.lost_to_id is not None:
        return "outcome" in fields
    return before == "" and open_deals.get(deal.lead_id, deal.pk) != deal.pk
