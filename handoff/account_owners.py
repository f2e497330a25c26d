"""Who has a company's account."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from accounts.models import Role, User
from leads.models import Company

from .permissions import NotYours, may_set_account_owner

if TYPE_CHECKING:
    from django.db.models import QuerySet


def candidates(by: User) -> "QuerySet[User]":
    """Who can have an account: everybody in sales for an admin, a manager's own teams for a manager."""
    people = User.objects.filter(is_active=True, role__in=[Role.REP, Role.MANAGER])
    if by.role != Role.ADMIN:
        people = people.filter(pk__in=User.objects.filter(teams__in=by.teams.all()).values("pk"))
    return people.order_by("name", "id")


def set_owner(*, company: Company, owner: User | None, by: User, at: datetime) -> bool:
    """Give the account to ``owner``, or to nobody: routing rules to the account owner follow from now on;
    leads that somebody has stay theirs. Returns False when nothing changed. Raises NotYours."""
    if not may_set_account_owner(by) or not Company.objects.visible_to(by).filter(pk=company.pk).exists():
        raise NotYours("Managers and admins say who has an account.")
    if owner is not None and not candidates(by).filter(pk=owner.pk).exists():
        raise NotYours(f"{owner} is in another team, or does not sell.")
    other = Q(owner__isnull=False) if owner is None else Q(owner=None) | ~Q(owner=owner)
    return bool(Company.objects.filter(other, pk=company.pk).update(owner=owner, updated_at=at))
