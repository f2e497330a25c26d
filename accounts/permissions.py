"""Who may do what, by name. What one may *see* is ``visible_to`` on each QuerySet."""

from .models import Role, User


def sees_everything(user: User) -> bool:
    """Admins and marketers see all leads and companies; sales sees its teams'."""
    return user.role in (Role.ADMIN, Role.MARKETER)


def may_give_verdicts(user: User) -> bool:
    """Sales decides; marketers never do."""
    return user.role in (Role.REP, Role.MANAGER, Role.ADMIN)


def may_hand_over(user: User) -> bool:
    """Marketing may hand a lead over by its own judgement."""
    return user.role in (Role.MARKETER, Role.ADMIN)


def may_edit_leads(user: User) -> bool:
    return user.role in (Role.MARKETER, Role.ADMIN)
