"""What merging two leads would do, before anybody does it. Reads only; the score is the compiled statement's
own word on both histories together."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from leads import merging as of_leads
from leads.merging import ATTRIBUTE, FIELDS
from leads.models import UNDO_FOR, Activity, ConsentEvent, Lead, Opportunity, Visitor
from leads.stages import Stage, said
from scoring.merging import Foreseen, foresee
from scoring.models import Adjustment

from . import merging
from .models import Handoff, Task

LABELS = {
    "email": "E-mail", "name": "Name", "title": "Job title", "phone": "Phone", "company": "Company",
    "country": "Country", "city": "City", "source": "Source", "campaign": "Campaign", "owner": "Owner",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of both leads; ``theirs`` says whether the dropped lead's value would hold. Equal ones are no
    choice."""

    name: str
    label: str
    keep: str
    drop: str
    theirs: bool

    @property
    def is_choice(self) -> bool:
        return self.keep != self.drop


@dataclass(frozen=True, slots=True)
class Beside:
    """One thing to know of both, and what it is of the merged lead."""

    label: str
    keep: str
    drop: str
    merged: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Both leads side by side, and what merging them with the facts ``taken`` from the dropped one does."""

    keep: Lead
    drop: Lead
    facts: list[Fact]
    beside: list[Beside]
    scores: list[Foreseen]
    effects: list[str]
    obstacle: str
    until: datetime
    stays: str
    goes: str


def look(*, keep: Lead, drop: Lead, taken: Collection[str], at: datetime) -> Preview:
    """What merging would do as of ``at``; the leads with company and owner. A constant number of queries, and
    one for each scoring model."""
    shared = of_leads.shared_activities(keep, drop)
    ahead = of_leads.further(keep, drop)
    facts = of_leads.put_together(keep, drop, taken)
    facts |= {
        "stage": ahead.stage,
        "stage_at": ahead.stage_at,
        "created_at": min(keep.created_at, drop.created_at),
    }
    scores = foresee(keep=keep, drop=drop, facts=facts, left_out=shared, at=at)
    counts = _counted(keep, drop)
    handoffs = {
        handoff.lead_id: handoff
        for handoff in Handoff.objects.open().filter(lead__in=[keep, drop]).select_related("rep")
    }
    return Preview(
        keep=keep,
        drop=drop,
        facts=_facts(keep, drop, taken),
        beside=_beside(keep, drop, ahead, counts, len(shared), handoffs),
        scores=scores,
        effects=_effects(keep, drop, ahead, facts, counts, len(shared), scores, handoffs),
        obstacle=of_leads.obstacle(keep, drop),
        until=at + UNDO_FOR,
        stays=_told_apart(keep, drop),
        goes=_told_apart(drop, keep),
    )


def _told_apart(lead: Lead, other: Lead) -> str:
    """The lead's name; with its address where the other one has the same name."""
    return f"{lead} ({lead.email or 'no address'})" if str(lead) == str(other) else str(lead)


def _facts(keep: Lead, drop: Lead, taken: Collection[str]) -> list[Fact]:
    found = [
        Fact(name, LABELS[name], _text(getattr(keep, name)), _text(getattr(drop, name)), name in taken)
        for name in FIELDS
    ]
    for key in sorted({*keep.attributes, *drop.attributes}):
        mine, theirs = _text(keep.attributes.get(key)), _text(drop.attributes.get(key))
        found.append(Fact(f"{ATTRIBUTE}{key}", key, mine, theirs, f"{ATTRIBUTE}{key}" in taken))
    return found


def _text(value: Any) -> str:
    return "" if value is None else str(value)


#: Counted beside each other: words for one and several, and what is counted.
_KINDS: dict[tuple[str, str], QuerySet[Any]] = {
    ("activity", "activities"): Activity.objects.counted(),
    ("browser", "browsers"): Visitor.objects.all(),
    ("task", "tasks"): Task.objects.all(),
    ("deal", "deals"): Opportunity.objects.all(),
    ("handoff", "handoffs"): Handoff.objects.all(),
    ("adjustment", "adjustments of the score"): Adjustment.objects.all(),
}


def _counted(*leads: Lead) -> dict[int, list[int]]:
    """Lead → how many it has of each kind. One query for each."""
    counts: dict[int, list[int]] = {lead.pk: [] for lead in leads}
    for rows in _KINDS.values():
        found = dict(rows.filter(lead__in=leads).values_list("lead").annotate(Count("pk")))
        for lead in leads:
            counts[lead.pk].append(found.get(lead.pk, 0))
    return counts


def _beside(
    keep: Lead,
    drop: Lead,
    ahead: Lead,
    counts: dict[int, list[int]],
    shared: int,
    handoffs: dict[int, Handoff],
) -> list[Beside]:
    goes_on = handoffs.get(ahead.pk)
    rows = [
        Beside("Stage", _stage(keep), _stage(drop), _stage(ahead)),
        Beside("Open handoff", _with(handoffs.get(keep.pk)), _with(handoffs.get(drop.pk)), _with(goes_on)),
    ]
    for number, (_, several) in enumerate(_KINDS):
        mine, theirs = counts[keep.pk][number], counts[drop.pk][number]
        both = mine + theirs - (shared if number == 0 else 0)
        if both:
            rows.append(Beside(several.capitalize(), str(mine), str(theirs), str(both)))
    consent = _consent(keep, drop)
    for channel, label in ConsentEvent.Channel.choices:
        mine_said, theirs_said = (consent[lead.pk].get(channel, "") for lead in (keep, drop))
        if mine_said or theirs_said:
            merged = "no" if "no" in (mine_said, theirs_said) else "yes"
            rows.append(Beside(f"Agrees to {label.lower()}", mine_said, theirs_said, merged))
    return rows


def _stage(lead: Lead) -> str:
    return said(Stage(lead.stage))


def _consent(*leads: Lead) -> dict[int, dict[str, str]]:
    """Lead → channel → yes or no. One query."""
    held: dict[int, dict[str, str]] = {lead.pk: {} for lead in leads}
    for event in ConsentEvent.objects.filter(lead__in=leads).order_by("at", "-granted", "id"):
        held[event.lead_id][event.channel] = "yes" if event.granted else "no"
    return held


def _with(handoff: Handoff | None) -> str:
    return "" if handoff is None else f"with {handoff.rep}" if handoff.rep else "nobody has it yet"


def _effects(
    keep: Lead,
    drop: Lead,
    ahead: Lead,
    facts: dict[str, Any],
    counts: dict[int, list[int]],
    shared: int,
    scores: list[Foreseen],
    handoffs: dict[int, Handoff],
) -> list[str]:
    """One sentence for each thing that merging does."""
    stays, goes = _told_apart(keep, drop), _told_apart(drop, keep)
    told = [f"{goes} is gone. Its links, ids and addresses lead to {stays}."]
    moved = [
        f"{count} {one if count == 1 else several}"
        for count, (one, several) in zip(counts[drop.pk], _KINDS, strict=True)
        if count
    ]
    if moved:
        told.append(f"From {goes} come {_listed(moved)}.")
    if shared:
        several = f"{shared} activities that both have count"
        told.append(f"{'1 activity that both have counts' if shared == 1 else several} once.")
    for each in scores:
        over = ", over the SQL line" if each.over else ""
        told.append(
            f"{each.model}: {each.keep:.0f} and {each.drop:.0f} points become {each.merged:.0f}{over}."
        )
        if each.crosses:
            told.append("It crosses the SQL line with that: sales gets it as any other lead.")
    if ahead is drop and keep.stage != drop.stage:
        told.append(f"It stands where {goes} stood: {_stage(drop)}.")
    goes_on, doubled = handoffs.get(ahead.pk), merging.doubled(keep, drop)
    if goes_on is not None and goes_on.rep is not None:
        told.append(f"{goes_on.rep} goes on with the handoff; its clock runs on.")
    if doubled is not None:
        whose = f" from {doubled.rep}, who is told" if doubled.rep else ""
        told.append(f"The other handoff is taken back{whose}.")
    lost = [lead.email for lead in (keep, drop) if lead.email and lead.email != facts["email"]]
    if lost:
        told.append(f"What comes for {lost[0]} still reaches it.")
    return told


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
