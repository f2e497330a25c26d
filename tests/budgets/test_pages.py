"""How many questions each page asks of the database: the same for 5 rows and for 50."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import BusinessCalendar, Team, User
from handoff.models import Pool, Qualification, SlaPolicy
from leads.models import Lead
from leads.stages import Stage
from scoring.models import ModelVersion
from tests import factories
from tests.factories import activity, company, lead
from tests.handoff.factories import question
from tests.handoff.views.worlds import handed_over, scored, sent_back
from tests.scoring.waiting import held

pytestmark = pytest.mark.django_db

#: Every page: session, user, the rail's counts.
FRAME = 3
LINE = 2  # the live version, its line
CLOCKS = 4  # teams with their calendar, opening hours, holidays; pauses
#: Explanations read through a cursor of their own; tests/scoring counts those.
ASKED = (
    1  # where the lead's newest handoff went
    + 4  # frameworks with questions, levels, requirements
)
PREVIEW = (
    ASKED
    + 1  # the handoff with lead, company, pool and people
    + 1  # the score that leads
    + 2  # newest signals, active colleagues
    + 1  # consent
    + 1  # answers
    + 1  # latest activities
)
LOOKED = 2  # the score now, kept as seen
LIST = (
    1  # saved views
    + 1  # reasons to filter by
    + 1  # counts of all views
    + 1  # handoffs with lead, company, pool, rep
    + LINE
    + 2  # scores, signals
)
OPEN = (
    1  # which saved view opens the list
    + 1  # unassigned ones
    + CLOCKS
    + 2  # response policies: the most urgent line, all of them
    + 1  # what the reader has looked at
    + LOOKED
)
TEAM = 3  # pools and people to filter by, people to give leads to
AFTERMATH = (
    1  # the live version
    + 1  # how many wait for release
    + 1  # whether any version was rolled back
    + 1  # what a rollback would bring back
    + 1  # how far everybody is scored
    + 1  # who fell below the line
)
BUDGETS = {
    "/queue/": FRAME + LIST + OPEN + PREVIEW,
    "/team/": FRAME + LIST + OPEN + PREVIEW + TEAM,
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
    "/rules/": FRAME
    + 2  # the model, its draft
    + 5  # the draft as a file
    + 2  # the live version, since when
    + 5  # the same of it, to mark what differs
    + 3  # activity types: ids twice, names
    + 5  # the draft's rules, for the sentence
    + 3  # what cannot be computed
    + 1,  # the models there are
    "/rules/versions/": FRAME
    + 1  # the model
    + 3  # how the live versions stand
    + AFTERMATH
    + 1  # the models there are
    + 4  # versions, when they went live, signatures, the live one
    + 1,  # reviews
    "/rules/crossings/": FRAME
    + 2  # how many wait at each line
    + 1  # crossings with lead, company and version
    + 2  # lines and triggers of the versions
    + AFTERMATH,
    "/response-times/": FRAME
    + 2  # policies, their rungs
    + 1  # labels of triggers
    + 2,  # the teams to try, whether there are any
    "/calendars/": FRAME + 4,  # calendars, hours, days off, teams
    "/people/": FRAME + 4,  # people, teams, who is away, teams to choose from
    "/teams/": FRAME + 3,  # teams with calendar, people, pools
    "/leads/{id}/": FRAME
    + 1  # the lead with company and owner
    + 1  # the score that leads
    + LINE
    + 1  # stage changes
    + 2  # handoffs, verdicts
    + 2  # timeline: which activities, the activities
    + CLOCKS
    + 3  # pauses, steps and snoozes of the timeline
    + 5  # the clock: its pause, its calendar, its steps
    + 1  # consent
    + ASKED
    + 2  # answers, talks
    + 2  # deals, loss reasons
    + 2  # tasks: open, done last
    + 3  # who may be given one (opened and read), other suppliers there are
    + 1  # other suppliers of the lead
    + 1  # rating
    + 2  # colleagues, how many are active
    + 2  # what the line over time marks: publications, crossings
    + 2,  # next steps: activity types, what was done before
    "/leads/{id}/score/": FRAME
    + 1  # the lead with company and owner
    + 1  # the score that leads
    + LINE
    + 1  # versions to choose from
    + 1  # the chosen version's line
    + 2  # publications, crossings
    + 1,  # what people said of it by hand
}


@pytest.fixture
def cast(db: None) -> dict[str, User]:
    sol, mara = factories.rep("Sol Seller"), factories.marketer()
    return {
        "/queue/": sol,
        "/team/": factories.manager(),
        "/leads/{id}/": sol,
        "/leads/{id}/score/": sol,
        "/leads/": mara,
        "/mqls/": mara,
        "/rules/": mara,
        "/rules/versions/": mara,
        "/rules/crossings/": mara,
        "/response-times/": mara,
        "/calendars/": mara,
        "/people/": mara,
        "/teams/": mara,
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
        Qualification.objects.create(lead=mine, question=question("need"), level=2, by=sol, at=now)
        handed_over(None, f"Free {number}", at=now, company=firm)
        back = handed_over(sol, f"Back {number}", at=now - timedelta(days=1), company=firm)
        sent_back(back, by=sol, at=now, note="Later.")
        phase = ("awareness", "consideration", "decision")[number % 3]
        held(f"Held {number}", company=firm)
        model = ModelVersion.objects.live().model
        ModelVersion.objects.create(model=model, number=number + 2, created_by=cast["/mqls/"])
        calendar = BusinessCalendar.objects.create(name=f"Calendar {number}")
        calendar.opening_hours.create(weekday=0, opens="09:00", closes="17:00")
        calendar.holidays.create(on=now.date(), name="Holiday")
        crew = Team.objects.create(name=f"Team {number}", calendar=calendar)
        away = factories.rep(f"Away{number} Person", crew)
        away.absences.create(starts_at=now, ends_at=now + timedelta(days=1))
        Pool.objects.create(name=f"Pool {number}", team=crew, is_active=False)
        policy = SlaPolicy.objects.create(
            name=f"Policy {number}", minutes=60, scores={"fit": {"at_least": 99}}
        )
        policy.rungs.create(does="remind", minutes=30)
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
