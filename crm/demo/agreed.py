"""What marketing and sales of the made-up company agreed on: the values that its figures are held against."""

from datetime import datetime, timedelta
from decimal import Decimal

from accounts.company_days import company_day
from accounts.models import Role, User
from accounts.sides import Side
from reports import agreeing
from reports.measures import Measure

#: How long ago they agreed, and on what; amounts and counts for a week.
AGO = timedelta(days=85)
VALUES = {
    Measure.PIPELINE: (120_000, "What the year's plan needs from marketing."),
    Measure.WON: (20_000, "A sixth of the pipeline, as last year."),
    Measure.ACCEPTED: (70, "Below seven in ten, reps stop looking."),
    Measure.FIRST_TOUCH: (60, "The first who calls back is the one they remember."),
    Measure.IN_TIME: (90, "Who asks for a demo has asked others, too."),
    Measure.RETURNS: (90, "What comes back unanswered comes back again."),
    Measure.HANDOFFS: (20, "What six reps can answer within the day."),
    Measure.LINE_FLOOR: (45, "Nearly half of those just above the line, or the line is in the wrong place."),
    Measure.LINE_CEILING: (10, "One in ten from below may slip through."),
}


def agree(*, now: datetime) -> None:
    """Marketing proposed, sales signed the next morning."""
    at = now - AGO
    marketing = User.objects.filter(role=Role.MARKETER).earliest("id")
    sales = User.objects.filter(role=Role.MANAGER).earliest("id")
    for measure, (value, why) in VALUES.items():
        agreed = agreeing.propose(
            measure=measure,
            value=Decimal(value),
            holds_from=company_day(at),
            note=why,
            by=marketing,
            side=Side.MARKETING,
            at=at,
        )
        agreeing.sign(agreed=agreed, by=sales, side=Side.SALES, at=at + timedelta(hours=16))


def ask_for_more(*, now: datetime) -> None:
    """One more is proposed, and waits."""
    marketing = User.objects.filter(role=Role.MARKETER).earliest("id")
    agreeing.propose(
        measure=Measure.ACCEPTED,
        value=Decimal(75),
        holds_from=company_day(now),
        note="The last weeks were close to it.",
        by=marketing,
        side=Side.MARKETING,
        at=now - timedelta(days=1),
    )
