"""When a try that failed is made again. Pure."""

import random
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings

#: Minutes after the first try at which a dispatch is tried again (F8); after the last it is parked.
DISPATCH_MINUTES = (5 / 60, 5, 30, 120, 300, 600, 840, 1200, 1440)
#: The moments move by up to a tenth either way, so that what failed together does not come back together.
JITTER = 0.1


def wait_after(attempt: int, *, moments: Sequence[float], at_least: float = 0.0) -> timedelta | None:
    """How long after the start of try ``attempt`` (from 1) the next one is made; None after the last.
    ``moments`` are minutes after the first try; ``at_least`` seconds were asked for by the other side, and
    RETRY_SCALE does not shorten those."""
    if attempt > len(moments):
        return None
    minutes = moments[attempt - 1] - (moments[attempt - 2] if attempt > 1 else 0)
    scaled = minutes * settings.RETRY_SCALE * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 — no secret
    return timedelta(seconds=max(scaled * 60, at_least))
