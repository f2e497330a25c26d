"""The smallest worlds a test needs: people, leads and what they did. Each takes what matters and invents
the rest.

The cast: Mara markets, Sol sells in DACH, Nils sells in Nordics, Max manages DACH, Ada administers.
"""

import itertools
from datetime import UTC, datetime
from typing import Any

from accounts.models import BusinessCalendar, Role, Team, User
from leads.models import Activity, ActivityType, Company, Lead

#: A Tuesday morning, long after every fixed date in the tests.
NOW = datetime(2026, 11, 17, 10, 36, tzinfo=UTC)
PASSWORD = "correct-horse"

_numbers = itertools.count(1)


def team(name: str = "DACH", **fields: Any) -> Team:
    """A team of that name, the same one each time, on a calendar that never closes."""
    calendar, _ = BusinessCalendar.objects.get_or_create(name=fields.pop("calendar", "Always open"))
    return Team.objects.get_or_create(name=name, defaults={"calendar": calendar, **fields})[0]


def user(name: str, role: str = Role.REP, *teams: Team, **fields: Any) -> User:
    """A person who signs in as ``<first name>@handoff.example`` with ``PASSWORD``."""
    made = User.objects.create_user(
        email=fields.pop("email", f"{name.split()[0].lower()}@handoff.example"),
        password=fields.pop("password", PASSWORD),
        name=name,
        role=role,
        **fields,
    )
    made.teams.set(teams)
    return made


def marketer(name: str = "Mara Marker", **fields: Any) -> User:
    return user(name, Role.MARKETER, **fields)


def admin(name: str = "Ada Admin", **fields: Any) -> User:
    return user(name, Role.ADMIN, **fields)


def rep(name: str = "Sol Seller", in_team: Team | None = None, **fields: Any) -> User:
    return user(name, Role.REP, in_team or team(), **fields)


def manager(name: str = "Max Manager", *teams: Team, **fields: Any) -> User:
    return user(name, Role.MANAGER, *(teams or (team(),)), **fields)


def company(name: str = "", **fields: Any) -> Company:
    number = next(_numbers)
    return Company.objects.create(
        name=name or f"Company {number}", **{"domain": f"company-{number}.example", **fields}
    )


def lead(name: str = "", **fields: Any) -> Lead:
    """A lead with an address of its own; pass ``email=None`` for one without."""
    number = next(_numbers)
    name = name or f"Lead {number}"
    at = fields.pop("at", NOW)
    return Lead.objects.create(
        name=name,
        **{
            "email": f"{name.lower().replace(' ', '.')}.{number}@company-{number}.example",
            "created_at": at,
            "stage_at": at,
            "phase_at": at,
            **fields,
        },
    )


def activity(of: Lead, kind: str, at: datetime = NOW, **fields: Any) -> Activity:
    """``of`` did ``kind`` (a type key) at ``at``."""
    return Activity.objects.create(
        lead=of,
        type=ActivityType.objects.get(key=kind),
        occurred_at=at,
        **{"source": "test", "event_id": f"event-{next(_numbers)}", **fields},
    )
