"""What a page carries of how it was made: a signed stamp with the moment, the questions it asked and where
the visitor came from. And the link in a confirmation mail."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from django.core import signing

from capture.models import Submission, WebForm

_PAGE, _LINK = "capture.webforms.page", "capture.webforms.confirmation"
#: So long after its mail somebody may still confirm, in seconds.
CONFIRMABLE = 30 * 24 * 3600
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Stamp:
    """How a page was made: ``key`` is its own, ``asked`` the keys of its questions, ``version`` that of the
    wording (0: none), ``came`` page, referrer and tags as we saw them."""

    key: str
    at: datetime
    asked: tuple[str, ...]
    version: int
    came: dict[str, Any] = field(default_factory=dict)


def make(*, form: WebForm, asked: list[str], came: dict[str, Any], at: datetime) -> str:
    """The stamp of a page made ``at``, as text."""
    said = {
        "f": form.pk,
        "k": secrets.token_urlsafe(12),
        "t": at.timestamp(),
        "a": asked,
        "v": form.consent_version,
        "c": came,
    }
    return signing.dumps(said, salt=_PAGE, compress=True)


def read(text: str, *, form: WebForm) -> Stamp | None:
    """The stamp that ``text`` is, None when we did not make it for this form. However old: a tab may stay
    open for days."""
    try:
        said = signing.loads(text, salt=_PAGE)
    except signing.BadSignature:
        return None
    if said["f"] != form.pk:
        return None
    return Stamp(said["k"], datetime.fromtimestamp(said["t"], tz=UTC), tuple(said["a"]), said["v"], said["c"])


def proof(text: str) -> str:
    """What a script in the page makes of the stamp once somebody has touched a field; the same sum as in
    ``static/js/web-form.js``."""
    return _base36(reduce(lambda total, sign: (total * 31 + ord(sign)) & 0xFFFFFFFF, text, 7))


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"


def link(submission: Submission) -> str:
    """What ends the address in the mail that asks ``submission`` to be confirmed."""
    return signing.dumps(str(submission.public_id), salt=_LINK)


def linked(text: str, *, form: WebForm) -> Submission | None:
    """The submission that a link asks about; None when it is not ours or too old."""
    try:
        public_id = signing.loads(text, salt=_LINK, max_age=CONFIRMABLE)
    except signing.BadSignature:
        return None
    return Submission.objects.filter(public_id=public_id, web_form=form).select_related("consent").first()
