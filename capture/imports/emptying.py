"""Drop what imports know of people once it is old (P6): rejected rows, what could be undone, and files that
nobody went on with."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.clock import database_now
from capture.models import Import
from capture.models.imports import FOLDER

from . import uploading

_ENDED = (Import.State.DONE, Import.State.CANCELLED, Import.State.UNDONE, Import.State.REFUSED)
#: Somebody was to go on with them.
_LEFT = (*Import.CHANGEABLE, Import.State.READING, Import.State.PAUSED, Import.State.PARKED)
#: By then no upload is still being stored.
_STRAY = timedelta(days=1)


def empty(*, at: datetime | None = None, most: int = 1_000) -> int:
    """Stop what nobody went on with for ``IMPORT_RETENTION_DAYS``, and drop the words of what ended so long
    ago; its counts stay. Returns how many imports were touched. Safe to repeat."""
    at = at or database_now()
    before = at - timedelta(days=settings.IMPORT_RETENTION_DAYS)
    left = Import.objects.filter(state__in=_LEFT, created_at__lt=before).exclude(stored="")
    stopped = sum(_stop(pk, at) for pk in left.order_by("pk").values_list("pk", flat=True)[:most])
    old = Import.objects.filter(state__in=_ENDED, finished_at__lt=before, looked__has_key="columns")
    emptied = sum(_empty(pk) for pk in old.order_by("pk").values_list("pk", flat=True)[:most])
    _sweep(at)
    return stopped + emptied


@transaction.atomic
def _stop(pk: int, at: datetime) -> int:
    one = Import.objects.select_for_update(no_key=True).filter(pk=pk, state__in=_LEFT).first()
    if one is None:
        return 0
    one.state, one.finished_at = Import.State.CANCELLED, at
    one.trouble = f"Nobody went on with it for {settings.IMPORT_RETENTION_DAYS} days."
    one.save(update_fields=["state", "finished_at", "trouble"])
    transaction.on_commit(partial(uploading.remove, one))
    return 1


@transaction.atomic
def _empty(pk: int) -> int:
    one = Import.objects.select_for_update(no_key=True).filter(pk=pk, state__in=_ENDED).first()
    if one is None:
        return 0
    one.rejected_rows.all().delete()
    one.windows.all().delete()
    one.looked = {"rows": one.total}
    one.save(update_fields=["looked"])
    return 1


def _sweep(at: datetime) -> None:
    """Remove files that no import needs any more: their worker or server was killed before it did."""
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    if not folder.is_dir():
        return
    old = [path for path in folder.iterdir() if path.stat().st_mtime < (at - _STRAY).timestamp()]
    needed = Import.objects.exclude(state__in=_ENDED).exclude(stored="")
    known = set(needed.values_list("stored", flat=True)) if old else set()
    for path in old:
        if path.name not in known and path.name.removesuffix(".csv") not in known:
            path.unlink(missing_ok=True)
