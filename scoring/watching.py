"""What the live rules look at beyond a lead itself: the triggers of ``leads.marking`` mark leads for it."""

from django.db import connection

from leads.models import Watched

from .conditions import Colleagues, InStage, tests_of
from .models import ModelVersion
from .stored import activity_types, read


def follow() -> None:
    """Let the triggers mark for what the live versions ask, and for nothing else. Within the transaction that
    publishes. Whoever writes just now is waited for, so that no change falls between the old and the new;
    only where something differs, which is rare."""
    wanted = _asked_for()
    if wanted == {row.what: sorted(row.types) for row in Watched.objects.all()}:
        return
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE leads_watched IN ACCESS EXCLUSIVE MODE")
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
