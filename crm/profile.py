"""What everybody sets for themselves: look, time zone, single keys."""

from typing import cast
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.models import User


def _zones() -> list[tuple[str, str]]:
    return [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())]


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    theme = forms.ChoiceField(
        choices=[("", "As the system"), ("light", "Light"), ("dark", "Dark")],
        required=False,
        label="Appearance",
    )
    time_zone = forms.ChoiceField(
        choices=_zones, label="Time zone", help_text="Times on every page are shown in it."
    )
    keys_enabled = forms.BooleanField(required=False, label="Single keys: J, K, A, R and the others")

    class Meta:
        model = User
        fields = ("theme", "time_zone", "keys_enabled")


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    return render(request, "profile.html", {"form": form, "teams": user.teams.order_by("name", "id")})


@require_POST
@login_required
def keys(request: HttpRequest) -> HttpResponse:
    """The switch in the key list: ``keys_enabled`` present means on."""
    User.objects.filter(pk=cast(User, request.user).pk).update(keys_enabled="keys_enabled" in request.POST)
    return HttpResponse(status=204)
