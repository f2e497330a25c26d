"""How a lead is held while something is done with one of its handoffs, and how many are gone through."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet

from leads.models import Lead

log = logging.getLogger(__name__)

#: The database is away or had to choose between two, or the worker's time is up.
NOT_THE_LEADS_FAULT = (OperationalError, InterfaceError, SoftTimeLimitExceeded)


def hold(lead_id: int) -> Lead:
    """The lead as it is now; nobody else moves it until the end of the transaction."""
    return held().get(pk=lead_id)


def held(*, skip_locked: bool = False) -> QuerySet[Lead]:
    """Workers with the same list skip what another has: waiting for it, they would all wait at each lead."""
    leads = Lead.objects.select_related("company")
    return leads.select_for_update(no_key=True, of=("self",), skip_locked=skip_locked)


def each(handoff_ids: Iterable[int], step: Callable[[int, datetime], bool], at: datetime) -> int:
    """Take ``step`` with each handoff; what goes wrong with one is logged and stops no other. Returns how
    many steps were taken."""
    taken = 0
    for handoff_id in handoff_ids:
        try:
            taken += step(handoff_id, at)
        except NOT_THE_LEADS_FAULT:
            raise
        except Exception:
            log.exception("handoff %d: %s failed", handoff_id, step.__name__)
    return taken
