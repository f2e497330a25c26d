"""What somebody typed when their session had ended: kept in the browser's new session until they have signed
in, and sent again then if they want. With and without scripts, for every form.

Whose it is says a signed cookie that outlives the session. So a stranger cannot fill the table of sessions,
and a colleague at the same browser does not read it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from accounts.models import User

#: Characters that are kept; a longer form is not, and says so by its absence.
MOST = 100_000
#: Fields that say nothing of what was typed.
_ASIDE = {"csrfmiddlewaretoken", "next"}
#: A form with one of these filled in is not kept: the table of sessions is no place for it, and a form sent
#: again without it would ask for something else.
_SECRET = ("password", "secret", "token")
_KEY = "unsent"
_WHO = "handoff_who"
_signer = signing.Signer(salt="unsent")


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form as it was sent: where to, and the page it stood on. ``fields`` as (name, value), in order."""

    path: str
    back: str
    fields: list[tuple[str, str]]

    @property
    def typed(self) -> list[tuple[str, str]]:
        """What a person may recognise, as (label, text)."""
        return typed_in(self.fields)


def typed_in(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a person may recognise of a form, as (label, text): texts of more than one word, without what
    forms carry hidden. A name that says nothing in words, such as "pause-reason", is made to."""
    return [(_label(name), value) for name, value in fields if name not in _ASIDE and " " in value.strip()]


def _label(name: str) -> str:
    return name.rpartition("-")[2].replace("_", " ").strip().capitalize() or "Text"


def remember(request: HttpRequest, response: HttpResponse, *, user: User) -> None:
    """Let the browser know who works in it."""
    who = _signer.sign(str(user.public_id))
    if request.COOKIES.get(_WHO) != who:
        response.set_cookie(
            _WHO,
            who,
            max_age=settings.SESSION_COOKIE_AGE,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )


def keep(request: HttpRequest, *, back: str) -> bool:
    """Keep what ``request`` posted; False for a mere button, for what is too long or holds a secret, and in a
    browser where nobody has worked."""
    who = _who(request)
    if who is None:
        return False
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    if not any(value.strip() for name, value in fields if name not in _ASIDE):
        return False
    if any(value.strip() and _is_secret(name) for name, value in fields):
        return False
    if sum(len(name) + len(value) for name, value in fields) > MOST:
        return False
    request.session[_KEY] = {"who": who, "path": request.get_full_path(), "back": back, "fields": fields}
    return True


def _is_secret(name: str) -> bool:
    return name != "csrfmiddlewaretoken" and any(word in name.lower() for word in _SECRET)


def kept(request: HttpRequest, *, user: User) -> Unsent | None:
    """What ``user`` typed; what another did is forgotten."""
    found: dict[str, Any] | None = request.session.get(_KEY)
    if not found:
        return None
    if found["who"] != str(user.public_id):
        forget(request)
        return None
    return Unsent(found["path"], found["back"], [(name, value) for name, value in found["fields"]])


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)


def _who(request: HttpRequest) -> str | None:
    try:
        return _signer.unsign(request.COOKIES.get(_WHO, ""))
    except signing.BadSignature:
        return None
