"""When somebody looked at a handoff, so that a list can mark what is new since."""

from datetime import datetime
from typing import TYPE_CHECKING

from scoring.models import Score

from .models import Handoff, Look

if TYPE_CHECKING:
    from accounts.models import User


def note(*, handoff: Handoff, by: "User", at: datetime) -> None:
    """``by`` sees ``handoff`` and its score now. Of an answered one nothing is kept. Safe to repeat. Two
    queries."""
    if not handoff.is_open:
        return
    score = Score.objects.filter(lead=handoff.lead_id).leading_first().first()
    Look.objects.bulk_create(
        [Look(handoff=handoff, user=by, at=at, total=score.total if score else 0)],
        update_conflicts=True,
        unique_fields=["handoff", "user"],
        update_fields=["at", "total"],
    )
