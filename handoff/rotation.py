"""Whose turn it is in a pool. Pure: turns in, one of them out; no queries, no clock.

The turns are start-time fair queueing: every turn takes a stretch of the pool's own time, a short one for who
has a great weight, and whoever could start earliest is next. So shares follow the weights exactly, whatever
the order in which leads come, and somebody back from leave starts where the pool is now: neither flooded with
what went to others meanwhile, nor passed over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

MOST_WEIGHT = 20
#: How long a turn of weight 1 is. Every weight up to 20 divides it, so no share is ever rounded.
TURN = 232_792_560


@dataclass(frozen=True, slots=True)
class Turn:
    """A member who could take a lead. ``starts`` is where their next turn begins in the pool's time,
    ``last_assigned_at`` when they were last given one (None: never), ``open`` how many wait for them."""

    member_id: int
    last_assigned_at: datetime | None
    weight: int = 1
    starts: int = 0
    open: int = 0


def in_turn(turns: Iterable[Turn]) -> Turn | None:
    """Who is next by weighted rotation; of those who could start at the same time who has waited longest.
    None without turns."""
    return min(turns, key=lambda turn: (turn.starts, *_waited(turn)), default=None)


def least_loaded(turns: Iterable[Turn]) -> Turn | None:
    """Who would have the least open work for their weight with one lead more; of equals who has waited
    longest. None without turns."""
    return min(
        turns, key=lambda turn: (Fraction(turn.open + 1, turn.weight or 1), *_waited(turn)), default=None
    )


def starts(finish: int, virtual: int) -> int:
    """Where the next turn begins of somebody whose last one ends at ``finish``, in a pool that has come to
    ``virtual``."""
    return max(finish, virtual)


def ends(start: int, weight: int) -> int:
    """Where a turn ends that begins at ``start``."""
    return start + TURN // max(1, weight)


def stamp(at: datetime, others: Iterable[datetime | None]) -> datetime:
    """The moment of a turn taken ``at``: after every other one in the pool, however many leads share one
    moment. Equal stamps would give the same rep two in a row."""
    newest = max((moment for moment in others if moment is not None), default=None)
    return at if newest is None else max(at, newest + timedelta(microseconds=1))


def _waited(turn: Turn) -> tuple[datetime, int]:
    """Least for who has waited longest: never had one, else had one longest ago, else joined first."""
    return turn.last_assigned_at or _NEVER, turn.member_id


_NEVER = datetime.min.replace(tzinfo=UTC)
