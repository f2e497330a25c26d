"""What a manager moved last, offered to be taken back: kept with the session, for as long as it can be."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.urls import reverse

from handoff.decisions import UNDO_WINDOW

from .requests import Request

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = "last_move"


@dataclass(frozen=True, slots=True)
class LastMove:
    """``at`` names it: all that was moved with one press has the same moment in the ledger. ``said`` is what
    was done, in words."""

    at: datetime
    said: str

    @property
    def undo_url(self) -> str:
        return named(reverse("handoff:moves-undo"), self.at)


def named(address: str, at: datetime) -> str:
    """``address`` for what was done ``at``; ``moment_of`` reads it."""
    return f"{address}?moment={(at - _EPOCH) // timedelta(microseconds=1)}"


def remember(request: Request, *, at: datetime, said: str) -> str:
    """Keep what was moved ``at``. Returns the address that takes it back."""
    request.session[_KEY] = [at.isoformat(), said]
    return LastMove(at, said).undo_url


def last_move(request: Request, at: datetime) -> LastMove | None:
    """What can still be taken back at ``at``. No query."""
    if _KEY not in request.session:
        return None
    moved_at, said = request.session[_KEY]
    move = LastMove(datetime.fromisoformat(moved_at), said)
    return move if at - move.at <= UNDO_WINDOW else None


def forget(request: Request) -> None:
    request.session.pop(_KEY, None)


def moment_of(named: str) -> datetime | None:
    """What the ``moment`` of ``undo_url`` names; None when that is no moment."""
    try:
        return _EPOCH + timedelta(microseconds=int(named[:20]))
    except (ValueError, OverflowError):
        return None
