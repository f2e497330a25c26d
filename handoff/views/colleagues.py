"""The people of one company, as much of them as somebody may see."""

from django.db.models import BooleanField, Exists, OuterRef, Value

from accounts.models import User
from accounts.permissions import sees_everything
from leads.models import Lead


def colleagues(*, company_id: int, user: User, but: int | None = None, most: int) -> list[tuple[Lead, bool]]:
    """Up to ``most`` leads of the company, who moved last first, each with whether ``user`` may open it. One
    that may not be opened is known by name only: without a name its address would show. One query."""
    others = Lead.objects.filter(company=company_id).exclude(pk=but)
    if sees_everything(user):
        others = others.annotate(opens=Value(True, output_field=BooleanField()))
    else:
        visible = Lead.objects.visible_to(user).filter(pk=OuterRef("pk"))
        others = others.annotate(opens=Exists(visible)).exclude(name="", opens=False)
    rows = others.order_by("-opens", "-stage_at", "-id")[:most]
    return [(lead, lead.opens) for lead in rows]  # type: ignore[attr-defined]
