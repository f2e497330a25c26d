"""How many questions a review asks of the database: the same however many leads and proposals it has."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from reports.models import Review, Talk, Todo
from tests import factories as make
from tests.factories import NOW
from tests.reports.meetings import prepared, sent_back

pytestmark = pytest.mark.django_db


def grow(review: Review, to: int, sol: User, mara: User) -> None:
    """``to`` leads to talk about, each with a word, and as many to-dos."""
    for number in range(review.talks.count(), to):
        verdict = sent_back(sol, name=f"Lead number {number}", at=NOW - timedelta(days=5))
        talk = Talk.objects.create(review=review, position=number, why="rejected", verdict=verdict, total=50)
        talk.words.create(side="marketing", said="unclear", by=mara, at=NOW)
        Todo.objects.create(review=review, text=f"To do {number}", by=mara, at=NOW)


@pytest.mark.parametrize("who", [make.marketer, make.manager])
def test_p_7_a_review_asks_as_much_about_2_leads_as_about_8(who: Callable[[], User]) -> None:
    sol, reader = make.rep(), who()
    review, client = prepared(), Client()
    asked: dict[str, set[int]] = {}
    client.force_login(reader)
    for leads in (2, 8):
        grow(review, leads, sol, reader)
        for path in (reverse("reports:review", args=[review.public_id]), reverse("reports:reviews")):
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            asked.setdefault(path, set()).add(len(queries))
    assert [len(counts) for counts in asked.values()] == [1, 1]
    assert max(max(counts) for counts in asked.values()) <= 32


def test_p_7_the_checklist_asks_some_thirty_small_questions() -> None:
    client = Client()
    client.force_login(make.marketer())
    client.get(reverse("reports:readiness"))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse("reports:readiness")).status_code == 200
    assert len(queries) <= 36
