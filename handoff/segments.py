"""Segments: views kept of the marketing queue or of all leads, as sets of leads that other tools read.

A segment is its conditions, not a list: who meets them now is in it now.
"""

from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.db.models import QuerySet
from django.http import QueryDict

from accounts.permissions import may_hand_over
from leads.models import Lead

from .lead_filters import LeadFilter, MqlFilter
from .models import SavedView
from .models.saved_view import SavedViewQuerySet
from .mqls import listed_mqls

if TYPE_CHECKING:
    from accounts.models import User

#: Whoever reads a segment in pages sees each lead once, however scores move meanwhile.
ORDER = ("-created_at", "-id")


def known_to(user: "User") -> SavedViewQuerySet:
    """The segments that ``user`` has: their own and those shared with them, of lists that are theirs."""
    views = SavedView.objects.visible_to(user).segments()
    return views if may_hand_over(user) else views.exclude(page=SavedView.Page.MQLS)


def leads_of(segment: SavedView, *, user: "User", at: datetime) -> QuerySet[Lead]:
    """The leads of ``segment`` that ``user`` may see, as of ``at``; in no order."""
    parameters = QueryDict(segment.query)
    if segment.page == SavedView.Page.MQLS:
        return listed_mqls(parameters=parameters, user=user, at=at)
    visible = Lead.objects.visible_to(user)
    return cast("QuerySet[Lead]", LeadFilter(parameters, queryset=visible).qs)


def faults(*, page: str, query: str) -> str:
    """What of the filters in ``query`` cannot be meant, in words: it would be passed over and the segment
    hold more than was asked for. "" when all is well."""
    kind = MqlFilter if page == SavedView.Page.MQLS else LeadFilter
    form = kind(QueryDict(query), queryset=Lead.objects.none()).form
    return " ".join(f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items())
