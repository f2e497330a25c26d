"""How many questions each page asks of the database: the same for one row, for 50 and for 200."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Absence, BusinessCalendar, Holiday, OpeningHours, Role, Team, User
from handoff.models import LadderRung, Pool, Qualification
from handoff.models import SlaPolicy as Policy
from leads.models import Lead
from leads.stages import Phase, Stage
from scoring.models import ModelVersion
from tests import factories
from tests.budgets import crowds
from tests.handoff.factories import question

pytestmark = pytest.mark.django_db

#: Every page: session, user, the rail's counts.
FRAME = 3
OF_SALES = FRAME + 1  # the reader's teams
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
    "/queue/": OF_SALES + LIST + OPEN + PREVIEW,
    "/team/": OF_SALES + LIST + OPEN + PREVIEW + TEAM,
    "/queue/?view=decided": OF_SALES + LIST + PREVIEW,
    "/search/?q=mine": OF_SALES
    + 2  # who has it in a name, an address or a number, and these leads with their companies
    + 2  # scores, which are one's own
    + 2,  # companies: who has the word, those
    "/leads/": FRAME
    + 1  # leads with company and owner
    + LINE
    + 1  # scores
    + 3,  # views that are kept, teams to share one with, owners to filter by
    "/mqls/": FRAME
    + LINE
    + 1  # is it long, then its order and figures are those of a moment ago
    + 3  # the tiles: how the phases stand, who came and went, what sales did
    + 6  # sent back: count, handoffs, verdicts, answers, strength, shortfalls
    + 2  # which calendars teams work by, their holidays
    + 1  # how many each view holds
    + 3  # MQLs of each phase with their scores
    + 5  # signals, which were handed over before, strength, shortfalls, whose judgement
    + 3,  # views that are kept, teams to share one with, owners to filter by
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
    "/leads/{id}/": OF_SALES
    + 1  # the lead with company and owner
    + 1  # the score that leads
    + LINE
    + 1  # stage changes
    + 1  # merges
    + 3  # phase changes, shortfalls, answers of marketing
    + 2  # handoffs, verdicts
    + 3  # timeline: which activities, the activities, what is suspected of them
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
    "/leads/{id}/score/": OF_SALES
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
    """Who opens which page."""
    sol, max_, mara = factories.rep("Sol Seller"), factories.manager(), factories.marketer()
    theirs = {path: sol for path in BUDGETS if path.startswith(("/queue/", "/search/", "/leads/{id}/"))}
    return {**dict.fromkeys(BUDGETS, mara), **theirs, "/team/": max_}


def grow(to: int, cast: dict[str, User]) -> Lead:
    """``to`` rows on every list; returns the newest lead of the queue."""
    sol, mara, now = cast["/queue/"], cast["/mqls/"], timezone.now()
    numbers = range(Policy.objects.filter(name__startswith="Policy ").count(), to)
    firms = crowds.companies(numbers)
    mine = [handoff.lead for handoff in crowds.handed_over(sol, "Mine", firms, at=now)]
    crowds.scored(mine, intent=25)
    crowds.looked_at_prices(mine, at=now)
    need = question("need")
    Qualification.objects.bulk_create(
        Qualification(lead=of, question=need, level=2, by=sol, at=now) for of in mine
    )
    crowds.handed_over(None, "Free", firms, at=now)
    back = crowds.handed_over(sol, "Back", firms, at=now - timedelta(days=1))
    crowds.sent_back(back, by=sol, at=now)
    crowds.held(crowds.leads("Held", firms, at=now))
    for number, phase in enumerate(Phase.values):
        theirs = firms[number :: len(Phase.values)]
        mqls = crowds.leads(f"Mql{phase}", theirs, at=now, stage=Stage.MQL, phase=phase)
        crowds.scored(mqls, intent=5)
    model = ModelVersion.objects.live().model
    ModelVersion.objects.bulk_create(
        ModelVersion(model=model, number=number + 2, created_by=mara) for number in numbers
    )
    set_up(numbers, now)
    return mine[-1]


def set_up(numbers: Sequence[int], now: datetime) -> None:
    """A calendar, a team with somebody who is away, a pool and a policy for each of ``numbers``."""
    calendars = BusinessCalendar.objects.bulk_create(
        BusinessCalendar(name=f"Calendar {number}") for number in numbers
    )
    OpeningHours.objects.bulk_create(
        OpeningHours(calendar=each, weekday=0, opens="09:00", closes="17:00") for each in calendars
    )
    Holiday.objects.bulk_create(Holiday(calendar=each, on=now.date(), name="Holiday") for each in calendars)
    crews = Team.objects.bulk_create(
        Team(name=f"Team {number}", calendar=calendar)
        for number, calendar in zip(numbers, calendars, strict=True)
    )
    away = User.objects.bulk_create(
        User(email=f"away{number}@handoff.example", name=f"Away{number} Person", role=Role.REP)
        for number in numbers
    )
    User.teams.through.objects.bulk_create(
        User.teams.through(user=person, team=crew) for person, crew in zip(away, crews, strict=True)
    )
    Absence.objects.bulk_create(
        Absence(user=person, starts_at=now, ends_at=now + timedelta(days=1)) for person in away
    )
    Pool.objects.bulk_create(
        Pool(name=f"Pool {number}", team=crew, is_active=False)
        for number, crew in zip(numbers, crews, strict=True)
    )
    policies = Policy.objects.bulk_create(
        Policy(name=f"Policy {number}", minutes=60, scores={"fit": {"at_least": 99}}) for number in numbers
    )
    LadderRung.objects.bulk_create(LadderRung(policy=each, does="remind", minutes=30) for each in policies)


@pytest.mark.parametrize("path", BUDGETS)
def test_p_7_a_page_asks_as_much_for_200_rows_as_for_one(cast: dict[str, User], path: str) -> None:
    client, asked = Client(), {}
    client.force_login(cast[path])
    for rows in (1, 50, 200):
        address = path.format(id=grow(rows, cast).public_id)
        client.get(address)  # compiles templates and the scoring statement
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        assert answer.status_code == 200
        asked[rows] = len(queries)
    assert asked == dict.fromkeys((1, 50, 200), BUDGETS[path])


@pytest.mark.parametrize(
    "at",
    ["2026-11-22T20:45", "2026-11-22T23:59:59", "2026-12-31T23:30", "2027-03-28T00:59", "2028-02-29T12:00"],
)
def test_at_no_hour_does_a_list_ask_more(cast: dict[str, User], at: str) -> None:
    """Late on a Sunday, at midnight, in the last hour of a year, when clocks go forward, on a leap day."""
    with time_machine.travel(f"{at}+00:00", tick=False):
        newest = grow(60, cast)
        for path in ("/queue/", "/team/", "/mqls/", "/leads/{id}/", "/response-times/", "/calendars/"):
            client = Client()
            client.force_login(cast[path])
            address = path.format(id=newest.public_id)
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            assert len(queries) == BUDGETS[path], path
