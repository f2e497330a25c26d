"""How many questions each page asks of the database: the same for 5 rows and for 50."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from handoff.models import Qualification
from leads.models import Lead
from leads.stages import Stage
from tests import factories
from tests.factories import activity, company, lead
from tests.handoff.views.worlds import handed_over, scored, sent_back

pytestmark = pytest.mark.django_db

#: Every page: session, user, the rail's counts.
FRAME = 3
LINE = 2  # the live version, its line
CLOCKS = 3  # teams with their calendar, opening hours, holidays
#: Explanations read through a cursor of their own; tests/scoring counts those.
PREVIEW = (
    1  # the handoff with lead, company, pool and people
    + 2  # newest signals, active colleagues
    + 1  # consent
    + 1  # answers
    + 1  # latest activities
)
LIST = (
    1  # counts of the saved views
    + 1  # handoffs with lead, company, pool, rep
    + LINE
    + 2  # scores, signals
)
OPEN = 1 + CLOCKS + 1  # unassigned ones, clocks, response policies
BUDGETS = {
    "/queue/": FRAME + LIST + OPEN + PREVIEW,
    "/team/": FRAME + LIST + OPEN + PREVIEW,
    "/queue/?view=decided": FRAME + LIST + PREVIEW,
    "/leads/": FRAME
    + 1  # leads with company and owner
    + LINE
    + 1,  # scores
    "/mqls/": FRAME
    + LINE
    + 2  # the tiles: how the phases stand, what sales did since Monday
    + 3  # sent back: count, handoffs, verdicts
    + 3  # MQLs of each phase with their scores
    + 2,  # signals, which were handed over before
    "/leads/{id}/": FRAME
    + 1  # the lead with company and owner
    + LINE
    + 1  # stage changes
    + 2  # handoffs, verdicts
    + 1  # timeline
    + CLOCKS
    + 1  # consent
    + 1  # answers
    + 2  # what an opportunity lacks: answers, talks
    + 1  # opportunity
    + 2,  # colleagues, how many are active
}


@pytest.fixture
def cast(db: None) -> dict[str, User]:
    sol, mara = factories.rep("Sol Seller"), factories.marketer()
    return {
        "/queue/": sol,
        "/team/": factories.manager(),
        "/leads/{id}/": sol,
        "/leads/": mara,
        "/mqls/": mara,
    }


def grow(to: int, cast: dict[str, User]) -> Lead:
    """``to`` rows on every list; returns the newest lead of the queue."""
    sol, now = cast["/queue/"], timezone.now()
    for number in range(Lead.objects.count(), to * 4, 4):
        firm = company(employees=100)
        mine = handed_over(
            sol, f"Mine {number}", at=now, due=timedelta(minutes=number + 5), company=firm
        ).lead
        scored(mine, intent=25)
        for minutes in range(3):
            activity(mine, "pricing_page_view", now - timedelta(minutes=minutes))
            activity(mine, "page_view", now - timedelta(minutes=minutes))
        Qualification.objects.create(lead=mine, question="need", level=2, by=sol, at=now)
        handed_over(None, f"Free {number}", at=now, company=firm)
        back = handed_over(sol, f"Back {number}", at=now - timedelta(days=1), company=firm)
        sent_back(back, by=sol, at=now, note="Later.")
        phase = ("awareness", "consideration", "decision")[number % 3]
        scored(lead(f"Mql {number}", stage=Stage.MQL, phase=phase, company=firm), intent=5)
    return mine


def questions(cast: dict[str, User], newest: Lead) -> dict[str, list[str]]:
    """What each page asks, by its path."""
    asked = {}
    for path in BUDGETS:
        client = Client()
        client.force_login(cast[path.split("?")[0]])
        address = path.format(id=newest.public_id)
        client.get(address)  # compiles templates and the scoring statement
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        asked[path] = [query["sql"] for query in queries]
    return asked


def test_a_page_asks_no_more_for_fifty_rows_than_for_five(cast: dict[str, User]) -> None:
    few = questions(cast, grow(5, cast))
    many = questions(cast, grow(50, cast))

    assert {path: len(asked) for path, asked in few.items()} == BUDGETS
    assert {path: len(asked) for path, asked in many.items()} == BUDGETS
