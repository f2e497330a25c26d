"""The reviews: the newest, each of them, all of them, and what is done on one."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import Request, way_back
from leads import paging
from reports.models import Review, ReviewProposal, Side, Talk, TalkWord, Todo
from reports.reviews import closing, days, deciding, disagreements, holding, preparing, proposals

from .asking import for_both_sides
from .review_page import context_of

PAGE = 50
#: Whose turn it is not: a page of its own says so.
NOT_YOURS = (
    deciding.NotYours,
    closing.NotYours,
    proposals.NotYours,
    disagreements.NotYours,
    preparing.NotYours,
)


class AnswerForm(forms.Form):
    """What follows from a reason, or from a model."""

    about = forms.CharField(max_length=64)
    text = forms.CharField(max_length=500, required=False)
    instead_of = forms.CharField(max_length=500, required=False, strip=False)


class TodoForm(forms.Form):
    """A decision, or something to do."""

    text = forms.CharField(
        label="Decision or to-do", max_length=300, error_messages={"required": "Say what was decided."}
    )
    owner = forms.ChoiceField(label="Whose", choices=Todo.Owner.choices, initial=Todo.Owner.BOTH)
    due_on = forms.DateField(label="By", required=False, widget=forms.DateInput({"type": "date"}))


class NotYetForm(forms.Form):
    """Why one side does not agree yet."""

    side = forms.ChoiceField(choices=Side.choices)
    note = forms.CharField(
        label="Why not yet?", max_length=500, error_messages={"required": "Say why not yet."}
    )


# Reading


@require_safe
@for_both_sides
def all_reviews(request: Request) -> HttpResponse:
    """Every review, the newest first, and what is still to be done."""
    rows = Review.objects.visible_to(request.user).select_related("closed_by")
    page = paging.page(rows, order=("-first", "-id"), after=request.GET.get("after", ""), size=PAGE)
    open_todos = Todo.objects.filter(done_at=None).select_related("review", "by").order_by("due_on", "id")
    context = {
        "now": timezone.now(),
        "rows": [(each, days.name_of(each.kind, each.first)) for each in page.rows],
        "todos": [(each, days.name_of(each.review.kind, each.review.first)) for each in open_todos[:PAGE]],
        "next_url": f"?after={page.next}" if page.next else "",
        "may_prepare": [
            (str(kind), str(kind.label), days.period(kind, at=timezone.now())) for kind in _unprepared()
        ],
    }
    return render(request, "reports/reviews.html", context)


def _unprepared() -> list[Review.Kind]:
    """The kinds of which the last period has no review yet."""
    at = timezone.now()
    there = set(Review.objects.order_by("-first").values_list("kind", "first")[:PAGE])
    return [kind for kind in Review.Kind if (kind, days.period(kind, at=at).first) not in there]


@require_safe
@for_both_sides
def newest(request: Request, kind: str) -> HttpResponse:
    """The review that meets next, or met last."""
    found = Review.objects.visible_to(request.user).filter(kind=kind).order_by("-first").first()
    return redirect(address(found) if found else reverse("reports:reviews"))


@require_safe
@for_both_sides
def show(request: Request, review_id: UUID) -> HttpResponse:
    """One review: while it is open, all that can be said and signed; once closed, as it was."""
    return _page(request, _review(request, review_id))


def _page(
    request: Request,
    review: Review,
    *,
    refused: str = "",
    typed: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = context_of(review, request.user, at=timezone.now())
    context |= {
        "refused": refused,
        "typed": typed or {},
        "todo_form": (typed or {}).get("todo") or TodoForm(),
    }
    return render(request, "reports/review.html", context, status=status)


# Doing


@require_POST
@for_both_sides
def preparation(request: Request) -> HttpResponse:
    """Prepare the review of the last whole week, or month, now."""
    kind = request.POST.get("kind", "")
    if kind not in Review.Kind.values:
        raise Http404("There is no such review.")
    try:
        review = preparing.prepare(kind=kind, at=timezone.now(), by=request.user)
    except preparing.Prepared as there:
        messages.warning(request, str(there))
        return redirect(address(there.review))
    messages.success(request, f"Prepared. The figures of {review.days} stay as they are now.")
    return redirect(address(review))


@require_POST
@for_both_sides
def answers(request: Request, review_id: UUID) -> HttpResponse:
    """What follows from a reason, or from a model."""
    review, form = _review(request, review_id), AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, review, refused="Keep it below 500 characters.", status=422)
    said = form.cleaned_data
    return _take(
        request,
        review,
        lambda: deciding.answer(review=review, by=request.user, at=timezone.now(), **said),
        "Noted." if said["text"] else "Taken back.",
        typed={"about": said["about"], "text": said["text"]},
        anchor="models" if not review.is_weekly else "reasons",
    )


@require_POST
@for_both_sides
def todos(request: Request, review_id: UUID) -> HttpResponse:
    """A decision, or something to do."""
    review, form = _review(request, review_id), TodoForm(request.POST)
    if not form.is_valid():
        return _page(request, review, typed={"todo": form}, status=422)
    return _take(
        request,
        review,
        lambda: deciding.add(review=review, by=request.user, at=timezone.now(), **form.cleaned_data),
        "Written down.",
        typed={"todo": form},
        anchor="todos",
    )


@require_POST
@for_both_sides
def todo_done(request: Request, todo_id: UUID) -> HttpResponse:
    """It is done, or is not after all."""
    todo = get_object_or_404(Todo.objects.select_related("review"), public_id=todo_id)
    done = request.POST.get("done") == "1"
    deciding.tick_off(todo=todo, done=done, by=request.user, at=timezone.now())
    messages.success(request, f"{'Done' if done else 'Open again'}: {todo}")
    return redirect(way_back(request, f"{address(todo.review)}#todos"))


@require_POST
@for_both_sides
def word(request: Request, review_id: UUID, talk_id: UUID) -> HttpResponse:
    """Was it an SQL? One side's word."""
    review = _review(request, review_id)
    talk = get_object_or_404(
        review.talks.select_related("verdict__handoff", "opportunity"), public_id=talk_id
    )
    if not disagreements.visible(review.talks.filter(pk=talk.pk), request.user):
        raise Http404("This lead is with another team.")
    side, said = _one_of(request, "side", Side.values), _one_of(request, "said", TalkWord.Said.values)
    return _take(
        request,
        review,
        lambda: disagreements.say(talk=talk, by=request.user, side=side, said=said, at=timezone.now()),
        lambda: _heard(talk),
        anchor=f"talk-{talk.public_id}",
    )


def _heard(talk: Talk) -> str:
    talk.refresh_from_db()
    dispute = disagreements.dispute_of(Talk.objects.select_related("verdict__dispute").get(pk=talk.pk))
    if dispute is not None and dispute.settled_at is not None:
        return f"Settled: {talk.lead}, {'it was an SQL' if dispute.was_sql else 'it was no SQL'}."
    return f"Noted for {talk.lead}."


@require_POST
@for_both_sides
def proposal_signature(request: Request, review_id: UUID, reviewproposal_id: UUID) -> HttpResponse:
    """One side agrees; the second makes it live."""
    review = _review(request, review_id)
    proposal, side = _proposal(review, reviewproposal_id), _one_of(request, "side", Side.values)
    return _take(
        request,
        review,
        lambda: proposals.sign(proposal=proposal, by=request.user, side=side, at=timezone.now()),
        lambda: _agreed(proposal, side),
        anchor="proposals",
    )


def _agreed(proposal: ReviewProposal, side: str) -> str:
    proposal.version.refresh_from_db()
    if proposal.version.is_final:
        return f"{proposal.version} is live. Everybody is scored again; who crosses waits for release."
    return f"You signed for {side}. It goes live when the other side has signed, too."


@require_POST
@for_both_sides
def not_yet(request: Request, review_id: UUID, reviewproposal_id: UUID) -> HttpResponse:
    """One side does not agree yet."""
    review = _review(request, review_id)
    proposal, form = _proposal(review, reviewproposal_id), NotYetForm(request.POST)
    typed = {"not_yet": str(proposal.public_id), "note": request.POST.get("note", "")}
    if not form.is_valid():
        refused = "Say why not yet, in 500 characters at most."
        return _page(request, review, refused=refused, typed=typed, status=422)
    return _take(
        request,
        review,
        lambda: proposals.not_yet(proposal=proposal, by=request.user, at=timezone.now(), **form.cleaned_data),
        "Noted: not yet.",
        typed=typed,
        anchor="proposals",
    )


@require_POST
@for_both_sides
def suggestion(request: Request, review_id: UUID) -> HttpResponse:
    """What outcomes suggest becomes a proposal, with its price."""
    review, key = _review(request, review_id), request.POST.get("key", "")
    return _take(
        request,
        review,
        lambda: proposals.suggest(review=review, key=key, by=request.user, at=timezone.now()),
        "It is a proposal now: both sides can sign it.",
        anchor="proposals",
    )


@require_POST
@for_both_sides
def signature(request: Request, review_id: UUID) -> HttpResponse:
    """One side holds the meeting done; the second closes it."""
    review, side = _review(request, review_id), _one_of(request, "side", Side.values)
    return _take(
        request,
        review,
        lambda: closing.sign_off(review=review, by=request.user, side=side, at=timezone.now()),
        lambda: _signed(review, side),
        anchor="signing",
    )


def _signed(review: Review, side: str) -> str:
    review.refresh_from_db()
    if review.closed_at is not None:
        return "Closed. The notes are on their way to both teams."
    return f"Signed for {side}. It closes when the other side has signed, too."


# What they share


def _take(
    request: Request,
    review: Review,
    step: Callable[[], Any],
    done: str | Callable[[], str],
    *,
    typed: dict[str, Any] | None = None,
    anchor: str = "",
) -> HttpResponse:
    """Take ``step`` and say ``done``; what stands against it is said on the page, with what was typed."""
    try:
        step()
    except NOT_YOURS as refused:
        raise PermissionDenied(str(refused)) from None
    except holding.Refused as refused:
        review = Review.objects.get(pk=review.pk)
        return _page(request, review, refused=str(refused), typed=typed, status=409)
    messages.success(request, done if isinstance(done, str) else done())
    return redirect(f"{address(review)}#{anchor}")


def _review(request: Request, review_id: UUID) -> Review:
    rows = Review.objects.visible_to(request.user).select_related("prepared_by", "closed_by")
    return get_object_or_404(rows, public_id=review_id)


def _proposal(review: Review, public_id: UUID) -> ReviewProposal:
    return get_object_or_404(review.proposals.select_related("version__model"), public_id=public_id)


def _one_of(request: Request, name: str, known: list[str]) -> str:
    said = request.POST.get(name, "")
    if said not in known:
        raise Http404("There is no such choice.")
    return said


def address(review: Review) -> str:
    """The page of ``review``."""
    return reverse("reports:review", args=[review.public_id])
