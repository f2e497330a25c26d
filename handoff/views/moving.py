"""For who leads a team: one lead to a colleague, from its page; or several at once to a colleague, back to
the pool, or off until later."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.permissions import may_arrange_routing
from handoff import leaving, reassigning, snoozing
from handoff.lead_forms import ReassignForm
from handoff.models import Handoff, RoutingDecision

from .answers import list_again
from .last_move import forget, last_move, moment_of, remember
from .leads import lead_again, lead_url, visible_lead
from .requests import Request, page_for, way_back
from .work_rows import row_id

for_leaders = page_for(may_arrange_routing, "Who leads a team moves its leads.")


@require_POST
@for_leaders
def moves(request: Request) -> HttpResponse:
    """Do one thing with each chosen handoff, and say for which it did not work and why. 422 when nothing or
    nobody was chosen, 409 with the question when the colleague is away."""
    ids, verb, at = _chosen(request), request.POST.get("do", ""), timezone.now()
    if not ids:
        return _answer(request, bad="Choose at least one lead.", status=422)
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead__company", "rep", "pool")
    reason = request.POST.get("reason", "").strip()
    if verb == "release":
        done = reassigning.each(
            handoffs,
            ids,
            lambda one: reassigning.release(handoff=one, by=request.user, at=at, reason=reason),
        )
        return _answer(request, said="Back in the pool", done=done, moved_at=at)
    if verb == "snooze":
        done = reassigning.each(
            handoffs,
            ids,
            lambda one: snoozing.snooze(
                handoff=one,
                by=request.user,
                until=snoozing.presets(handoff=one, zone=request.user.time_zone, at=at)[1].until,
                at=at,
                reason=reason,
            ),
        )
        return _answer(request, said="Snoozed until tomorrow 9:00", done=done)
    to = _person(request)
    if to is None:
        return _answer(request, bad="Choose who is to have them.", status=422)
    although = bool(request.POST.get("although_away"))
    try:
        reassigning.check(to=to, by=request.user, at=at, although_away=although)
    except reassigning.IsAway as away:
        return _ask(request, away, ids)
    except reassigning.TakesNoLeads as refusal:
        return _answer(request, bad=str(refusal), status=422)
    done = reassigning.each(
        handoffs,
        ids,
        lambda one: reassigning.reassign(
            handoff=one, to=to, by=request.user, at=at, reason=reason, although_away=although
        ),
    )
    return _answer(request, said=f"With {to} now", done=done, moved_at=at)


@require_POST
@for_leaders
def undo(request: Request) -> HttpResponse:
    """Take back what the reader moved at the ``moment`` of the address: each lead is whose it was. What was
    answered or moved since stays, and is named with the reason; 409."""
    moved_at = moment_of(request.GET.get("moment", ""))
    if moved_at is None:
        raise Http404
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead__company", "rep", "pool")
    by_them = RoutingDecision.objects.filter(
        by=request.user, at=moved_at, kind=RoutingDecision.Kind.MOVED, handoff__isnull=False
    )
    ids = by_them.values_list("handoff__public_id", flat=True)
    at = timezone.now()
    done = reassigning.each(
        handoffs,
        [str(each) for each in ids[: reassigning.MOST_AT_ONCE]],
        lambda one: reassigning.put_back(handoff=one, by=request.user, moved_at=moved_at, at=at),
    )
    forget(request)
    return _answer(request, said="Undone, back where it was", done=done, stay="could not be moved back")


@require_POST
@for_leaders
def rep(request: Request, handoff_id: UUID) -> HttpResponse:
    """Give one lead, that waits or is worked, to somebody else. 422 with the form when nobody was chosen, 409
    with the question when the colleague is away, and when it was answered meanwhile."""
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead__company", "rep", "pool")
    handoff, at = get_object_or_404(handoffs, public_id=handoff_id), timezone.now()
    lead = handoff.lead
    form = ReassignForm(request.POST, people=leaving.takers(request.user, at))
    if not form.is_valid():
        return lead_again(request, visible_lead(request, lead.public_id), status=422, give_form=form)
    given = form.cleaned_data
    try:
        reassigning.reassign(handoff=handoff, by=request.user, at=at, **given)
    except reassigning.IsAway as away:
        context: dict[str, Any] = {
            "away": away,
            "action": request.path,
            "prefix": f"{form.prefix}-",
            "worked": given["worked"],
            "reason": given["reason"],
            "ids": [str(handoff.public_id)],
            "back_url": way_back(request, lead_url(lead)),
        }
        return render(request, "handoff/although_away.html", context, status=409)
    except (reassigning.TakesNoLeads, reassigning.Answered) as refusal:
        return _not_given(request, handoff, str(refusal))
    undo_url = remember(request, at=at, said=f"With {given['to']} now: {lead}")
    messages.success(request, format_html("With {} now: <b>{}</b>.", given["to"], lead), extra_tags=undo_url)
    return redirect(way_back(request, lead_url(lead)))


def _not_given(request: Request, handoff: Handoff, why: str) -> HttpResponse:
    """The lead as it is by now, with what was typed: sent once more, it is about that."""
    lead = visible_lead(request, handoff.lead.public_id)
    handoff = lead.handoffs.select_related("lead").order_by("-cycle")[0]
    typed = request.POST.copy()
    typed[f"{ReassignForm.prefix}-worked"] = "on" if reassigning.is_worked(handoff) else ""
    form = ReassignForm(typed, people=leaving.takers(request.user, timezone.now()))
    form.add_error(None, why)
    return lead_again(request, lead, status=409, give_form=form)


def _chosen(request: Request) -> list[str]:
    found = []
    for text in request.POST.getlist("handoff"):
        try:
            found.append(str(UUID(text)))
        except ValueError:
            continue
    return found


def _person(request: Request) -> User | None:
    try:
        wanted = UUID(request.POST.get("to", ""))
    except ValueError:
        return None
    if wanted == request.user.public_id:
        return request.user
    return leaving.people_visible_to(request.user).filter(public_id=wanted).first()


def _answer(
    request: Request,
    *,
    said: str = "",
    done: reassigning.Done | None = None,
    bad: str = "",
    status: int = 200,
    moved_at: datetime | None = None,
    stay: str = "did not work",
) -> HttpResponse:
    """The list again, or the way back. ``moved_at`` names what was done, so that it can be taken back."""
    notice: dict[str, Any] | None = None
    toast, undo_url, undo_row = "", "", ""
    if bad:
        notice = _notice(bad, "")
    if done is not None:
        if done.failed:
            failed = " ".join(f"{handoff.lead}: {why}" for handoff, why in done.failed)
            of = len(done.moved) + len(done.failed)
            notice, status = _notice(f"{len(done.failed)} of {of} {stay}.", failed), 409
        if done.moved:
            who = done.moved[0].lead if len(done.moved) == 1 else f"{len(done.moved)} leads"
            toast = format_html("{}: <b>{}</b>.", said, who)
            if moved_at is not None:
                undo_url, undo_row = (
                    remember(request, at=moved_at, said=f"{said}: {who}"),
                    row_id(done.moved[0]),
                )
        elif not done.failed:
            notice, status = _notice("Nothing was moved.", "These leads are not yours to move."), 409
    if (answer := list_again(request)) is not None:
        template, context = answer
        offered = {"text": toast, "undo_url": undo_url, "undo_row": undo_row} if toast else None
        context |= {"notice": notice, "toast": offered, "last_move": last_move(request, context["now"])}
        return render(request, template, context, status=status)
    if toast:
        messages.success(request, toast, extra_tags=undo_url)
    back = way_back(request, reverse("handoff:team"))
    if notice is None:
        return redirect(back)
    context = {"notice": notice, "heading": "Not all of it worked", "back_url": back}
    return render(request, "handoff/conflict.html", context, status=status)


def _notice(strong: str, text: str) -> dict[str, Any]:
    return {"kind": "warn", "icon_name": "triangle-alert", "strong": strong, "text": text}


def _ask(request: Request, away: reassigning.IsAway, ids: list[str]) -> HttpResponse:
    """Whether they are to have it all the same."""
    context: dict[str, Any] = {
        "away": away,
        "ids": ids,
        "reason": request.POST.get("reason", ""),
        "back_url": way_back(request, reverse("handoff:team")),
    }
    if (answer := list_again(request)) is not None:
        template, listed = answer
        return render(request, template, {**listed, **context}, status=409)
    return render(request, "handoff/although_away.html", context, status=409)
