"""The reviews: the newest, each of them, all of them, and how one begins."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.company_days import company_day
from accounts.requests import Request
from leads import paging
from reports.measures import ABOUT, Measure
from reports.models import Review, Todo
from reports.reviews import days, minutes, preparing

from .asking import figures_file, for_both_sides
from .review_forms import TodoForm
from .review_page import context_of

PAGE = 50


@require_safe
@for_both_sides
def all_reviews(request: Request) -> HttpResponse:
    """Every review, the newest first, and what is still to be done."""
    rows = Review.objects.visible_to(request.user).select_related("closed_by")
    page = paging.page(rows, order=("-first", "-id"), after=request.GET.get("after", ""), size=PAGE)
    open_todos = Todo.objects.filter(done_at=None).select_related("review", "by").order_by("due_on", "id")
    today = company_day(timezone.now())
    context = {
        "now": timezone.now(),
        "today": today,
        "rows": [(each, days.name_of(each.kind, each.first)) for each in page.rows],
        "todos": [
            (each, days.name_of(each.review.kind, each.review.first), each.is_late(today))
            for each in open_todos[:PAGE]
        ],
        "more_todos": max(0, open_todos.count() - PAGE),
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
    return page_of(request, review_of(request, review_id))


@require_safe
@for_both_sides
def figures_of(request: Request, review_id: UUID) -> HttpResponse:
    """The frozen figures: each number week by week, and each reason with what is done about it."""
    review = review_of(request, review_id)
    figures, said = minutes.thawed(review.figures), minutes.of(review)
    rows = [
        [
            ABOUT[Measure(one["measure"])].label,
            f"{week['first']:%Y-%m-%d}",
            _plain(week["value"]),
            "",
            "",
            str(week["n"]),
            str(week.get("left_out", 0)),
        ]
        for one in figures.get("numbers", [])
        for week in one["weeks"]
    ]
    for line in figures.get("reasons", {}).get("lines", []):
        answer = said["answers"].get(line["code"], {"text": "", "by": ""})
        rows.append(
            [
                line["label"],
                f"{review.first:%Y-%m-%d}",
                str(line["count"]),
                answer["text"],
                answer["by"],
                str(figures["reasons"]["decided"]),
                "",
            ]
        )
    for model in figures.get("models", []):
        rows += [
            [f"{model['name']}: {rule['label']}", "", str(rule["fired"]), _plain(rule["percent"]), ""]
            for rule in model["rules"]
        ]
    header = ["Figure", "Week from", "Value", "What is done about it", "By", "Rests on", "Left out"]
    if not review.is_weekly:
        header = ["Rule", "", "Decided leads", "Accepted, %", ""]
    return figures_file(None, f"review-{review.kind}-{review.first:%Y-%m-%d}", header, rows)


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if abs(value) < 1e6 else f"{value:.2f}"


def page_of(
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


def review_of(request: Request, review_id: UUID) -> Review:
    rows = Review.objects.visible_to(request.user).select_related("prepared_by", "closed_by")
    return get_object_or_404(rows, public_id=review_id)


def address(review: Review) -> str:
    """The page of ``review``."""
    return reverse("reports:review", args=[review.public_id])
