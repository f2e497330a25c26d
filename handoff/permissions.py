"""Who may do what with a handoff and the lead it is about, by name. What one may *see* is ``visible_to``."""

from django.core.exceptions import PermissionDenied

from accounts.models import Role, User
from accounts.permissions import may_edit_leads, may_give_verdicts
from leads.models import Lead
from leads.stages import Stage

from .models import Handoff


class NotYours(PermissionDenied):
    """The verb is another person's; the message says whose."""


class WithColleague(NotYours):
    """A colleague has it, ``since`` when: it may have been one's own when the page was opened."""

    def __init__(self, handoff: Handoff) -> None:
        super().__init__(f"This lead is {handoff.rep}’s.")
        self.rep, self.since = handoff.rep, handoff.assigned_at


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


def may_override_requirements(user: User) -> bool:
    """Who leads a team may make an opportunity although something is missing, with a reason (S2-16)."""
    return user.role in (Role.MANAGER, Role.ADMIN)


def may_arrange_qualification(user: User) -> bool:
    """Who says what is asked of leads, what makes an opportunity, and why leads are sent back."""
    return user.role in (Role.MANAGER, Role.ADMIN)


def may_set_account_owner(user: User) -> bool:
    return user.role in (Role.MANAGER, Role.ADMIN)


def may_share_with_all(user: User) -> bool:
    """Who leads a team and who markets puts a view into everybody's bar; a rep into that of the own team."""
    return user.role in (Role.MARKETER, Role.MANAGER, Role.ADMIN)


def may_dispute(user: User) -> bool:
    """Marketing, and who leads sales, may hold that a lead which was sent back was an SQL."""
    return user.role in (Role.MARKETER, Role.MANAGER, Role.ADMIN)


def may_see_quality(user: User) -> bool:
    """How sales rates handoffs is for those who can do something about it, not a ranking of reps."""
    return user.role in (Role.MARKETER, Role.MANAGER, Role.ADMIN)


def may_see_alerts(user: User) -> bool:
    """Who leads a team sees what was sent about the leads it has; the log of everything is the admins'."""
    return user.role in (Role.MANAGER, Role.ADMIN)


def may_rate(user: User, handoff: Handoff) -> bool:
    """Whoever had the handoff, once it is decided; who leads the team, in their place. No query."""
    if not may_give_verdicts(user) or handoff.status not in (
        Handoff.Status.ACCEPTED,
        Handoff.Status.REJECTED,
    ):
        return False
    return handoff.rep_id == user.pk or user.role != Role.REP


def may_log(user: User, lead: Lead) -> bool:
    """Sales writes down contact with a lead it may see, unless the lead is closed. No query."""
    return may_give_verdicts(user) and lead.stage != Stage.CLOSED


def may_void(user: User, lead: Lead, newest: Handoff | None) -> bool:
    """Who says of one activity that it was a test or a mistake: marketing, and sales of a lead that no
    colleague has. No query."""
    return may_edit_leads(user) or works_on(user, lead, newest)


def works_on(user: User, lead: Lead, newest: Handoff | None) -> bool:
    """Whether ``user`` may work on the deal of a lead they see: no colleague has it. No query."""
    if not may_give_verdicts(user):
        return False
    return user.role != Role.REP or newest is None or newest.rep_id in (None, user.pk)


def refuse_verdict(user: User, handoff: Handoff) -> None:
    """Raise NotYours unless ``user`` may see ``handoff`` and decide on it. One query."""
    if not may_give_verdicts(user):
        raise NotYours("Verdicts are for sales to give.")
    if not Handoff.objects.visible_to(user).filter(pk=handoff.pk).exists():
        raise NotYours("This lead is with another team.")
    if not may_decide(user, handoff):
        raise WithColleague(handoff)


def refuse_stranger(lead: Lead, by: User) -> None:
    """Sales works on its own: the rep who has the lead, who leads the team, an admin. Raises NotYours. Up to
    2 queries."""
    if not may_qualify(by, lead):
        raise NotYours("Only sales qualifies leads that are with sales.")
    refuse_colleague(lead, by)


def refuse_colleague(lead: Lead, by: User) -> None:
    """Raise NotYours unless ``by`` sells, sees ``lead``, and no colleague works on it. Up to 2 queries."""
    if not may_give_verdicts(by) or not Lead.objects.visible_to(by).filter(pk=lead.pk).exists():
        raise NotYours("Only sales qualifies leads that are with sales.")
    rep = Handoff.objects.filter(lead=lead).order_by("-cycle").values_list("rep", flat=True).first()
    if by.role == Role.REP and rep not in (None, by.pk):
        raise NotYours("A colleague works on this lead.")
