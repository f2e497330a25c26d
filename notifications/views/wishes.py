"""How one wants to be told: what by mail and when, quiet hours, the digest, browsers."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.requests import Request
from notifications import digests, planning, pushing
from notifications.forms import WishesForm
from notifications.models import AlertWishes, Browser


@require_http_methods(["GET", "POST"])
@login_required
def wishes(request: Request) -> HttpResponse:
    """One's own wishes. What waits already follows them at once."""
    user = request.user
    said = AlertWishes.objects.visible_to(user).filter(user=user).first() or AlertWishes(user=user)
    form = WishesForm(request.POST or None, instance=said, person=user)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            digests.plan_anew(person=user, at=timezone.now())
        messages.success(request, "Saved. What waits already follows it, too.")
        return redirect("notifications:wishes")
    now = timezone.now()
    context: dict[str, Any] = {
        "now": now,
        "form": form,
        "rows": form.rows(),
        "browsers": Browser.objects.filter(user=user).order_by("-id"),
        "public_key": pushing.public_key(),
        "next_digest": planning.next_digest(
            wishes=planning.wishes_of([user])[user.pk], zone=user.time_zone, after=now
        ),
    }
    return render(request, "notifications/wishes.html", context, status=422 if form.errors else 200)
