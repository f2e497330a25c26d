"""The rule book, as a page and as Markdown. Everybody who is signed in reads it; examples are leads they may
open."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import Request
from scoring.rule_book import rule_book
from scoring.rule_book_markdown import as_markdown

from .rule_requests import reader


@require_safe
@reader
def show_book(request: Request) -> HttpResponse:
    """Every live rule with real leads that have it."""
    at = timezone.now()
    return render(request, "scoring/book.html", {"chapters": rule_book(user=request.user, at=at), "now": at})


@require_safe
@reader
def book_markdown(request: Request) -> HttpResponse:
    """The same to take away."""
    at = timezone.localtime()
    chapters = rule_book(user=request.user, at=at)
    text = as_markdown(chapters=chapters, at=at, workspace=settings.WORKSPACE_NAME)
    answer = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="rule-book.md"'
    return answer
