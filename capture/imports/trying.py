"""Rows that an undo is tried on in memory: nothing is locked and nothing is written, and what was tried on
one window is what the next one finds."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)


class Trial:
    """What an undo would have done so far: rows it would have changed, as they would be; the keys of those
    that would be ``gone``; event ids of ``voided`` activities, keys of consents ``forgotten`` and of leads
    ``stepped_back`` to an earlier stage."""

    def __init__(self) -> None:
        self.gone: defaultdict[type[Model], set[int]] = defaultdict(set)
        self.voided: set[str] = set()
        self.forgotten: set[int] = set()
        self.stepped_back: set[int] = set()
        self._held: defaultdict[type[Model], dict[int, Any]] = defaultdict(dict)

    def rows(self, model: type[Row], ids: Iterable[int]) -> list[Row]:
        """Those that are there, in order of their keys. One query, none for rows that were tried before."""
        held, wanted = self._held[model], set(ids)
        held.update(model._default_manager.in_bulk(list(wanted - set(held))))
        return [held[pk] for pk in sorted(wanted & set(held)) if pk not in self.gone[model]]

    def held(self, model: type[Row]) -> list[Row]:
        """Those that were tried and would still be there."""
        return [row for pk, row in self._held[model].items() if pk not in self.gone[model]]

    def known(self, model: type[Model]) -> set[int]:
        """Keys of all that were tried: of them the database does not know how they would be."""
        return set(self._held[model]) | self.gone[model]


def rows(model: type[Row], ids: Iterable[int], trial: Trial | None) -> list[Row]:
    """The rows to work on, in order of their keys: held until the end of the transaction, or, for a
    ``trial``, in memory alone."""
    if trial is not None:
        return trial.rows(model, ids)
    found = model._default_manager.select_for_update(no_key=True).filter(pk__in=list(ids))
    return list(found.order_by("pk"))
