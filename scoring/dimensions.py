"""The three things a lead is measured on, and the numbers every part of scoring shares."""

from django.db import models


class Dimension(models.TextChoices):
    """Never one number: who they are, what they read, what they ask for. In the order of reports."""

    INTENT = "intent", "Intent"
    FIT = "fit", "Fit"
    ENGAGEMENT = "engagement", "Engagement"


#: Stored scores and everything that adds up to them are whole hundredths of a point.
HUNDREDTHS = 100
#: What one rule may give or take, in points.
MOST_POINTS = 200
#: A dimension without a ceiling of its own still ends here, in points: it must fit the column.
MOST_CEILING = 100_000
#: The ladder of grades, lowest first; a step is a third of a letter.
GRADES = ("F", "D-", "D", "D+", "C-", "C", "C+", "B-", "B", "B+", "A-", "A", "A+")
TOP_GRADE = len(GRADES) - 1
#: Stages that lines and triggers lead to.
LINE_STAGES = ("mql", "sql")
#: The stage that hands a lead to sales; blockers keep leads out of it.
SALES_STAGE = "sql"


def grade(hundredths: int) -> str:
    """The letter for so many hundredths of a third of a letter above F: 675 → "B-"."""
    return GRADES[max(0, min(TOP_GRADE, hundredths // HUNDREDTHS))]
