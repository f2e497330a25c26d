"""Who is told what about a handoff, and whose lists change with it. Each alarm is raised once."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import Role, User
from leads import signals
from leads.ticks import tick
from notifications import hurry
from notifications.notify import notify

from . import announcements, messages
from .belongings import NOTHING, Belongings
from .models import Handoff, Verdict, Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from leads.models import Lead, Merge
    from notifications.models import Section

    from .matching import Owner


@dataclass(frozen=True, slots=True)
class Word:
    """What one person is told about one handoff; ``key`` is said to them once."""

    to: User
    kind: str
    key: str
    title: str
    body: str
    sections: "Sequence[Section]" = ()


def tell(*, handoff: Handoff, words: "Iterable[Word]", at: datetime) -> None:
    """Tell everybody their word, in the order of their ids, as one call that tells them all would take them.
    Of several for one person the last is said: who has to act reads one message, not four. Safe to repeat."""
    last = {word.to.pk: word for word in words}
    for _, word in sorted(last.items()):
        notify(
            recipient=word.to,
            kind=word.kind,
            key=word.key,
            title=word.title,
            body=word.body,
            sections=word.sections,
            url=lead_url(handoff.lead),
            about=handoff.lead.public_id,
            at=at,
        )
    tick("deliveries")
    lists_changed(handoff=handoff, also=[word.to for word in last.values()])


def offered(*, handoff: Handoff, rep: User, at: datetime) -> None:
    """Tell ``rep``, with the reasons. Safe to repeat."""
    tell(handoff=handoff, words=[offer(handoff=handoff, rep=rep, at=at)], at=at)
    announcements.handed_over(handoff=handoff, at=at)


def offer(*, handoff: Handoff, rep: User, at: datetime, instead_of: User | None = None) -> Word:
    """That the lead is theirs, with the reasons; ``instead_of`` had it and let it lie."""
    lead = handoff.lead
    found = signals.newest(lead_ids=[lead.pk], at=at).get(lead.pk, [])
    return Word(
        to=rep,
        kind="handoff",
        key=_key(handoff, "offered"),
        title=messages.offered_title(lead=lead, signals=found),
        body=messages.offered_body(handoff=handoff, zone=rep.time_zone, instead_of=instead_of),
        sections=messages.reasons(handoff.evidence["explanation"], zone=rep.time_zone),
    )


def nobody_available(*, handoff: Handoff, at: datetime, waits_for: "Owner | None" = None) -> None:
    """Alarm who leads the pool's team, and the admins: nobody can take it, or it ``waits_for`` whoever has
    the account. Safe to repeat."""
    tell(handoff=handoff, words=nobody(handoff=handoff, waits_for=waits_for), at=at)
    announcements.handed_over(handoff=handoff, at=at)
    announcements.unassigned(handoff=handoff, at=at)


def nobody(*, handoff: Handoff, waits_for: "Owner | None" = None) -> list[Word]:
    """The alarm that nobody can take it."""
    return [
        Word(
            to=person,
            kind="unassigned",
            key=_key(handoff, "unassigned"),
            title=messages.unassigned_title(lead=handoff.lead, waits_for=waits_for.name if waits_for else ""),
            body=messages.unassigned_body(handoff=handoff, zone=handoff.time_zone),
        )
        for person in leaders(handoff)
    ]


def overdue(*, handoff: Handoff, rep: User | None, due_at: datetime, work: Work | None = None) -> list[Word]:
    """The alarm that a time is over, for the rep and who leads them."""
    people = list(leaders(handoff, admins=rep is None))
    if rep is not None:
        people.append(rep)
    return [
        Word(
            to=person,
            kind="overdue",
            key=_key(handoff, "overdue", work),
            title=messages.overdue_title(lead=handoff.lead, rep=rep, work=work),
            body=messages.overdue_body(handoff=handoff, due_at=due_at, zone=handoff.time_zone, work=work),
        )
        for person in people
    ]


def reminder(*, handoff: Handoff, rep: User, due_at: datetime, work: Work | None = None) -> Word:
    """That time runs out."""
    return Word(
        to=rep,
        kind="due_soon",
        key=_key(handoff, f"due_soon:{handoff.round}", work),
        title=messages.reminder_title(lead=handoff.lead, work=work),
        body=messages.reminder_body(handoff=handoff, due_at=due_at, zone=rep.time_zone, work=work),
    )


def backup(*, handoff: Handoff, to: User, at: datetime) -> Word:
    """That somebody else's lead waits, and they may answer."""
    return Word(
        to=to,
        kind="backup",
        key=_key(handoff, f"backup:{handoff.round}"),
        title=messages.backup_title(handoff=handoff),
        body=messages.backup_body(handoff=handoff, zone=to.time_zone),
        sections=messages.reasons(handoff.evidence["explanation"], zone=to.time_zone),
    )


def escalated(
    *, handoff: Handoff, rep: User | None, due_at: datetime, work: Work | None = None
) -> list[Word]:
    """Tell who leads the rep."""
    return [
        Word(
            to=person,
            kind="escalated",
            key=_key(handoff, f"escalated:{handoff.round}", work),
            title=messages.escalated_title(lead=handoff.lead, rep=rep, work=work),
            body=messages.escalated_body(handoff=handoff, due_at=due_at, zone=handoff.time_zone, work=work),
        )
        for person in leaders(handoff, admins=False)
    ]


def taken(*, handoff: Handoff, of: User, due_at: datetime, leads: bool = True) -> list[Word]:
    """That it went on to ``handoff.rep``, or to nobody, because ``of`` had not answered: for them, and for
    who ``leads`` them."""
    people = [*(leaders(handoff, admins=False) if leads else ()), of]
    return [
        Word(
            to=person,
            kind="reassigned",
            key=_key(handoff, f"reassigned:{handoff.round}"),
            title=messages.taken_title(handoff=handoff, of=of, to=person),
            body=messages.taken_body(handoff=handoff, due_at=due_at, zone=person.time_zone),
        )
        for person in people
    ]


def _key(handoff: Handoff, what: str, work: Work | None = None) -> str:
    """The same for the same fact; the second rep to have a lead is another fact."""
    if work is not None:
        return f"work:{work.pk}:{what}"
    again = f":{handoff.round}" if handoff.round > 1 and what in ("offered", "unassigned") else ""
    return f"handoff:{handoff.pk}:{what}{again}"


def decided(*, verdict: Verdict) -> None:
    """Tell other systems what sales said; and who handed the lead over by own judgement that it came back."""
    announcements.decided(verdict=verdict)
    if verdict.kind == Verdict.Kind.REJECT:
        announcements.recycled(verdict=verdict)
        _sent_back(verdict=verdict, at=verdict.at)


def handed_to(*, handoff: Handoff, to: User, of: User | None, by: User, reason: str, at: datetime) -> None:
    """Tell ``to`` that a lead which ``of`` worked on is theirs now. Safe to repeat."""
    word = Word(
        to=to,
        kind="handed_on",
        key=f"handoff:{handoff.pk}:handed_to:{at.isoformat()}",
        title=messages.handed_to_title(lead=handoff.lead),
        body=messages.handed_to_body(lead=handoff.lead, of=of, by=by, reason=reason),
    )
    tell(handoff=handoff, words=[word], at=at)


def handed_on(
    *,
    of: User,
    to: "Mapping[User, int]",
    along: "Mapping[User, Belongings]",
    by: User,
    reason: str,
    at: datetime,
) -> None:
    """Tell each receiver once how many leads of ``of`` are theirs now, and what else. In the order of their
    ids, as one call that tells them all would take them. Safe to repeat."""
    for person in sorted({*to, *along}, key=lambda each: each.pk):
        leads, rest = to.get(person, 0), along.get(person, NOTHING)
        notify(
            recipient=person,
            kind="handed_on",
            key=f"person:{of.pk}:handed_on:{at.isoformat()}",
            title=messages.handed_on_title(of=of, leads=leads, rest=rest),
            body=messages.handed_on_body(by=by, reason=reason, leads=leads, rest=rest),
            url=_where(leads, rest),
            at=at,
        )
    if to or along:
        tick("deliveries")
        hurry.look(user_ids=[of.pk, by.pk])


def _where(leads: int, rest: Belongings) -> str:
    """The page that shows most of what somebody got."""
    if leads:
        return reverse("handoff:queue")
    if rest.accounts:
        return reverse("handoff:companies")
    return reverse("handoff:my-tasks") if rest.tasks else reverse("handoff:views")


def taken_back(*, of: "Mapping[User, int]", by: User, at: datetime) -> None:
    """Tell each rep once how many leads are theirs no more, since the version that handed them over was
    rolled back. Safe to repeat."""
    for rep in sorted(of, key=lambda each: each.pk):
        notify(
            recipient=rep,
            kind="taken_back",
            key=f"taken_back:{rep.pk}:{at.isoformat()}",
            title=messages.taken_back_title(count=of[rep]),
            body=messages.taken_back_body(by=by),
            url=reverse("handoff:queue"),
            at=at,
        )
    if of:
        tick("deliveries")
        hurry.look(user_ids=[*(rep.pk for rep in of), by.pk])


def recalled(*, handoff: Handoff, by: User, at: datetime) -> None:
    """Tell whose handoff it was that marketing took it back. Safe to repeat."""
    words = []
    if handoff.rep is not None:
        title, body = messages.recalled_title(lead=handoff.lead), messages.recalled_body(by=by)
        words.append(Word(handoff.rep, "taken_back", f"handoff:{handoff.pk}:recalled", title, body))
    tell(handoff=handoff, words=words, at=at)


def merged_away(*, handoff: Handoff, merge: "Merge", by: User, at: datetime) -> None:
    """Tell whose handoff was taken back that its lead was merged into one that sales has already. Safe to
    repeat."""
    if handoff.rep is not None:
        notify(
            recipient=handoff.rep,
            kind="taken_back",
            key=f"handoff:{handoff.pk}:merged:{merge.pk}",
            title=messages.merged_title(lead=handoff.lead),
            body=messages.merged_body(by=by),
            url=lead_url(handoff.lead),
            about=handoff.lead.public_id,
            at=at,
        )
        tick("deliveries")
    lists_changed(handoff=handoff)


def evidence_voided(*, handoff: Handoff, at: datetime) -> None:
    """Tell the rep who had it, and who leads them, that a lead is theirs no more: what it was handed over for
    was no person's interest. Safe to repeat."""
    people = [*leaders(handoff, admins=False), *([handoff.rep] if handoff.rep else [])]
    words = [
        Word(
            to=person,
            kind="taken_back",
            key=_key(handoff, "evidence_voided"),
            title=messages.evidence_voided_title(lead=handoff.lead),
            body=messages.evidence_voided_body(handoff=handoff, to=person),
        )
        for person in people
    ]
    tell(handoff=handoff, words=words, at=at)


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


def lists_changed(*, handoff: Handoff, also: "Iterable[User]" = ()) -> None:
    """Wake the pages of everybody whose lists this handoff is in, and of those it ``also`` concerns. One
    query."""
    teams = {handoff.pool.team_id} if handoff.pool else set()
    watching = Q(role=Role.MARKETER) | Q(role=Role.ADMIN) | Q(teams__in=teams)
    watching |= Q(pk__in=[person.pk for person in also])
    if handoff.rep_id:
        watching |= Q(pk=handoff.rep_id)
    people = User.objects.filter(watching, is_active=True)
    hurry.look(user_ids=people.values_list("pk", flat=True))


def lead_url(lead: "Lead") -> str:
    return reverse("handoff:lead", args=[lead.public_id])


def leaders(handoff: Handoff, *, admins: bool = True) -> "QuerySet[User]":
    """Managers of the team whose lead it is, and the admins if asked or if the team has no manager."""
    teams = [handoff.pool.team_id] if handoff.pool else []
    managers = User.objects.filter(is_active=True, role=Role.MANAGER, teams__in=teams)
    if admins or not managers.exists():
        admin_ids = User.objects.filter(is_active=True, role=Role.ADMIN).values("pk")
        return User.objects.filter(Q(pk__in=managers.values("pk")) | Q(pk__in=admin_ids))
    return managers
