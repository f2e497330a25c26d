"""The made-up company's desks: calendars, teams, people, and whose turn it is."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pgtrigger
from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts import calendars
from accounts.models import Absence, BusinessCalendar, Holiday, OpeningHours, Team, User
from handoff.models import LadderRung, Pool, PoolMember, RoutingRule, Rung, SlaPolicy
from scoring.models import ModelVersion, Publication

from .lands import HOLIDAYS
from .logins import DACH, NORDICS, REP, SIGNE, STAFF

KEY_ACCOUNTS = "Key accounts"
NORDIC_OPENS, NORDIC_CLOSES = time(8), time(17)
#: The other reps of the demo rep's team are away from so long before the demo starts until so long after,
#: so that the routing itself fills that one queue, and what a visitor tries out arrives there too.
FAIR = (timedelta(minutes=250), timedelta(days=3))
#: When the demo rep was on leave; whoever asked then was answered by the others.
LEAVE = (timedelta(days=53), timedelta(days=47))


def furnish(*, at: datetime) -> dict[str, User]:
    """Make calendars, teams, people and pools as they are ``at``. Returns the people by address."""
    teams = {
        # DACH's customers have stand-by duty, and so has its sales desk: its clock never stops. The demo
        # therefore has something due within the hour whenever it is made.
        DACH: Team.objects.create(name=DACH, calendar=BusinessCalendar.objects.create(
            name="DACH, round the clock", time_zone="Europe/Berlin")),
        NORDICS: Team.objects.create(name=NORDICS, calendar=_nordic_calendar(at)),
    }  # fmt: skip
    password = make_password(settings.DEMO_PASSWORD)
    people = {
        login.email: User(
            email=login.email, name=login.name, role=login.role, time_zone=login.time_zone, password=password
        )
        for login in STAFF
    }
    User.objects.bulk_create(people.values())
    for login in STAFF:
        people[login.email].teams.set([teams[name] for name in login.teams])
    _pools(teams, people)
    _absences(people, at)
    # At Fieldline a hot lead stays with its rep, with backup and manager told, for as long as a weekend lasts.
    LadderRung.objects.filter(does=Rung.REASSIGN).update(minutes=7_200)
    return people


def hurry_sweden() -> None:
    """The last agreement before the demo starts: Sweden asked for an answer within the hour."""
    sweden = SlaPolicy.objects.create(
        name="Sweden", position=5, minutes=60, when={"field": "country", "op": "in", "value": ["SE"]}
    )
    LadderRung.objects.bulk_create(
        LadderRung(policy=sweden, does=does, minutes=minutes)
        for does, minutes in ((Rung.REMIND, 30), (Rung.MANAGER, 75), (Rung.REASSIGN, 90))
    )


def _nordic_calendar(at: datetime) -> BusinessCalendar:
    calendar = BusinessCalendar.objects.create(
        name="Nordics, office hours", time_zone="Europe/Stockholm", country="SE"
    )
    OpeningHours.objects.bulk_create(
        OpeningHours(calendar=calendar, weekday=day, opens=NORDIC_OPENS, closes=NORDIC_CLOSES)
        for day in range(5)
    )
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, on=at.date().replace(year=year, month=month, day=day), name=name)
        for year in (at.year - 1, at.year, at.year + 1)
        for (month, day), name in HOLIDAYS.items()
    )
    calendars.fill(calendar=calendar, at=at)
    return calendar


def live_since(*, at: datetime) -> None:
    """The rules went live with the product, a moment ago: for this company they did before its history."""
    with pgtrigger.ignore("scoring.ModelVersion:published_is_final", "scoring.Publication:append_only"):
        ModelVersion.objects.published().update(created_at=at, published_at=at)
        Publication.objects.update(at=at)


def _pools(teams: dict[str, Team], people: dict[str, User]) -> None:
    pools: tuple[tuple[str, str, int, list[str]], ...] = (
        (DACH, DACH, 10, ["DE", "AT", "CH"]),
        (NORDICS, NORDICS, 20, ["SE", "NO", "DK", "FI", "IS"]),
        ("Rest of Europe", DACH, 90, []),
        (KEY_ACCOUNTS, DACH, 95, []),
    )
    for name, team, position, countries in pools:
        pool = Pool.objects.create(name=name, team=teams[team], position=position, countries=countries)
        PoolMember.objects.bulk_create(
            PoolMember(pool=pool, user=people[login.email])
            for login in STAFF
            if login.role == "rep" and team in login.teams
        )
    _rules({pool.name: pool for pool in Pool.objects.all()})
    members = PoolMember.objects.exclude(pool__name=KEY_ACCOUNTS)
    members.update(open_at_most=40)
    PoolMember.objects.filter(pool__name=KEY_ACCOUNTS, user=people[REP]).update(weight=2)
    PoolMember.objects.filter(pool__name=NORDICS, user=people[SIGNE]).update(
        prefers={"field": "country", "op": "in", "value": ["DK", "NO"]}
    )


def _rules(pools: dict[str, Pool]) -> None:
    """Account owner first, large firms to those who know them, the rest by country."""
    large = {
        "all": [
            {"field": "company.employees", "op": "gte", "value": 1000},
            {"field": "company.country", "op": "in", "value": ["DE", "AT", "CH"]},
        ]
    }
    territory = RoutingRule.To.TERRITORY
    rules = [
        RoutingRule(name="Account owner", to=RoutingRule.To.OWNER),
        RoutingRule(name="Large firms", when=large, pool=pools[KEY_ACCOUNTS], goes_on=True),
        *(
            RoutingRule(name=f"Territory of {name}", to=territory, pool=pools[name])
            for name in (DACH, NORDICS, "Rest of Europe")
        ),
        # It takes large firms by its rule, and nothing by country.
        RoutingRule(name="Territory of Key accounts", to=territory, pool=pools[KEY_ACCOUNTS], is_on=False),
    ]
    for number, rule in enumerate(rules, start=1):
        rule.position = 10 * number
    RoutingRule.objects.bulk_create(rules)


def _absences(people: dict[str, User], at: datetime) -> None:
    rep = people[REP]
    Absence.objects.create(user=rep, starts_at=at - LEAVE[0], ends_at=at - LEAVE[1], reason="On leave")
    Absence.objects.bulk_create(
        Absence(
            user=people[login.email], starts_at=at - FAIR[0], ends_at=at + FAIR[1], reason="At the trade fair"
        )
        for login in STAFF
        if login.role == "rep" and DACH in login.teams and login.email != REP
    )


def nordic_moment(*, minutes: int, before: datetime) -> datetime:
    """The moment so many office minutes of the Nordic desk before ``before``."""
    local = before.astimezone(ZoneInfo("Europe/Stockholm"))
    while minutes:
        local -= timedelta(minutes=1)
        open_now = NORDIC_OPENS <= local.time() < NORDIC_CLOSES and local.weekday() < 5
        minutes -= open_now and (local.month, local.day) not in HOLIDAYS
    return local.astimezone(ZoneInfo("UTC"))
