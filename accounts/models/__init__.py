from .calendar import BusinessCalendar, Holiday, OpeningHours
from .token import ApiToken
from .user import Absence, Role, Team, User, WorkingHours

__all__ = [
    "Absence",
    "ApiToken",
    "BusinessCalendar",
    "Holiday",
    "OpeningHours",
    "Role",
    "Team",
    "User",
    "WorkingHours",
]
