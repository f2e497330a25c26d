"""Lists page by the last row seen, never by counting or skipping."""

from datetime import timedelta
from itertools import chain

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import paging
from leads.models import Lead
from tests.factories import NOW, lead

pytestmark = pytest.mark.django_db

NEWEST = ("-created_at", "-id")


def every_page(order: tuple[str, ...], size: int) -> list[list[str]]:
    pages, after = [], ""
    while True:
        page = paging.page(Lead.objects.all(), order=order, after=after, size=size)
        pages.append([row.name for row in page.rows])
        if not page.next:
            return pages
        after = page.next


def test_pages_follow_one_another_without_gap_or_repetition() -> None:
    for number in range(7):
        lead(f"Lead {number}", created_at=NOW + timedelta(minutes=number))

    pages = every_page(NEWEST, 3)

    assert pages == [["Lead 6", "Lead 5", "Lead 4"], ["Lead 3", "Lead 2", "Lead 1"], ["Lead 0"]]


def test_rows_of_the_same_moment_are_told_apart_by_their_id() -> None:
    for number in range(5):
        lead(f"Lead {number}", created_at=NOW)

    assert list(chain(*every_page(NEWEST, 2))) == [f"Lead {number}" for number in (4, 3, 2, 1, 0)]


def test_mixed_directions_page_in_order() -> None:
    for number, source in enumerate("abab"):
        lead(f"Lead {number}", source=source)

    assert list(chain(*every_page(("source", "-id"), 1))) == ["Lead 2", "Lead 0", "Lead 3", "Lead 1"]


@pytest.mark.parametrize("broken", ["x", "WyIiLCAxXQ:bad:sig", "'; DROP TABLE leads_lead; --", "\x00"])
def test_a_broken_cursor_gives_the_first_page(broken: str) -> None:
    lead("Ada")

    page = paging.page(Lead.objects.all(), order=NEWEST, after=broken, size=5)

    assert [row.name for row in page.rows] == ["Ada"]


def test_a_cursor_of_another_order_gives_the_first_page() -> None:
    for number in range(3):
        lead(f"Lead {number}", created_at=NOW + timedelta(minutes=number))
    foreign = paging.page(Lead.objects.all(), order=("created_at", "id"), after="", size=2).next

    page = paging.page(Lead.objects.all(), order=NEWEST, after=foreign, size=1)

    assert [row.name for row in page.rows] == ["Lead 2"]


def test_a_later_page_neither_counts_nor_skips() -> None:
    for number in range(5):
        lead(f"Lead {number}", created_at=NOW + timedelta(minutes=number))
    after = paging.page(Lead.objects.all(), order=NEWEST, after="", size=2).next

    with CaptureQueriesContext(connection) as asked:
        paging.page(Lead.objects.all(), order=NEWEST, after=after, size=2)

    (query,) = asked
    assert "OFFSET" not in query["sql"]
    assert "COUNT" not in query["sql"]
