"""Reports whose counts are kept when they take long."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from handoff.models import SavedView
from reports import keeping
from reports.models import KeptCount

from .asking import Asked, asked_in

Found = TypeVar("Found")
PERIOD = ("days", "first", "last")
#: What counts, by name.
_COUNTS: dict[str, "Kept[Any]"] = {}


class Kept(Generic[Found]):
    """What counts a report of the filters and the period that were asked for, of the parameters ``own`` of
    the URL, and of plain arguments by name; of who asks it knows nothing but the segments they saved. What it
    finds can be pickled. Where ``beside`` is another than before, an answer that was kept is none. With
    ``REPORT_PATIENCE_SECONDS`` of 0 nothing is kept."""

    def __init__(
        self, count: Callable[..., Found], own: tuple[str, ...], beside: Callable[[Asked], object] | None
    ) -> None:
        self._count, self._own, self._beside = count, own, beside
        self._name = f"{count.__module__}.{count.__qualname__}"
        update_wrapper(self, count)
        _COUNTS[self._name] = self

    def __call__(self, one: Asked, **how: Any) -> Found:
        if not settings.REPORT_PATIENCE_SECONDS:
            return self._count(one, **how)
        answer = keeping.answer(self.question(one, how), lambda: self._count(one, **how), at=one.at)
        one.answers.append(answer)
        return answer.found

    def question(self, one: Asked, how: keeping.How) -> keeping.Question:
        """A filter that makes no sense narrows nothing, and is not asked."""
        meant = set(one.filters.filters) - set(one.filters.form.errors)
        names = (*sorted(meant), *PERIOD, *self._own)
        said = [(name, value) for name in names for value in one.parameters.getlist(name) if value]
        saved = one.filters.saved_segment
        return keeping.Question(
            self._name,
            urlencode(said),
            how,
            asker=one.user.pk if one.user and saved else None,
            beside=repr((saved and _seen_by(one.user, saved), self._beside and self._beside(one))),
        )

    def again(self, row: KeptCount) -> tuple[keeping.Question, Found]:
        one = asked_in(QueryDict(row.query), user=row.asker, at=timezone.now())
        return self.question(one, row.how), self._count(one, **row.how)


def _seen_by(user: User | None, saved: SavedView) -> tuple[object, ...]:
    """What decides who is in a segment that ``user`` saved."""
    teams = sorted(user.teams.values_list("pk", flat=True)) if user else []
    return saved.query, user and user.role, teams


def kept(
    *own: str, beside: Callable[[Asked], object] | None = None
) -> Callable[[Callable[..., Found]], Kept[Found]]:
    """Decorates what counts a report."""
    return lambda count: Kept(count, own, beside)


def again(row: KeptCount) -> keeping.Counted:
    """The question that a row answers, and its answer now; None when nothing counts it any more."""
    count = _COUNTS.get(row.count)
    return count.again(row) if count else None
