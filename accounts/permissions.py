"""Who may do what, by name. What one may *see* is ``visible_to`` on each QuerySet."""

from django.db.models import QuerySet, prefetch_related_objects

from .models import Role, User


def sees_everything(user: User) -> bool:
    """Admins and marketers see all leads and companies; sales sees its teams'."""
    return user.role in (Role.ADMIN, Role.MARKETER)


def team_ids(user: User) -> list[int]:
    """The teams of ``user``: read once, and again when they are changed through this object. At most one
    query."""
    prefetch_related_objects([user], "teams")
    return [team.pk for team in user.teams.all()]


def may_give_verdicts(user: User) -> bool:
    """Sales decides; marketers never do."""
    return user.role in (Role.REP, Role.MANAGER, Role.ADMIN)


def may_hand_over(user: User) -> bool:
    """Marketing may hand a lead over by its own judgement."""
    return user.role in (Role.MARKETER, Role.ADMIN)


def may_edit_leads(user: User) -> bool:
    return user.role in (Role.MARKETER, Role.ADMIN)


def may_merge(user: User) -> bool:
    """Who says that two leads are one person; each only of leads they see."""
    return user.role in (Role.MARKETER, Role.MANAGER, Role.ADMIN)


def may_read_evidence(user: User) -> bool:
    """Who sees what is suspected of being nobody's interest; marketing decides on it (``may_edit_leads``)."""
    return user.role in (Role.MARKETER, Role.MANAGER, Role.ADMIN)


def may_see_reports(user: User) -> bool:
    """Who looks at the shared figures: both sides' leads. They count everybody's leads; which ones may be
    opened is ``visible_to``."""
    return user.role in (Role.MARKETER, Role.MANAGER, Role.ADMIN)


def may_draft_rules(user: User) -> bool:
    """Marketing writes the rules of scoring; what is published needs more (``scoring.publishing``)."""
    return user.role in (Role.MARKETER, Role.ADMIN)


def may_publish_rules(user: User, *, signed: bool) -> bool:
    """Admins publish; marketing does what both sides were asked to sign and have ``signed``."""
    return user.role == Role.ADMIN or (signed and user.role == Role.MARKETER)


def may_sign_for(user: User, side: str) -> bool:
    """For "marketing" a marketer signs, for "sales" a manager; an admin may stand in for one of them."""
    signers = {"marketing": Role.MARKETER, "sales": Role.MANAGER}
    return user.role in (Role.ADMIN, signers[side])


def may_review_rules(user: User) -> bool:
    """Who looks after the rules month by month: both sides' leads, not the reps."""
    return user.role in (Role.MARKETER, Role.MANAGER, Role.ADMIN)


def may_agree_on_handoffs(user: User) -> bool:
    """Who says how many handoffs a week sales takes: its managers, or an admin for them."""
    return user.role in (Role.MANAGER, Role.ADMIN)


def may_adjust_scores(user: User) -> bool:
    """Who sets the score of a single lead by hand, with a reason."""
    return user.role in (Role.MARKETER, Role.ADMIN)


def may_release(user: User) -> bool:
    """Who lets held crossings go to sales; each only those of leads they see."""
    return user.role in (Role.MARKETER, Role.MANAGER, Role.ADMIN)


def may_arrange_routing(user: User) -> bool:
    """Who says where leads go, and moves the work of somebody who leaves."""
    return user.role in (Role.MANAGER, Role.ADMIN)


def sees_all_routing(user: User) -> bool:
    """Admins arrange every pool; a manager those of their teams."""
    return user.role == Role.ADMIN


def may_set_calendars(user: User) -> bool:
    """Who says when teams are open, and how soon they answer: both are agreed by those who lead."""
    return user.role in (Role.MANAGER, Role.ADMIN)


def may_invite(user: User) -> bool:
    """Who brings people in, says what they are, and switches them off."""
    return user.role == Role.ADMIN


def people_arranged_by(user: User) -> QuerySet[User]:
    """Those of whom ``user`` says when they work and are away: an admin everybody, who leads teams the people
    in them."""
    if user.role == Role.ADMIN:
        return User.objects.all()
    if user.role != Role.MANAGER:
        return User.objects.none()
    return User.objects.filter(pk__in=User.objects.filter(teams__in=user.teams.all()).values("pk"))


def may_arrange_people(user: User, person: User) -> bool:
    """Who says when ``person`` is away and works. One query."""
    return people_arranged_by(user).filter(pk=person.pk).exists()
