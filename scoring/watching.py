"""What the live rules look at beyond a lead itself: the triggers of ``leads.marking`` mark leads for it."""

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from leads.models import Watched

from .conditions import Colleagues, InStage, tests_of
from .models import ModelVersion
from .stored import activity_types, read

#: The advisory lock of whoever changes what is watched, and how long they wait for those who write.
LOCK = 7_307
PATIENCE = "2s"


class Busy(Exception):
    """What is watched cannot be changed just now; nothing was."""


def follow() -> None:
    """Let the triggers mark for what the live versions ask, and for nothing else. Within the transaction that
    publishes; of two models that are published at once the second waits here and then sees both. Whoever
    writes activities just now is waited for, so that no change falls between the old and the new; only where
    something differs, which is rare. Raises Busy when they take long: everybody who writes after them would
    wait as well."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    wanted = _asked_for()
    if wanted == {row.what: sorted(row.types) for row in Watched.objects.all()}:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
            cursor.execute("LOCK TABLE leads_watched IN ACCESS EXCLUSIVE MODE")
            cursor.execute("SELECT set_config('lock_timeout', '0', true)")
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            message = "Many activities are being written just now, by an import perhaps: try again."
            raise Busy(message) from None
        raise
    Watched.objects.all().delete()
    Watched.objects.bulk_create(Watched(what=what, types=types) for what, types in wanted.items())


def _asked_for() -> dict[str, list[int]]:
    """What is watched → ids of the activity types it is about."""
    types = activity_types()
    wanted: dict[str, set[int]] = {}
    for version in ModelVersion.objects.published().select_related("model"):
        for condition in read(version, types).conditions():
            for test in tests_of(condition):
                if isinstance(test, InStage):
                    wanted.setdefault(Watched.What.STAGES, set())
                elif isinstance(test, Colleagues):
                    ids = {types[key] for key in test.types}
                    wanted.setdefault(Watched.What.COLLEAGUES, set()).update(ids)
    return {what: sorted(ids) for what, ids in wanted.items()}
