"""Ranges of lead ids, and who may store scores in them: whoever works on leads that changed shares their
buckets, whoever works on many leads has one alone. So nobody ever stores a score computed from facts older
than those of the score stored before."""

from collections.abc import Iterable

from leads.models import Lead

from .statement import run

#: Lead ids per bucket.
SIZE = 10_000
#: First key of the advisory locks; the second is the bucket.
LOCKS = 7_301
STATEMENT_SECONDS = 60


def following(first: int) -> int | None:
    """The first bucket from ``first`` on that has leads."""
    lead_id = Lead.objects.filter(id__gte=first * SIZE).order_by("id").values_list("id", flat=True).first()
    return None if lead_id is None else lead_id // SIZE


def lock(lead_ids: Iterable[int], *, shared: bool) -> None:
    """Hold the buckets of these leads until the end of the transaction, lowest first."""
    buckets = sorted({lead_id // SIZE for lead_id in lead_ids})
    run(_LOCK_SHARED if shared else _LOCK, {"locks": LOCKS, "buckets": buckets, "seconds": STATEMENT_SECONDS})


_LOCK = """
SELECT set_config('statement_timeout', %(seconds)s::text || 's', true), set_config('jit', 'off', true),
  (SELECT count(pg_advisory_xact_lock(%(locks)s::int, bucket)) FROM unnest(%(buckets)s::int[]) AS bucket)
"""
#: The statements for changed leads are planned once, by index whatever the size of the tables: they suit one
#: lead as well as a thousand, and a queue that was empty when they were planned. Their commit
#: need not reach the disk: what a crash of the database forgets is marked as changed again with it, and
#: whatever people or mails say of it is committed later, and takes it along.
_LOCK_SHARED = _LOCK.replace("pg_advisory_xact_lock", "pg_advisory_xact_lock_shared").replace(
    "SELECT",
    "SELECT set_config('plan_cache_mode', 'force_generic_plan', true),"
    " set_config('enable_seqscan', 'off', true), set_config('synchronous_commit', 'off', true),",
    1,
)
