"""Two leads that are one person become one; two again, if it was wrong, in ``unmerging``.

A person decides (G-12); no task calls this. What becomes of each row that points at a lead, every app says
for its own (``folding``). Histories are not added up: the kept lead has both, and its score follows from them
as any score does. What both recorded counts once (C-16).
"""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from accounts.permissions import may_merge

from . import folding, marking, phases
from .folding import Folding, settles
from .models import (
    Activity,
    Alias,
    ChangedLead,
    CompetingSupplier,
    ConsentEvent,
    EvidenceChange,
    Lead,
    LeadAccess,
    LeadExternalId,
    LookAlike,
    Merge,
    Opportunity,
    PhaseChange,
    StageChange,
    Visitor,
)
from .retrying import begins_again
from .stages import Phase, Stage
from .ticks import tick

if TYPE_CHECKING:
    from accounts.models import User

#: Facts of which one of the two values is kept.
FIELDS = ("email", "name", "title", "phone", "company", "country", "city", "source", "campaign", "owner")
#: Begins the name of a custom attribute among the chosen.
ATTRIBUTE = "attributes."
#: Said of the second record of one event.
RECORDED_TWICE = "Recorded twice: both merged leads had it"

_FURTHER = [
    Stage.LEAD, Stage.CLOSED, Stage.MQL, Stage.HANDED_OVER, Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER,
]  # fmt: skip


class MergeRefused(Exception):
    """The two cannot be merged, or not any more; the message says why."""


@begins_again
def merge(
    keep: Lead, drop: Lead, *, by: "User", at: datetime | None = None, chosen: Collection[str] | None = None
) -> Merge:
    """``drop`` becomes part of ``keep`` and is gone. ``chosen`` names the facts of which the dropped lead's
    value holds: of ``FIELDS``, or "attributes.x"; by default those in ``taken_by_default``. Raises
    MergeRefused, also when one of them was merged a moment ago: sending it twice merges once. One
    transaction, which locks both leads in the order of their keys and begins again after a deadlock."""
    at = at or timezone.now()
    keep, drop = _locked(keep, drop, by)
    if why := obstacle(keep, drop):
        raise MergeRefused(why)
    taken = taken_by_default(keep, drop) if chosen is None else frozenset(chosen)
    ahead = further(keep, drop)
    one = Folding(keep=keep, drop=drop, ahead=ahead, by=by, at=at)
    for step in dict.fromkeys(folding.settled.values()):
        step(one)
    ChangedLead.objects.filter(lead=drop).delete()  # what was done so far marked it again
    one.drop_lead()
    email = _put_together(one, taken)
    made = Merge.objects.create(
        kept=keep,
        dropped_key=drop.pk,
        dropped_id=drop.public_id,
        dropped_name=str(drop)[:254],
        at=at,
        by=by,
        steps=one.steps,
    )
    _keep_old_names(made, keep, drop, email)
    marking.mark(lead_ids=[keep.pk])
    tick("leads_changed")
    return made


def obstacle(keep: Lead, drop: Lead) -> str:
    """Why the two cannot be one; "" when they can. One query."""
    if keep.pk == drop.pk:
        return "That is the same lead."
    if Opportunity.objects.open().filter(lead__in=[keep.pk, drop.pk]).count() > 1:
        return "Both have an open deal. Close one of them first."
    return ""


def further(keep: Lead, drop: Lead) -> Lead:
    """The one of the two that is further towards a sale. At the same stage, the one that has been there
    longer: its clock runs on, so nobody gains time by merging."""
    places = [_FURTHER.index(Stage(lead.stage)) for lead in (keep, drop)]
    if places[0] == places[1]:
        return drop if (drop.stage_at, drop.pk) < (keep.stage_at, keep.pk) else keep
    return keep if places[0] > places[1] else drop


def taken_by_default(keep: Lead, drop: Lead) -> frozenset[str]:
    """The facts that the kept lead lacks, those that were first where first counts, and the owner of
    whichever is further."""
    taken = {name for name in FIELDS if _said(keep, name) in ("", None) and _said(drop, name)}
    if (drop.created_at, drop.pk) < (keep.created_at, keep.pk):
        taken |= {name for name in ("source", "campaign") if _said(drop, name)}
    if drop.owner_id and further(keep, drop) is drop:
        taken.add("owner")
    return frozenset(taken | {f"{ATTRIBUTE}{key}" for key in drop.attributes.keys() - keep.attributes.keys()})


def put_together(keep: Lead, drop: Lead, taken: Collection[str]) -> dict[str, Any]:
    """The facts of the merged lead, by the names of columns. Pure."""
    facts: dict[str, Any] = {}
    for name in FIELDS:
        column = f"{name}_id" if name in ("company", "owner") else name
        facts[column] = getattr(drop if name in taken else keep, column)
    attributes = {
        key: (drop if f"{ATTRIBUTE}{key}" in taken else keep).attributes[key]
        for key in [*keep.attributes, *(drop.attributes.keys() - keep.attributes.keys())]
        if key in (drop if f"{ATTRIBUTE}{key}" in taken else keep).attributes
    }
    return {**facts, "attributes": attributes}


def shared_activities(keep: Lead, drop: Lead) -> list[int]:
    """Keys of the dropped lead's activities that the kept one has, too: the same event id and type, or the
    same type, moment and content. Twice on one side and once on the other is twice. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, {"keep": keep.pk, "drop": drop.pk})
        return [pk for (pk,) in cursor.fetchall()]


_SHARED = """
WITH theirs AS (
  SELECT id, lead_id, type_id, event_id, occurred_at, undated, properties, row_number() OVER (
    PARTITION BY lead_id, type_id, occurred_at, undated, properties ORDER BY id) AS n
  FROM leads_activity WHERE lead_id IN (%(keep)s, %(drop)s) AND voided_at IS NULL
)
SELECT d.id FROM theirs d WHERE d.lead_id = %(drop)s AND (
  EXISTS (SELECT 1 FROM theirs k WHERE k.lead_id = %(keep)s AND k.type_id = d.type_id
    AND k.occurred_at = d.occurred_at AND k.undated = d.undated AND k.properties = d.properties AND k.n = d.n)
  OR EXISTS (SELECT 1 FROM theirs k WHERE k.lead_id = %(keep)s AND k.type_id = d.type_id
    AND k.event_id = d.event_id))
ORDER BY d.id
"""


def withdrawn(keep: Lead, drop: Lead) -> list[str]:
    """Channels on which either has said no: the merged lead says no there. One query."""
    said: dict[tuple[int, str], bool] = {}
    events = ConsentEvent.objects.filter(lead__in=[keep.pk, drop.pk]).order_by("at", "-granted", "id")
    for event in events:
        said[event.lead_id, event.channel] = event.granted
    return sorted({channel for (_, channel), granted in said.items() if not granted})


def _locked(keep: Lead, drop: Lead, by: "User") -> tuple[Lead, Lead]:
    if not may_merge(by):
        raise MergeRefused("Marketing and those who lead sales merge leads.")
    rows = Lead.objects.select_for_update(of=("self",)).filter(pk__in=[keep.pk, drop.pk]).order_by("pk")
    found = {lead.pk: lead for lead in rows.select_related("company", "owner")}
    if len(found) < len({keep.pk, drop.pk}):
        raise MergeRefused("One of the two is gone: somebody merged it a moment ago.")
    return found[keep.pk], found[drop.pk]


def _put_together(one: Folding, taken: Collection[str]) -> str | None:
    """Write the facts of the kept lead. Returns its address from now on."""
    keep, drop = one.keep, one.drop
    row = Lead.objects.filter(pk=keep.pk)
    facts = put_together(keep, drop, taken)
    for column, value in facts.items():
        if getattr(keep, column) != value:
            one.change(row, **{column: value})
    if drop is one.ahead and keep.stage != drop.stage:
        one.change(row, stage=drop.stage, stage_at=drop.stage_at, stage_reason=drop.stage_reason)
    elif drop is one.ahead:
        one.change(row, stage_at=drop.stage_at, stage_reason=drop.stage_reason)
    if _thinks_further(drop, keep):
        with phases.as_told():  # its history has come along
            one.change(row, phase=drop.phase, phase_at=drop.phase_at)
    if drop.created_at < keep.created_at:
        one.change(row, created_at=drop.created_at)
    address: str | None = facts["email"]
    return address


def _thinks_further(one: Lead, other: Lead) -> bool:
    return Phase.values.index(one.phase) > Phase.values.index(other.phase)


def _keep_old_names(made: Merge, keep: Lead, drop: Lead, email: str | None) -> None:
    """What names the merged lead from now on beside its own ``email``: the dropped lead's id and address; and
    by itself, since no undoing gives away what came under it, an address of its own that it lost."""
    lost = drop.email.lower() if drop.email and drop.email != email else None
    Alias.objects.create(lead=keep, merge=made, public_id=drop.public_id, email=lost)
    if keep.email and keep.email != email:
        Alias.objects.create(lead=keep, merge=made, email=keep.email.lower())


# What becomes of the rows of this app.


@settles("leads.LeadHistory.pgh_obj")
def _past_facts(one: Folding) -> None:
    """Stay under the key that they were of: what they say was true of that lead."""


@settles("leads.Activity.lead", "leads.Visitor.lead")
def _histories(one: Folding) -> None:
    twice = Activity.objects.filter(pk__in=shared_activities(one.keep, one.drop))
    one.change(twice, voided_at=one.at, void_reason=RECORDED_TWICE)
    one.move(Activity)
    one.move(Visitor)


@settles("leads.PhaseChange.lead")
def _phases(one: Folding) -> None:
    """The history of whichever phase holds."""
    if _thinks_further(one.drop, one.keep):
        one.take_out(PhaseChange.objects.filter(lead=one.keep))
        one.move(PhaseChange)
    else:
        one.remove(PhaseChange)


@settles("leads.ConsentEvent.lead")
def _consent(one: Folding) -> None:
    """A no on either side holds, whatever the other said later."""
    refused = withdrawn(one.keep, one.drop)
    one.remember(ConsentEvent)
    one.move(ConsentEvent, unless_there=("channel", "granted", "at", "source"))
    held = {event.channel: event for event in one.keep.consent_events.order_by("at", "-granted", "id")}
    for channel in refused:
        if held[channel].granted:
            one.add(
                ConsentEvent(
                    lead=one.keep,
                    channel=channel,
                    granted=False,
                    at=max(one.at, held[channel].at),
                    source="merge",
                    text="One of the two merged leads had said no.",
                )
            )


@settles(
    "leads.LeadExternalId.lead",
    "leads.LeadAccess.lead",
    "leads.Opportunity.lead",
    "leads.CompetingSupplier.lead",
    "leads.StageChange.lead",
    "leads.Alias.lead",
    "leads.Merge.kept",
)
def _belongings(one: Folding) -> None:
    one.move(LeadExternalId)
    one.move(LeadAccess, unless_there=("team",))
    one.move(Opportunity)
    one.move(CompetingSupplier, unless_there=("supplier",))
    one.move(StageChange)
    one.move(Alias)
    one.move(Merge, "kept")


@settles("leads.LookAlike.older", "leads.LookAlike.newer")
def _look_alikes(one: Folding) -> None:
    """Who is not the dropped lead is not the kept one either. Which others look alike, the search says."""
    pairs = list(LookAlike.objects.dismissed().filter(Q(older=one.drop) | Q(newer=one.drop)))
    one.remove(LookAlike, "older")
    one.remove(LookAlike, "newer")
    for pair in pairs:
        other = pair.newer_id if pair.older_id == one.drop.pk else pair.older_id
        if other == one.keep.pk:
            continue
        older, newer = sorted([other, one.keep.pk])
        known = LookAlike.objects.filter(older=older, newer=newer)
        if known.exists():
            one.change(known, dismissed_at=pair.dismissed_at, dismissed_by=pair.dismissed_by_id)
        else:
            one.add(
                LookAlike(
                    older_id=older,
                    newer_id=newer,
                    reasons=pair.reasons,
                    found_at=pair.found_at,
                    dismissed_at=pair.dismissed_at,
                    dismissed_by_id=pair.dismissed_by_id,
                )
            )


@settles("leads.EvidenceChange.lead")
def _evidence(one: Folding) -> None:
    """Whoever was to look again at the dropped lead looks at the kept one."""
    if EvidenceChange.objects.filter(lead=one.drop).exists():
        EvidenceChange.objects.bulk_create([EvidenceChange(lead=one.keep)], ignore_conflicts=True)
        one.forget(EvidenceChange)


@settles("leads.PassedMilestone.lead")
def _milestones(one: Folding) -> None:
    """They follow from the stage changes, which the kept lead has now."""


@settles("leads.ChangedLead.lead")
def _queue(one: Folding) -> None:
    """The kept lead is marked at the end."""


def _said(lead: Lead, name: str) -> Any:
    return getattr(lead, f"{name}_id" if name in ("company", "owner") else name)
