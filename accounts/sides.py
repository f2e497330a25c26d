"""The two teams that agree, or do not. Each side signs once, and nobody speaks for both."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django import forms
from django.db import models

from .permissions import may_sign_for

if TYPE_CHECKING:
    from .models import User


class Side(models.TextChoices):
    MARKETING = "marketing", "Marketing"
    SALES = "sales", "Sales"


def of(user: "User", spoken: Mapping[str, int]) -> list[Side]:
    """For which sides ``user`` speaks, after ``spoken`` (side → id of who has): a side may change its mind,
    but whoever has spoken for one does not speak for the other."""
    return [
        side
        for side in Side
        if may_sign_for(user, side)
        and not any(by == user.pk and other != side for other, by in spoken.items())
    ]


def left_to(user: "User", signed: Mapping[str, int]) -> list[Side]:
    """For which sides ``user`` may sign now, where ``signed`` (side → id of who did) have."""
    return [side for side in of(user, signed) if side not in signed]


def field(user: "User") -> forms.ChoiceField:
    """For which side ``user`` signs with what they propose: asked of who may for either, else hidden."""
    choices = [(side.value, str(side.label)) for side in of(user, {})]
    one = choices[0][0] if len(choices) == 1 else None
    widget = forms.HiddenInput() if one else forms.Select()
    return forms.ChoiceField(label="You speak for", choices=choices, initial=one, widget=widget)


def whose(side: str) -> str:
    """Who signs for ``side``, as a sentence."""
    return f"A {'marketer' if side == Side.MARKETING else 'manager'} or an admin signs for {side}."


def why_not(user: "User", side: str, signed: Mapping[str, "User"]) -> str:
    """What stands against ``user`` signing for ``side``, which is theirs to sign, after ``signed`` (side →
    who did); "" for nothing."""
    if side in signed:
        return f"{signed[side]} signed for {side}."
    own = next((other for other, one in signed.items() if one.pk == user.pk), "")
    return f"You signed for {own}; somebody else signs for {side}." if own else ""
