"""When somebody looked at a handoff, so that a list can mark what is new since."""

from datetime import datetime
from typing import TYPE_CHECKING

from .models import Handoff, Look

if TYPE_CHECKING:
    from accounts.models import User


def note(*, handoff: Handoff, by: "User", total: int, at: datetime) -> None:
    """``by`` sees ``handoff`` now, with a score of ``total`` hundredths. Of an answered one nothing is kept.
    Safe to repeat. One statement."""
    if handoff.is_open:
        Look.objects.bulk_create(
            [Look(handoff=handoff, user=by, at=at, total=total)],
            update_conflicts=True,
            unique_fields=["handoff", "user"],
            update_fields=["at", "total"],
        )
