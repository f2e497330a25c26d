"""Merges as entries of a lead's timeline."""

from datetime import datetime

from django.urls import reverse

from accounts.models import User
from accounts.permissions import may_merge
from leads import timeline
from leads.models import Lead, Merge


def merges_of(lead: Lead, *, user: User, at: datetime) -> list[timeline.Entry]:
    """What was merged into ``lead``, by whom, and what was taken apart again. The last one that stands can be
    undone from here. One query."""
    merges = list(
        Merge.objects.filter(kept=lead).select_related("by", "undone_by").defer("steps").order_by("id")
    )
    standing = [made.pk for made in merges if made.undone_at is None]
    entries: list[timeline.Entry] = []
    for made in merges:
        entry = timeline.Entry(
            at=made.at,
            icon="copy",
            lead_in=str(made.by),
            title="merged",
            text=f" {made.dropped_name} into this lead",
        )
        if made.pk in standing[-1:] and may_merge(user) and made.is_undoable(at):
            entry["undo_url"] = reverse("handoff:merge-undo", args=[made.public_id])
        entries.append(entry)
        if made.undone_at is not None:
            entries.append(
                timeline.Entry(
                    at=made.undone_at,
                    icon="corner-up-left",
                    lead_in=str(made.undone_by),
                    title="undid the merge",
                    text=f" with {made.dropped_name}",
                )
            )
    return entries
