"""Write how deals ended, or that they are open, and move the leads accordingly."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from capture.cleaning import Refused
from capture.journal import differences
from capture.upserting import Person
from leads.models import Opportunity
from leads.stages import Stage

from .moving import Move, move
from .rows import Ended, Prepared

if TYPE_CHECKING:
    from .applying import Job

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
        "closed_at": deal.closed_at and deal.closed_at.isoformat(),
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
