"""API tokens on pages: one's own, and for admins everybody's. The text of one is shown this once."""

import secrets
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from accounts import tokens
from accounts.forms import TokenForm
from accounts.models import ApiToken
from accounts.requests import Request, for_everybody
from notifications import fresh_secrets

PAGE = 50
#: Where the text of a fresh token waits for the one page that shows it.
_FRESH = "api_token"


@require_http_methods(["GET", "POST"])
@for_everybody
def api_tokens(request: Request) -> HttpResponse:
    """The list, and the form for another one. A form that is sent twice makes one token."""
    if request.method == "GET":
        return _page(request, TokenForm())
    once = request.POST.get("once", "")
    if once and once == fresh_secrets.kept_last(request.session, _FRESH):
        return redirect("profile-tokens")
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    name, scope = form.cleaned_data["name"], form.cleaned_data["scope"]
    try:
        _, text = tokens.issue_once(user=request.user, scope=scope, name=name)
    except tokens.TokenRefused as refused:
        form.add_error("name", str(refused))
        return _page(request, form)
    fresh_secrets.keep(request.session, _FRESH, text, of=once)
    return redirect("profile-tokens")


@require_POST
@for_everybody
def revocation(request: Request, apitoken_id: UUID) -> HttpResponse:
    """It opens nothing any more, at once. One that the reader may not see is not there."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.user), public_id=apitoken_id)
    if tokens.revoke(token=token, at=timezone.now()):
        messages.success(request, format_html("Revoked. <b>{}</b> opens nothing any more.", token.name))
    of_others = "?whose=all" if token.user_id != request.user.pk else ""
    return redirect(f"{reverse('profile-tokens')}{of_others}")


def _page(request: Request, form: TokenForm) -> HttpResponse:
    """4 queries beside those of every page, however many tokens."""
    everybody = request.user.is_admin and request.GET.get("whose") == "all"
    found = ApiToken.objects.visible_to(request.user).select_related("user")
    if not everybody:
        found = found.filter(user=request.user)
    found = found.order_by(F("revoked_at").asc(nulls_first=True), "-created_at", "-id")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "now": timezone.now(),
        "form": form,
        "once": secrets.token_urlsafe(12),
        "everybody": everybody,
        "page": page,
        "fresh": fresh_secrets.take(request.session, _FRESH),
    }
    answer = render(request, "profile/tokens.html", context, status=422 if form.errors else 200)
    add_never_cache_headers(answer)
    return answer
