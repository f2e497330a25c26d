"""Remind both sides to look at the scoring rules once a month (S1-19)."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from accounts.models import Role, User
from leads.ticks import tick
from notifications.notify import notify_all
from scoring import reviewing
from scoring.reviewing import Standing

#: Who looks after the rules.
WHO = (Role.ADMIN, Role.MARKETER, Role.MANAGER)


def remind(*, at: datetime) -> int:
    """Tell admins, marketers and managers of each live model whose review is due, once for each month that it
    is. Returns how many people were told. Safe to repeat."""
    told = 0
    for standing in reviewing.standings(at=at):
        if standing.is_due:
            told += _remind(standing)
    if told:
        tick("deliveries")
    return told


def _remind(standing: Standing) -> int:
    """Each role is asked for what it may do: a transaction for each, as ``notify_all`` wants it."""
    model = standing.version.model
    told = 0
    for role in WHO:
        told += len(
            notify_all(
                recipients=User.objects.filter(is_active=True, role=role),
                kind="model_review",
                key=f"model:{model.pk}:review:{standing.reminder_at:%Y-%m-%d}",
                title=f"Time to look at the scoring rules: {model}",
                body=_body(standing, role),
                url=reverse("reports:newest-monthly"),
                at=standing.at,
            )
        )
    return told


def _body(standing: Standing, role: Role) -> str:
    version, days = standing.version, standing.age_days
    said = [f"Version {version.number} has been live for {'a day' if days == 1 else f'{days} days'}."]
    if standing.review:
        said.append(f"{standing.review.by} looked at it last: “{standing.review.note}”")
    else:
        said.append("Nobody has looked at it since.")
    if standing.is_old:
        said.append(
            f"It is older than {settings.MODEL_AGE_WARNING_DAYS} days: markets move, and so should the rules."
        )
    better = "ask marketing for a better one" if role == Role.MANAGER else "draft a better one"
    said.append("The model review puts the month's changes, the back-test and the rules side by side.")
    said.append(
        "“Was it right?” has the figures and “Suggestions” what the verdicts ask for. Read them, say what"
        f" follows, and either note that it is still right or {better}."
    )
    return "\n\n".join(said)
