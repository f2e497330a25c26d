"""Verdicts: accept, send back, undo. Each answers a plain form and htmx alike."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.permissions import may_give_verdicts
from handoff import decisions, frameworks, qualification
from handoff.claiming import HeldByAnother
from handoff.forms import RejectionForm
from handoff.lead_forms import QualificationForm
from handoff.messages import lower
from handoff.models import UNKNOWN, Handoff, Verdict
from handoff.permissions import WithColleague

from .answers import done, held, list_again, next_page, refused
from .previews import reasons_in_use
from .requests import Request, page_for
from .work_rows import moment, row_id

#: What a bare press of Accept sends along.
_OF_EVERY_FORM = {"csrfmiddlewaretoken", "next"}

for_sales = page_for(may_give_verdicts, "Verdicts are for sales to give.")


@require_POST
@for_sales
def acceptance(request: Request, handoff_id: UUID) -> HttpResponse:
    """Accept: the lead is an SQL and the rep's own. Where the first contact is asked about before that, the
    two answers come with it."""
    handoff = _visible(request, handoff_id)
    answers: dict[str, tuple[int, str]] = {}
    form = None
    if settings.ASK_INTEREST_TO_ACCEPT or set(request.POST) - _OF_EVERY_FORM:
        form = _first_contact(request, handoff)
        if not form.is_valid():
            return _ask_first(request, handoff, form, form.first_error())
        answers = form.answers()
    try:
        decisions.accept(handoff=handoff, by=request.user, at=timezone.now(), answers=answers)
    except decisions.NotAskedYet as first:
        form = form or _first_contact(request, handoff)
        form.full_clean()
        return _ask_first(request, handoff, form, str(first))
    except decisions.AlreadyDecided as faster:
        return _faster(request, handoff, faster)
    except HeldByAnother as other:
        return held(request, handoff, other)
    except WithColleague as colleague:
        return _moved_on(request, handoff, colleague)
    except decisions.LeadMoved as moved:
        return refused(request, handoff, "Not accepted.", str(moved))
    return done(
        request,
        handoff,
        format_html("Accepted <b>{}</b>. Yours to talk to.", handoff.lead),
        undo_url=_undo(handoff),
    )


@require_POST
@for_sales
def rejection(request: Request, handoff_id: UUID) -> HttpResponse:
    """Send back, with a reason."""
    handoff = _visible(request, handoff_id)
    form = RejectionForm(request.POST)
    if not form.is_valid():
        return _unclear(request, handoff, form)
    given = form.cleaned_data
    try:
        verdict = decisions.reject(
            handoff=handoff,
            by=request.user,
            reason=given["reason"],
            at=timezone.now(),
            note=given["note"],
            return_on=given["return_on"],
        )
    except decisions.AlreadyDecided as faster:
        return _faster(request, handoff, faster, typed=_typed(form))
    except HeldByAnother as other:
        return held(request, handoff, other, typed=_typed(form))
    except WithColleague as colleague:
        return _moved_on(request, handoff, colleague, typed=_typed(form))
    except decisions.LeadMoved as moved:
        return refused(request, handoff, "Not sent back.", f"{moved} You wrote: {_typed(form)}")
    except decisions.ReturnDateRefused as refusal:
        form.add_error("return_on", str(refusal))
        return _unclear(request, handoff, form)
    return done(request, handoff, _sent_back(handoff, verdict), undo_url=_undo(handoff))


@require_POST
@for_sales
def undo(request: Request, handoff_id: UUID) -> HttpResponse:
    """Take one's own last verdict back, within ten minutes."""
    handoff = _visible(request, handoff_id)
    try:
        undone = decisions.undo(handoff=handoff, by=request.user, at=timezone.now()).handoff
    except decisions.UndoRefused as refusal:
        return refused(request, handoff, "Not undone.", str(refusal))
    said = format_html("Undone: <b>{}</b> {}.", handoff.lead, _whereto(undone, request.user))
    return done(request, handoff, said)


def _visible(request: Request, handoff_id: UUID) -> Handoff:
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead__company", "rep", "pool")
    return get_object_or_404(handoffs, public_id=handoff_id)


def _undo(handoff: Handoff) -> str:
    return reverse("handoff:undo", args=[handoff.public_id])


def _first_contact(request: Request, handoff: Handoff) -> QualificationForm:
    asked = frameworks.asked_of(handoff.lead)
    return QualificationForm(request.POST, asked=asked, questions=asked.first_contact)


def _sent_back(handoff: Handoff, verdict: Verdict) -> SafeString:
    reason = lower(str(verdict.reason))
    if verdict.return_on:
        until = date_format(verdict.return_on, "j M")
        return format_html(
            "Rejected <b>{}</b>: {}. Back with marketing until {}.", handoff.lead, reason, until
        )
    return format_html("Rejected <b>{}</b>: {}. Closed.", handoff.lead, reason)


def _whereto(handoff: Handoff, user: User) -> str:
    """Where a lead is again whose verdict was taken back."""
    if handoff.rep is None:
        return "is unassigned again"
    return "is back in your queue" if handoff.rep == user else f"is back in {handoff.rep}’s queue"


def _typed(form: RejectionForm) -> str:
    """What a rep wrote on a form that came too late, so that it is not lost."""
    reason = form.cleaned_data["reason"].label
    note = form.cleaned_data["note"]
    return f"{reason}: “{note}”" if note else reason


# Answers


def _faster(
    request: Request, handoff: Handoff, faster: decisions.AlreadyDecided, typed: str = ""
) -> HttpResponse:
    word = "accepted" if faster.kind == Verdict.Kind.ACCEPT else "sent back"
    clock = timezone.localtime(faster.at)
    when = date_format(clock, "H:i" if clock.date() == timezone.localdate() else "j M, H:i")
    own = faster.by == request.user
    who = "you" if own else str(faster.by)
    text = f"by {who} at {when}. Your change was not saved."
    if typed:
        text += f" You wrote: {typed}"
    heading = "You have decided this already" if own else "Somebody was faster"
    return refused(request, handoff, f"{handoff.lead} was already {word}", text, heading=heading)


def _moved_on(request: Request, handoff: Handoff, colleague: WithColleague, typed: str = "") -> HttpResponse:
    since = f" since {moment(colleague.since, timezone.now())}" if colleague.since else ""
    text = f"Your change was not saved.{f' You wrote: {typed}' if typed else ''}"
    strong = f"{handoff.lead} is with {colleague.rep}{since}"
    return refused(request, handoff, strong, text, heading="It is with a colleague")


def _unclear(request: Request, handoff: Handoff, form: RejectionForm) -> HttpResponse:
    """The reject form again, with what is wrong and everything that was typed."""
    context: dict[str, Any] = {
        "now": timezone.now(),
        "handoff": handoff,
        "reasons": reasons_in_use(),
        "back_url": next_page(request, handoff),
        "row": row_id(handoff),
        "rejection": {
            "chosen": request.POST.get("reason", ""),
            "note": request.POST.get("note", ""),
            "return_on": form.cleaned_data.get("return_on"),
            "error": form.first_error(),
        },
    }
    if (answer := list_again(request)) is not None:
        template, listed = answer
        return render(request, template, {**listed, **context, "rejection_form": True}, status=422)
    return render(request, "handoff/rejection.html", context, status=422)


def _ask_first(request: Request, handoff: Handoff, form: QualificationForm, error: str) -> HttpResponse:
    """What has to be known before the lead can be accepted, asked in one step."""
    known = {
        answer.question.key: (answer.level, answer.note) for answer in qualification.known_of(handoff.lead)
    }
    known |= form.typed()
    context: dict[str, Any] = {
        "handoff": handoff,
        "back_url": next_page(request, handoff),
        "row": row_id(handoff),
        "error": error,
        "first_contact": [(question, *known.get(question.key, (UNKNOWN, ""))) for question in form.questions],
        "levels": form.levels,
    }
    if (answer := list_again(request)) is not None:
        template, listed = answer
        return render(request, template, {**listed, **context}, status=422)
    return render(request, "handoff/acceptance.html", context, status=422)
