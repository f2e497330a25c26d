"""Who may do what with a handoff, by name. What one may *see* is ``visible_to``."""

from django.core.exceptions import PermissionDenied

from accounts.models import User
from accounts.permissions import may_give_verdicts
from leads.models import Lead
from leads.stages import Stage

from .models import Handoff


class NotYours(PermissionDenied):
    """The verb is another person's; the message says whose."""


def may_decide(user: User, handoff: Handoff) -> bool:
    """A rep decides on their own handoffs, on those nobody has yet and on those they were asked to back up;
    who leads a team, on all of it. About a handoff that ``user`` may see. No query."""
    if not may_give_verdicts(user):
        return False
    return handoff.rep_id in (None, user.pk) or handoff.backup_id == user.pk or user.role != "rep"


def may_pause(user: User, handoff: Handoff) -> bool:
    """Whoever has the lead, or leads the team, lets its clock stand still: not a bystander, and nobody for a
    lead that no rep has, unless they lead the team. About a handoff that ``user`` may see. No query."""
    if not may_give_verdicts(user):
        return False
    return handoff.rep_id == user.pk or user.role != "rep"


def may_qualify(user: User, lead: Lead) -> bool:
    """Sales writes down what it learns of a lead it may see, once the lead is with sales. No query."""
    return may_give_verdicts(user) and lead.is_with_sales


def may_log(user: User, lead: Lead) -> bool:
    """Sales writes down contact with a lead it may see, unless the lead is closed. No query."""
    return may_give_verdicts(user) and lead.stage != Stage.CLOSED


def refuse_verdict(user: User, handoff: Handoff) -> None:
    """Raise NotYours unless ``user`` may see ``handoff`` and decide on it. One query."""
    if not may_give_verdicts(user):
        raise NotYours("Verdicts are for sales to give.")
    if not Handoff.objects.visible_to(user).filter(pk=handoff.pk).exists():
        raise NotYours("This lead is with another team.")
    if not may_decide(user, handoff):
        raise NotYours(f"This lead is {handoff.rep}’s.")
