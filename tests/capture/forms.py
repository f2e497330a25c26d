"""A form that a marketer built, and visitors who send it."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from capture.models import Source, WebForm
from capture.webforms import arranging, stamps, starters
from tests import factories as make

HERE = "https://www.fieldline.example"
FILE = "https://www.fieldline.example/files/guide.pdf"


def built(starter: str = "contact", *, name: str = "", **settings: Any) -> WebForm:
    """A form of a starter, open, with ``settings``."""
    begins = starters.of(starter)
    form = arranging.make(name=name or begins.name, starter=begins, by=_somebody(), at=timezone.now())
    for key, value in {"origins": [HERE], **settings}.items():
        setattr(form, key, value)
    form.save()
    return WebForm.objects.select_related("source", "type").get(pk=form.pk)


def _somebody() -> User:
    return User.objects.filter(role="marketer").first() or make.marketer()


def path(form: WebForm, *, framed: bool = False) -> str:
    return f"/f/{form.key}/embed/" if framed else f"/f/{form.key}/"


def opened(form: WebForm, *, seconds: float = 30, asked: list[str] | None = None, **came: Any) -> str:
    """The stamp of a page that was opened so many seconds ago."""
    keys = asked if asked is not None else [one.key for one in form.fields.all()]
    at = timezone.now() - timedelta(seconds=seconds)
    return stamps.make(form=form, asked=keys, came=came, at=at)


def send(
    form: WebForm,
    answers: dict[str, Any] | None = None,
    *,
    stamp: str | None = None,
    proof: str | None = None,
    framed: bool = False,
    network: str = "192.0.2.7",
    **more: Any,
) -> Any:
    """What a browser posts when a person pressed the button, script and all."""
    stamp = opened(form) if stamp is None else stamp
    answers = {"name": "Ada Byron", "email": "ada@firm.example", "message": "Call me", **(answers or {})}
    sent = {**answers, "_stamp": stamp, "_proof": stamps.proof(stamp) if proof is None else proof, **more}
    client = Client(enforce_csrf_checks=True, REMOTE_ADDR=network)
    return client.post(path(form, framed=framed), sent)


def tally(form: WebForm) -> tuple[int, int, int, int]:
    """Accepted, twice, held, refused."""
    totals = [0, 0, 0, 0]
    source = Source.objects.get(pk=form.source_id)
    for each in source.arrivals.all():
        for place, name in enumerate(("accepted", "duplicates", "held", "refused")):
            totals[place] += getattr(each, name)
    return totals[0], totals[1], totals[2], totals[3]
