"""How many questions the pages that judge rules ask of the database, however many leads were decided. What
scores leads reads through a cursor of its own; ``tests/scoring`` counts those."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from scoring import publishing, rescoring
from scoring.models import ModelVersion
from tests import factories
from tests.factories import company
from tests.scoring.pasts import accepted, live, ready, sent_back

pytestmark = pytest.mark.django_db

FRAME = 3  # session, user, the rail's counts
FILE = 5  # a version as a file: groups, rules, lines, triggers, blockers
READ = 1 + 5  # activity types and the same parts, to compile or to say them
WORDS = READ + 1 + 3  # and the types by name, and what cannot be computed
VERSION = FRAME + (
    2  # the model, the version with its people
    + 1  # the versions one may compare it with
    + 1  # its signatures
    + 1  # when it went live
    + 1 + 2 * FILE  # what it changes: types by name, both versions
    + WORDS
)  # fmt: skip
BUDGETS = {
    "/rules/proof/": FRAME
    + 2  # the model, its versions
    + 1  # what it asks for that sales writes down
    + 1,  # the models there are
    "/rules/proof/leads/?cell=all": FRAME
    + 2  # the model, its versions
    + 1  # what it asks for that sales writes down
    + 1,  # the leads of this page with their companies
    "/rules/suggestions/": FRAME
    + 2  # the model, the live version
    + 2  # activity types: to offer them, to tell them from facts
    + 1  # the models there are
    + FILE
    + 2,  # types again: to know what is asked already, to offer conditions
    "/rules/book/": FRAME
    + 1  # the live versions
    + WORDS
    + 2  # how many are scored, the sample
    + 3  # the newest leads, the highest, and these with their companies
    + 1,  # since when it is live
    "/rules/moves/?version={draft}": FRAME
    + 2  # the model, the version with its people
    + READ
    + 1  # activity types by name
    + 1  # what the live line asks
    + 1,  # the leads of this page with their companies
    "/rules/versions/{draft}/": VERSION + FILE + 1,  # and what is odd in it
    "/rules/versions/{live}/": VERSION
    + 1  # who waits for release
    + 1  # who fell under the line
    + 1  # what was live before
    + 3,  # what a rollback brings back, what one left over, and how far everybody is scored
}


@pytest.fixture
def mara(db: None) -> User:
    return factories.marketer()


def grow(to: int) -> None:
    """``to`` decided leads that tell something: small firms are sent back."""
    now = timezone.now()
    for k in range(to):
        small = k % 3 == 0
        at = now - timedelta(hours=k + 30)
        firm = company(f"Firm {to} {k}", employees=10 if small else 300)
        good = k % 18 == 0 if small else k % 7 != 0
        made = (
            accepted(at, title="Service manager", company=firm)
            if good
            else sent_back(at, "too_small", title="Service manager", company=firm)
        )
        ready(made, at - timedelta(days=3))
    for version in ModelVersion.objects.published():
        rescoring.rescore_everybody(model=version.model)


def questions(mara: User, versions: dict[str, int]) -> dict[str, list[str]]:
    """What each page asks, by its path, when nothing of it is kept."""
    client = Client()
    client.force_login(mara)
    asked = {}
    for path in BUDGETS:
        address = path.format(**versions)
        client.get(address)  # compiles templates and the scoring statement
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        asked[path] = [query["sql"] for query in queries if not _is_aside(query["sql"])]
    return asked


def _is_aside(sql: str) -> bool:
    """What is kept, and what a transaction is told about itself."""
    return "crm_cache" in sql or "set_config(" in sql


def test_a_page_about_rules_asks_no_more_for_many_decided_leads_than_for_few(mara: User) -> None:
    version = live()
    draft = publishing.draft_from(version=version, by=mara)
    draft.rules.update(points=11)
    versions = {"live": version.number, "draft": draft.number}
    grow(40)
    few = questions(mara, versions)
    grow(120)
    many = questions(mara, versions)

    assert {path: len(asked) for path, asked in few.items()} == BUDGETS
    assert {path: len(asked) for path, asked in many.items()} == BUDGETS
