"""Make forms and keep what a marketer says of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from capture.models import ConsentWording, Site, Source, WebForm, WebFormField
from leads.models import ActivityType

from .starters import Starter

if TYPE_CHECKING:
    from accounts.models import User

MOST_FIELDS = 30
#: What is kept of a form besides its name, its fields and its wording.
SETTINGS = (
    "heading", "intro", "button", "type", "consent_required", "confirms", "offer_name", "offer_url", "after",
    "thanks", "redirect_url", "origins",
)  # fmt: skip


@transaction.atomic
def make(*, name: str, starter: Starter, by: "User", at: datetime) -> WebForm:
    """A new form, open at once, that may be framed by the pages of our websites. Its key is made of its name
    and never changes."""
    stem = slugify(name)[:50] or "form"
    taken = set(Source.objects.filter(key__startswith=stem).values_list("key", flat=True))
    key = next(
        each for n in range(1, len(taken) + 2) if (each := stem if n == 1 else f"{stem}-{n}") not in taken
    )
    source = Source.objects.create(key=key, name=name, kind=Source.Kind.FORM, created_at=at, created_by=by)
    sites = Site.objects.filter(source__is_active=True).order_by("id").values_list("origins", flat=True)
    types = {kind.key: kind for kind in ActivityType.objects.filter(key__in=[starter.type, "form_submitted"])}
    form = WebForm.objects.create(
        source=source,
        heading=starter.heading,
        intro=starter.intro,
        button=starter.button,
        thanks=starter.thanks,
        type=types.get(starter.type) or types["form_submitted"],
        consent_required=starter.consent_required,
        confirms=starter.confirms,
        origins=list(dict.fromkeys(origin for origins in sites for origin in origins)),
    )
    WebFormField.objects.bulk_create(
        WebFormField(
            web_form=form,
            position=position,
            fills=question.fills,
            key=question.fills,
            label=question.label,
            help=question.help,
            required=question.required,
            shown=question.shown,
        )
        for position, question in enumerate(starter.questions)
    )
    _ask(form, starter.consent, by=by, at=at)
    return form


@transaction.atomic
def save(
    *,
    form: WebForm,
    name: str,
    settings: Mapping[str, Any],
    fields: Sequence[WebFormField],
    consent: str,
    by: "User",
    at: datetime,
) -> None:
    """Keep all of a form; ``fields`` are not saved and in their order. A wording that changed is a new
    version."""
    WebForm.objects.select_for_update().get(pk=form.pk)
    form.source.name = name
    form.source.save(update_fields=["name"])
    for key in SETTINGS:
        setattr(form, key, settings[key])
    form.save(update_fields=SETTINGS)
    WebFormField.objects.filter(web_form=form).delete()
    for position, field in enumerate(fields):
        field.web_form, field.position = form, position
    WebFormField.objects.bulk_create(fields)
    _ask(form, consent, by=by, at=at)


def _ask(form: WebForm, text: str, *, by: "User", at: datetime) -> None:
    """Ask for consent with these words from now on, or for none."""
    text = text.replace("\r\n", "\n").strip()
    if text == wording(form):
        return
    if text:
        last = form.wordings.aggregate(last=Max("version"))["last"] or 0
        known = form.wordings.filter(text=text).first()  # words that come back keep their number
        if known is None:
            known = ConsentWording(web_form=form, version=last + 1, text=text, created_at=at, created_by=by)
            known.save()
        form.consent_version = known.version
    else:
        form.consent_version = 0
    form.save(update_fields=["consent_version"])


def wording(form: WebForm) -> str:
    """The words that are asked to agree to now, "" for none. One query."""
    row = form.wordings.filter(version=form.consent_version).first() if form.consent_version else None
    return row.text if row else ""


def own_key(label: str, taken: set[str]) -> str:
    """A key for an attribute that is called ``label``: "budget_a_year", unlike those ``taken``."""
    stem = slugify(label).replace("-", "_").strip("_")[:34]
    stem = stem if stem and stem[0].isalpha() else f"answer_{stem}".strip("_")
    for number in range(1, len(taken) + 2):
        key = stem if number == 1 else f"{stem}_{number}"
        if key not in taken:
            break
    return key
