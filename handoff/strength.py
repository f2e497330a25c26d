"""Strong and weak MQLs: who has asked about the product, and who has only read (S4-07, S4-08).

What made an MQL decides: a crossing with a sign of intent is strong. Who asked since is strong as well; so is
who has been over the SQL line by intent before and came back.
"""

from typing import Any, TypeVar

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from leads.models import Lead
from scoring.models import Crossing, Score

STRONG, WEAK = "strong", "weak"
CHOICES = [(STRONG, "Strong: asked about the product"), (WEAK, "Weak: has only read")]

Leads = TypeVar("Leads", bound="QuerySet[Lead]")


def with_strength(leads: QuerySet[Lead]) -> QuerySet[Any]:
    """``leads`` with ``strength``: "strong" or "weak"."""
    return leads.annotate(strength=Case(When(asked(), Value(STRONG)), default=Value(WEAK)))


def of_strength(leads: Leads, strength: str) -> Leads:
    """Those of ``leads`` that are strong, or weak; a sign of intent counts under any model."""
    return leads.filter(asked() if strength == STRONG else ~asked())


def asked() -> Q:
    """What holds of a lead that is strong."""
    # The step that made it an MQL says so itself; another step in between hides it.
    crossed = Exists(Crossing.objects.filter(lead=OuterRef("pk"), intent__gt=0))
    hidden = ~Q(stage_reason__in=[STRONG, WEAK])
    now = Exists(Score.objects.filter(lead=OuterRef("pk"), intent__gt=0))
    return Q(stage_reason=STRONG) | Q(now) | (hidden & Q(crossed))
