"""What became of alerts: a page of them, newest first, with every way each of them took."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from . import kinds
from .models import Delivery, Notification

PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """``rows`` carry ``said``, what they are about in words; ``older`` is where the next page begins, "" on
    the last."""

    rows: list[Any]
    older: int | str


def page_of(told: QuerySet[Notification], *, before: str) -> Page:
    """The newest of ``told``, older than the id ``before`` where it is one. 4 queries, however many."""
    deliveries = Delivery.objects.select_related("digest").prefetch_related("digest__deliveries")
    rows = told.select_related("recipient").prefetch_related(
        Prefetch("deliveries", deliveries.order_by("channel"))
    )
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(id__lt=int(before))
    found: list[Any] = list(rows.order_by("-id")[: PAGE + 1])
    for row in found:
        row.said = kinds.label(row.kind)
    return Page(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else "")
