"""Who is told what about a handoff, and whose lists change with it. Each alarm is raised once."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import Role, User
from leads import signals
from leads.ticks import tick
from notifications import hurry
from notifications.notify import notify, notify_all

from . import announcements, messages
from .models import Handoff, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leads.models import Lead

    from .matching import Owner


def offered(*, handoff: Handoff, rep: User, at: datetime) -> None:
    """Tell ``rep``, with the reasons. Safe to repeat."""
    lead = handoff.lead
    found = signals.newest(lead_ids=[lead.pk], at=at).get(lead.pk, [])
    notify(
        recipient=rep,
        kind="handoff",
        key=f"handoff:{handoff.pk}:offered",
        title=messages.offered_title(lead=lead, signals=found),
        body=messages.offered_body(handoff=handoff, zone=rep.time_zone),
        sections=messages.reasons(handoff.evidence["explanation"], zone=rep.time_zone),
        url=lead_url(lead),
        about=lead.public_id,
        at=at,
    )
    announcements.handed_over(handoff=handoff, at=at)
    tick("deliveries")
    lists_changed(handoff=handoff)


def nobody_available(*, handoff: Handoff, at: datetime, waits_for: "Owner | None" = None) -> None:
    """Alarm who leads the pool's team, and the admins: nobody can take it, or it ``waits_for`` whoever has
    the account. Safe to repeat."""
    notify_all(
        recipients=_leaders(handoff),
        kind="unassigned",
        key=f"handoff:{handoff.pk}:unassigned",
        title=messages.unassigned_title(lead=handoff.lead, waits_for=waits_for.name if waits_for else ""),
        body=messages.unassigned_body(handoff=handoff, zone=handoff.time_zone),
        url=lead_url(handoff.lead),
        about=handoff.lead.public_id,
        at=at,
    )
    announcements.handed_over(handoff=handoff, at=at)
    announcements.unassigned(handoff=handoff, at=at)
    tick("deliveries")
    lists_changed(handoff=handoff)


def overdue(*, handoff: Handoff, at: datetime) -> None:
    """Alarm the rep and who leads them. Safe to repeat."""
    recipients = list(_leaders(handoff, admins=handoff.rep is None))
    if handoff.rep is not None:
        recipients.append(handoff.rep)
    notify_all(
        recipients=recipients,
        kind="overdue",
        key=f"handoff:{handoff.pk}:overdue",
        title=messages.overdue_title(lead=handoff.lead, rep=handoff.rep),
        body=messages.overdue_body(handoff=handoff, zone=handoff.time_zone),
        url=lead_url(handoff.lead),
        about=handoff.lead.public_id,
        at=at,
    )
    announcements.overdue(handoff=handoff, at=at)
    tick("deliveries")
    lists_changed(handoff=handoff)


def decided(*, verdict: Verdict) -> None:
    """Tell other systems what sales said; and who handed the lead over by own judgement that it came back."""
    announcements.decided(verdict=verdict)
    if verdict.kind == Verdict.Kind.REJECT:
        _sent_back(verdict=verdict, at=verdict.at)


def handed_on(*, of: User, to: "Mapping[User, int]", by: User, reason: str, at: datetime) -> None:
    """Tell each receiver once how many leads of ``of`` are theirs now. In the order of their ids, as one call
    that tells them all would take them. Safe to repeat."""
    for person in sorted(to, key=lambda each: each.pk):
        notify(
            recipient=person,
            kind="handed_on",
            key=f"person:{of.pk}:handed_on:{at.isoformat()}",
            title=messages.handed_on_title(of=of, count=to[person]),
            body=messages.handed_on_body(by=by, reason=reason),
            url=reverse("handoff:queue"),
            at=at,
        )
    if to:
        tick("deliveries")
        hurry.look(user_ids=[of.pk, by.pk])


def taken_away(*, handoff: Handoff, rep: User) -> None:
    """Wake the list of who had it until now."""
    hurry.look(user_ids=[rep.pk])


def _sent_back(*, verdict: Verdict, at: datetime) -> None:
    """Tell the marketer who handed the lead over by own judgement; what the rules handed over is in the
    marketing queue, with its reason."""
    marketer = verdict.handoff.offered_by
    if marketer is None:
        return
    lead = verdict.handoff.lead
    notify(
        recipient=marketer,
        kind="returned",
        key=f"verdict:{verdict.pk}:returned",
        title=messages.sent_back_title(verdict=verdict),
        body=messages.sent_back_body(verdict=verdict),
        url=lead_url(lead),
        about=lead.public_id,
        at=at,
        email=False,
    )
    tick("deliveries")  # they may have asked for a mail or a push all the same


def lists_changed(*, handoff: Handoff) -> None:
    """Wake the pages of everybody whose lists this handoff is in. One query."""
    teams = {handoff.pool.team_id} if handoff.pool else set()
    watching = Q(role=Role.MARKETER) | Q(role=Role.ADMIN) | Q(teams__in=teams)
    if handoff.rep_id:
        watching |= Q(pk=handoff.rep_id)
    people = User.objects.filter(watching, is_active=True)
    hurry.look(user_ids=people.values_list("pk", flat=True))


def lead_url(lead: "Lead") -> str:
    return reverse("handoff:lead", args=[lead.public_id])


def _leaders(handoff: Handoff, *, admins: bool = True) -> "QuerySet[User]":
    """Managers of the team whose lead it is, and the admins if asked or if the team has no manager."""
    teams = [handoff.pool.team_id] if handoff.pool else []
    managers = User.objects.filter(is_active=True, role=Role.MANAGER, teams__in=teams)
    if admins or not managers.exists():
        admin_ids = User.objects.filter(is_active=True, role=Role.ADMIN).values("pk")
        return User.objects.filter(Q(pk__in=managers.values("pk")) | Q(pk__in=admin_ids))
    return managers
