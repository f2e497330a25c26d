"""Call other systems: each call in a thread of its own, so that one that hangs holds up no other (F9).

Threads only talk HTTP; every look at the database is made here, by one worker at a time. What is called is
leased before, so a worker may die at any point: the lease runs out and the next one calls again.
"""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.clock import database_now

from . import turns

#: So many calls at once.
THREADS = 16
#: While calls are under way, what has become due meanwhile is looked for this often, in seconds.
LOOK_SECONDS = 0.2
#: No call lasts longer (``egress.SECONDS``, for a few browsers one after the other), so a lease that is over
#: belongs to a worker that died.
LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is ours to make: ``make`` talks and touches no database, ``record`` writes down what
    ``make`` returned, at a moment, and says whether it arrived."""

    make: Callable[[], Any]
    record: Callable[[Any, datetime], bool]


#: Leases up to ``room`` calls that are due at ``at``.
Source = Callable[[datetime, int], Sequence[Call]]


def make_due(
    *, sources: Sequence[tuple[Source, int]], at: datetime | None = None, seconds: float = math.inf
) -> int:
    """Make every call that ``sources`` have due, each with at most so many at once, and begin none after
    ``seconds``. Returns how many arrived. Safe to run many at once: one works, the others return 0."""
    with turns.only_one(turns.CALLS) as ours:
        return _make(sources, at, time.monotonic() + seconds) if ours else 0


def _make(sources: Sequence[tuple[Source, int]], at: datetime | None, until: float) -> int:
    under_way: dict[Future[Any], tuple[int, Call]] = {}
    arrived = 0
    with ThreadPoolExecutor(THREADS, thread_name_prefix="call") as threads:
        while True:
            if time.monotonic() < until:
                now = at or database_now()
                for number, (lease, most) in enumerate(sources):
                    room = most - sum(1 for source, _ in under_way.values() if source == number)
                    for call in lease(now, room) if room > 0 else ():
                        under_way[threads.submit(call.make)] = (number, call)
            if not under_way:
                return arrived
            done, _ = wait(under_way, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for finished in done:
                _, call = under_way.pop(finished)
                arrived += call.record(finished.result(), at or database_now())
