"""People come in by a mail with a link to choose a password, and are switched off, never deleted."""

import logging
from collections.abc import Iterable
from smtplib import SMTPException

from allauth.account import app_settings as account_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from .models import Role, Team, User
from .permissions import may_invite

log = logging.getLogger(__name__)


class InvitationRefused(Exception):
    """Nothing was changed; the message says why."""


def invite(
    *, email: str, name: str, role: str, teams: Iterable[Team], time_zone: str, by: User
) -> tuple[User, bool]:
    """Make somebody who signs in with ``email`` and mail them a link to choose a password. Returns whether
    the mail went out as well; it can be sent again. Raises InvitationRefused."""
    _check(by)
    with transaction.atomic():
        if User.objects.filter(email=email.strip().lower()).exists():
            raise InvitationRefused("Somebody has this address already.")
        person = User.objects.create_user(email=email, name=name, role=role, time_zone=time_zone)
        person.teams.set(teams)
    return person, send(to=person, by=by)


def send(*, to: User, by: User) -> bool:
    """Mail the link. Each is good once, for as long as one to a new password. False when the mail server
    did not take it."""
    token = account_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(to)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(to), "key": token})
    context = {
        "person": to,
        "by": by,
        "url": f"{settings.PUBLIC_URL}{path}",
        "workspace": settings.WORKSPACE_NAME,
        "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
    }
    subject = " ".join(f"{by} invites you to {settings.WORKSPACE_NAME} on Handoff".split())
    body = render_to_string("accounts/invitation.txt", context)
    try:
        EmailMessage(subject, body, to=[to.email]).send()
    except (SMTPException, OSError):
        log.exception("the invitation of user %d was not sent", to.pk)
        return False
    return True


@transaction.atomic
def change(*, person: User, teams: Iterable[Team], by: User) -> None:
    """Keep what ``person`` is by now. Raises InvitationRefused when nobody would be left to administer."""
    _check(by)
    _keep_an_admin(person, stays=person.role == Role.ADMIN and person.is_active)
    person.save(update_fields=["name", "role", "time_zone"])
    person.teams.set(teams)


@transaction.atomic
def switch(*, person: User, on: bool, by: User) -> None:
    """Let ``person`` in, or not any more; what they did keeps their name. Safe to repeat. Raises
    InvitationRefused for oneself, and when nobody would be left to administer."""
    _check(by)
    if person.pk == by.pk and not on:
        raise InvitationRefused("You cannot switch yourself off. Ask another admin.")
    _keep_an_admin(person, stays=on and person.role == Role.ADMIN)
    User.objects.filter(pk=person.pk).update(is_active=on)


def _keep_an_admin(person: User, *, stays: bool) -> None:
    admins = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk")
    ids = {admin.pk for admin in admins}
    if not stays and ids == {person.pk}:
        raise InvitationRefused("Somebody has to administer: make another admin first.")


def _check(by: User) -> None:
    if not may_invite(by):
        raise InvitationRefused("Admins bring people in and switch them off.")
