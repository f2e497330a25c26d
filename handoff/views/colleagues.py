"""The people of one company, as much of them as somebody may see."""

from django.db.models import BooleanField, Exists, OuterRef, Q, Value

from accounts.models import User
from accounts.permissions import sees_everything
from leads.models import Lead


def colleagues(*, company_id: int, user: User, but: int | None = None, most: int) -> list[tuple[Lead, bool]]:
    """Up to ``most`` leads of the company, who moved last first, each with whether ``user`` may open it. One
    that may not be opened is known by name only: without a name its address would show. One query."""
    visible = Lead.objects.visible_to(user).filter(pk=OuterRef("pk"))
    opens = Value(True, output_field=BooleanField()) if sees_everything(user) else Exists(visible)
    others = (
        Lead.objects.filter(company=company_id).annotate(opens=opens).exclude(Q(name="") & Q(opens=False))
    )
    if but is not None:
        others = others.exclude(pk=but)
    rows = others.order_by("-opens", "-stage_at", "-id")[:most]
    return [(lead, lead.opens) for lead in rows]  # type: ignore[attr-defined]
