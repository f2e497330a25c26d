"""What is done on a review: answered, written down, said, signed."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.requests import Request, way_back
from accounts.sides import Side
from reports.models import Review, ReviewProposal, Talk, TalkWord, Todo
from reports.reviews import closing, deciding, disagreements, holding, proposals

from .asking import for_both_sides
from .review_forms import AnswerForm, NotYetForm, TodoForm
from .reviews import address, page_of, review_of

#: Whose turn it is not: a page of its own says so.
NOT_YOURS = (
    deciding.NotYours,
    closing.NotYours,
    proposals.NotYours,
    disagreements.NotYours,
)


@require_POST
@for_both_sides
def answers(request: Request, review_id: UUID) -> HttpResponse:
    """What follows from a reason, or from a model."""
    review, form = review_of(request, review_id), AnswerForm(request.POST)
    if not form.is_valid():
        return page_of(request, review, refused="Keep it below 500 characters.", status=422)
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
    review, form = review_of(request, review_id), TodoForm(request.POST)
    if not form.is_valid():
        return page_of(request, review, typed={"todo": form}, status=422)
    try:
        return _take(
            request,
            review,
            lambda: deciding.add(review=review, by=request.user, at=timezone.now(), **form.cleaned_data),
            "Written down.",
            typed={"todo": form},
            anchor="todos",
            passed=(deciding.NoDay,),
        )
    except deciding.NoDay as refused:
        form.add_error("due_on", str(refused))
        return page_of(request, review, typed={"todo": form}, status=422)


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
    review = review_of(request, review_id)
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
    """One side agrees to what the page said; the second makes it live."""
    review, seen = review_of(request, review_id), request.POST.get("seen", "")
    proposal, side = _proposal(review, reviewproposal_id), _one_of(request, "side", Side.values)
    return _take(
        request,
        review,
        lambda: proposals.sign(proposal=proposal, by=request.user, side=side, at=timezone.now(), seen=seen),
        lambda: _agreed(proposal, side),
        anchor="proposals",
    )


@require_POST
@for_both_sides
def proposal_live(request: Request, review_id: UUID, reviewproposal_id: UUID) -> HttpResponse:
    """What both sides have signed, be it elsewhere, goes live."""
    review, seen = review_of(request, review_id), request.POST.get("seen", "")
    proposal = _proposal(review, reviewproposal_id)
    return _take(
        request,
        review,
        lambda: proposals.make_live(proposal=proposal, by=request.user, at=timezone.now(), seen=seen),
        _is_live(proposal),
        anchor="proposals",
    )


def _is_live(proposal: ReviewProposal) -> str:
    return f"{proposal.version} is live. Everybody is scored again; who crosses waits for release."


def _agreed(proposal: ReviewProposal, side: str) -> str:
    proposal.version.refresh_from_db()
    if proposal.version.is_final:
        return _is_live(proposal)
    return f"You signed for {side}. It goes live when the other side has signed, too."


@require_POST
@for_both_sides
def not_yet(request: Request, review_id: UUID, reviewproposal_id: UUID) -> HttpResponse:
    """One side does not agree yet."""
    review = review_of(request, review_id)
    proposal, form = _proposal(review, reviewproposal_id), NotYetForm(request.POST)
    typed = {"not_yet": str(proposal.public_id), "note": request.POST.get("note", "")}
    if not form.is_valid():
        refused = "Say why not yet, in 500 characters at most."
        return page_of(request, review, refused=refused, typed=typed, status=422)
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
    review, key = review_of(request, review_id), request.POST.get("key", "")
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
    review, side = review_of(request, review_id), _one_of(request, "side", Side.values)
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
    passed: tuple[type[holding.Refused], ...] = (),
) -> HttpResponse:
    """Take ``step`` and say ``done``; what stands against it is said on the page, with what was typed; what
    is in ``passed`` is raised."""
    try:
        step()
    except passed:
        raise
    except NOT_YOURS as refused:
        raise PermissionDenied(str(refused)) from None
    except holding.Refused as refused:
        review = Review.objects.get(pk=review.pk)
        return page_of(request, review, refused=str(refused), typed=typed, status=409)
    messages.success(request, done if isinstance(done, str) else done())
    return redirect(f"{address(review)}#{anchor}")


def _proposal(review: Review, public_id: UUID) -> ReviewProposal:
    return get_object_or_404(review.proposals.select_related("version__model"), public_id=public_id)


def _one_of(request: Request, name: str, known: list[str]) -> str:
    said = request.POST.get(name, "")
    if said not in known:
        raise Http404("There is no such choice.")
    return said
