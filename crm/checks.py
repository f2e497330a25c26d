"""What must not reach production, said at the start. On a laptop nothing is asked."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import DatabaseError, connection

LEAST_KEY_LENGTH = 50


@register(Tags.security)
def production_is_safe(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return list(_problems()) if settings.PRODUCTION else []


def _problems() -> Iterator[CheckMessage]:
    key = settings.SECRET_KEY
    if len(key) < LEAST_KEY_LENGTH or len(set(key)) < 10 or key.startswith(("django-insecure", "change")):
        yield Error(
            "SECRET_KEY is missing or easily guessed.",
            hint="Set it, or SECRET_KEY_FILE, to 50 random characters: "
            'python -c "import secrets; print(secrets.token_urlsafe(50))"',
            id="handoff.E001",
        )
    if settings.DEBUG:
        yield Error("DEBUG shows settings and data to strangers.", hint="Unset DEBUG.", id="handoff.E002")
    if not settings.ALLOWED_HOSTS or any(host.startswith("*") for host in settings.ALLOWED_HOSTS):
        yield Error(
            "ALLOWED_HOSTS is empty or lets every name in.",
            hint="List the names of this installation: ALLOWED_HOSTS=crm.example.com",
            id="handoff.E003",
        )
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme != "https" or address.hostname == "localhost":
        yield Error(
            f"PUBLIC_URL is {settings.PUBLIC_URL}: links in e-mails would lead nowhere, or unprotected.",
            hint="PUBLIC_URL=https://crm.example.com",
            id="handoff.E004",
        )
    if urlsplit(settings.DATABASE_URL).password in {
        "postgres",
        "password",
        "handoff",
        "change-me",
        "changeme",
    }:
        yield Error(
            "The database's password is one everybody tries first.", hint="Change it.", id="handoff.E005"
        )
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        yield Caution(
            "E-mails go to files: nobody is told anything by mail.", hint="Set EMAIL_HOST.", id="handoff.W006"
        )


@register(Tags.database)
def demo_password_opens_nothing(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Asked by ``manage.py check --database default``, which the containers run before they serve."""
    if not settings.PRODUCTION or not databases:
        return []
    from accounts.models import User

    try:
        if "accounts_user" not in connection.introspection.table_names():
            return []
        doors = [
            user.email
            for user in User.objects.filter(is_active=True, email__endswith=".example").order_by("id")[:50]
            if user.check_password(settings.DEMO_PASSWORD)
        ]
    except DatabaseError:
        return []  # whoever needs the database says so better
    if not doors:
        return []
    return [
        Error(
            f"The demo's password still opens {', '.join(doors)}.",
            hint="manage.py changepassword, or switch these people off in the admin.",
            id="handoff.E007",
        )
    ]
