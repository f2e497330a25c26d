"""What marketing knows of a lead, for its page: how long it has been in which buying phase."""

from dataclasses import dataclass
from datetime import datetime

from leads import phases, timeline
from leads.models import Lead


@dataclass(frozen=True, slots=True)
class Marketing:
    """``stays`` in phases, oldest first; ``entries`` are for the timeline."""

    stays: list[phases.Stay]
    entries: list[timeline.Entry]


def marketing_of(lead: Lead, at: datetime) -> Marketing:
    """One query."""
    changes = list(lead.phase_changes.select_related("by").order_by("at", "id"))
    return Marketing(
        stays=phases.stays(lead, changes, at),
        entries=[timeline.of_phase_change(change) for change in changes],
    )
