"""How much each source may send in a while (L1): a steady rate, and a burst saved up in quiet times. What is
over it is answered 429 with the time to come back, and counted; what was let in is stored as ever.

The count is kept in the broker, in one round trip, and carries no truth: while the broker is away everything
is let in (F3), and one that forgets lets a burst in anew.
"""

import logging
import math
import time
from datetime import datetime, timedelta
from functools import cache

import redis
from django.conf import settings
from django.db import transaction
from ninja.errors import HttpError
from redis.commands.core import Script

from . import arrivals
from .arrivals import Became
from .models import RefusedItem, Source
from .webforms.suspecting import network

log = logging.getLogger(__name__)

#: A broker that does not answer must not hold a request up; once it did not, it is let alone for a while.
PATIENCE_SECONDS, ALONE_SECONDS = 0.25, 5.0
#: Of what strangers may send to a source, one address may use up so much by itself.
SHARE_OF_ONE_ADDRESS = 0.1
#: Beside the source's own: what does not prove where it comes from must not keep out what does.
UNPROVEN = "unproven"
REASON = "Came faster than a source may send, and was told when to come back (429)."

_TURNED_AWAY = "handoff:turned-away"


class TooMuch(HttpError):
    """The source has used up what it may send (429); it may come back in ``seconds``, 1 or more."""

    def __init__(self, seconds: int) -> None:
        super().__init__(429, f"That is more than this source may send; try again in {seconds} s.")
        self.seconds = seconds


def charge(*, source: str, cost: int = 1, address: str = "", purse: str = "") -> None:
    """Let ``source`` send ``cost`` events, or raise TooMuch. Whoever has one event left is let in and charged
    in full, so that no batch is too large for ever. ``address`` of a stranger bounds what one of them uses
    up; ``purse`` names another allowance of the same source. Nothing is bounded when ``CAPTURE_RATE`` is 0,
    and nobody is turned away for a broker that is away."""
    if not settings.CAPTURE_RATE:
        return
    rate, burst = float(settings.CAPTURE_RATE), settings.CAPTURE_BURST / settings.CAPTURE_RATE
    keys, limits = [_TURNED_AWAY, _key(source, purse)], [1 / rate, burst]
    if own := network(address):
        keys.append(_key(source, f"{purse}:{own}"))
        limits += [1 / (rate * SHARE_OF_ONE_ADDRESS), burst]
    wait = _ask(keys, [source, max(cost, 1), *limits])
    if wait > 0:
        raise TooMuch(math.ceil(wait))


def _key(source: str, purse: str) -> str:
    return f"handoff:rate:{purse}:{source}"


_alone_until = 0.0


def _ask(keys: list[str], arguments: list[str | float]) -> float:
    """Seconds to wait; 0 when the broker is away."""
    global _alone_until
    if time.monotonic() < _alone_until:
        return 0.0
    try:
        return float(_script()(keys=keys, args=arguments))
    except (redis.RedisError, OSError) as error:
        _alone_until = time.monotonic() + ALONE_SECONDS
        log.warning("what sources send is not bounded for now: %s", error)
        return 0.0


#: KEYS: the counts of what was turned away, then one allowance each. ARGV: source, cost, then per allowance
#: the seconds that an event costs and the seconds that may be saved up. An allowance is the moment at which
#: all that was let in is paid off (GCRA). Returns the seconds to wait, over 0 only when nothing was charged.
_SCRIPT = """
local clock = redis.call('TIME')
local now, wait, paid = clock[1] + clock[2] / 1000000, 0, {}
for n = 2, #KEYS do
  paid[n] = math.max(now, tonumber(redis.call('GET', KEYS[n]) or 0))
  wait = math.max(wait, paid[n] - now + math.min(ARGV[2 * n - 1], ARGV[2 * n]) - ARGV[2 * n])
end
if wait > 0.000001 then
  redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
  return string.format('%.6f', wait)
end
for n = 2, #KEYS do
  local free = paid[n] + ARGV[2] * ARGV[2 * n - 1]
  redis.call('SET', KEYS[n], string.format('%.6f', free), 'EX', math.ceil(free - now) + 1)
end
return '0'
"""


@cache
def _script() -> Script:
    return _broker().register_script(_SCRIPT)


@cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(
        settings.BROKER_URL, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )


def by_size(body: bytes) -> int:
    """What a body costs of which nobody knows yet how many events it holds: one for each started kilobyte."""
    return max(1, math.ceil(len(body) / 1_000))


def write_down(*, at: datetime) -> int:
    """Add what was turned away since the last time to the figures of its sources; returns how many events
    that were. Safe beside itself; what is counted while a worker dies is lost, and is a figure only."""
    try:
        counted = _take_counts()
    except (redis.RedisError, OSError) as error:
        log.warning("what was turned away is not written down for now: %s", error)
        return 0
    told = 0
    for source in Source.objects.filter(key__in=counted).order_by("pk"):
        with transaction.atomic():
            became = Became(too_many=counted[source.key])
            arrivals.note(source=source.key, kind=Source.Kind(source.kind), became=became, at=at)
            _say_why(source, at)
        told += counted[source.key]
    return told


def _take_counts() -> dict[str, int]:
    with _broker().pipeline(transaction=True) as pipe:
        pipe.hgetall(_TURNED_AWAY)
        pipe.delete(_TURNED_AWAY)
        counts, _ = pipe.execute()
    return {key.decode(): int(count) for key, count in counts.items()}


def _say_why(source: Source, at: datetime) -> None:
    """In one row, as long as it goes on: the figures say how many, and other reasons are to stay in sight."""
    lately = RefusedItem.objects.filter(source=source, reason=REASON, at__gt=at - timedelta(hours=1))
    if not lately.update(at=at):
        RefusedItem.objects.create(source=source, at=at, reason=REASON)
