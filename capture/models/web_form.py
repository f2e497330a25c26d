"""Forms that marketers build, and what visitors sent with them."""

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import ActivityType, Lead

from .source import Source

if TYPE_CHECKING:
    from accounts.models import User


#: Where a visitor may be led: a page of the web, and nothing that a browser would run.
_WEB = URLValidator(schemes=["http", "https"])


class WebFormQuerySet(models.QuerySet["WebForm"]):
    def visible_to(self, user: "User") -> "WebFormQuerySet":
        """Those of the sources that ``user`` looks after."""
        return self.filter(source__in=Source.objects.visible_to(user))


class WebForm(models.Model):
    """A form on a page of ours and in frames on pages that carry it: "Guide download". Its source's key ends
    its address and never changes."""

    class After(models.TextChoices):
        """What a visitor sees once the form is sent."""

        THANKS = "thanks", "The thank-you text"
        OFFER = "offer", "The offer, at once"
        ADDRESS = "address", "A page of yours"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.OneToOneField(Source, models.CASCADE, related_name="web_form")
    heading = models.CharField(max_length=120, blank=True)
    intro = models.TextField(max_length=1_000, blank=True)
    button = models.CharField(max_length=40, default="Send")
    type = models.ForeignKey(
        ActivityType, models.PROTECT, related_name="+", help_text="What sending it stands for."
    )
    consent_version = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Of the wording that is asked now; 0 asks for none."
    )
    consent_required = models.BooleanField(default=False)
    confirms = models.BooleanField(
        "double opt-in", default=False, help_text="Consent counts once a link in a mail was followed."
    )
    offer_name = models.CharField(max_length=120, blank=True)
    offer_url = models.CharField(max_length=500, blank=True, validators=[_WEB])
    after = models.CharField(max_length=7, choices=After.choices, default=After.THANKS)
    thanks = models.TextField(max_length=1_000, blank=True)
    redirect_url = models.CharField(max_length=500, blank=True, validators=[_WEB])
    origins = ArrayField(
        models.CharField(max_length=300),
        default=list,
        blank=True,
        help_text="Addresses whose pages may frame it: “https://www.fieldline.example”.",
    )

    objects = WebFormQuerySet.as_manager()

    def __str__(self) -> str:
        return self.source.name

    @property
    def key(self) -> str:
        return self.source.key

    @property
    def lacks_offer(self) -> bool:
        """Whether sending it stands for a download, and there is none."""
        promises = self.type.category == ActivityType.Category.CONTENT
        return promises and not self.offer_url and self.after != self.After.ADDRESS

    @property
    def goes_to(self) -> str:
        """The stored address that follows the sending, "" for the thank-you text."""
        if self.after == self.After.OFFER:
            return self.offer_url
        return self.redirect_url if self.after == self.After.ADDRESS else ""


class OfferFile(models.Model):
    """The file that a form gives away: "dispatch-guide.pdf, 2.1 MB". Its name is what a visitor's download is
    called, and never where it lies."""

    FOLDER = "offers"

    web_form = models.OneToOneField(WebForm, models.CASCADE, related_name="offer_file")
    name = models.CharField(max_length=120)
    stored = models.CharField(max_length=32, editable=False, help_text="What it is called in our folder.")
    size = models.PositiveIntegerField(help_text="Bytes.")
    uploaded_at = models.DateTimeField(default=timezone.now)
    uploaded_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return Path(settings.MEDIA_ROOT) / self.FOLDER / self.stored


class WebFormField(models.Model):
    """One question of a form, in its order, and what its answer fills."""

    class Fills(models.TextChoices):
        EMAIL = "email", "E-mail"
        NAME = "name", "Name"
        TITLE = "title", "Job title"
        PHONE = "phone", "Phone"
        COMPANY = "company", "Company"
        DOMAIN = "domain", "Company website"
        EMPLOYEES = "employees", "Company size"
        INDUSTRY = "industry", "Industry"
        COUNTRY = "country", "Country"
        CITY = "city", "City"
        MESSAGE = "message", "Message"
        OWN = "own", "An attribute of your own"

    class Kind(models.TextChoices):
        """How an attribute of one's own is asked; choices make a list of any text."""

        TEXT = "text", "Short text"
        LONG = "long", "Long text"
        NUMBER = "number", "Number"
        TICK = "tick", "Tick box"

    class Shown(models.TextChoices):
        ALWAYS = "always", "Always"
        ONCE = "once", "Until answered"
        NEXT = "next", "For one answered"
        HIDDEN = "hidden", "Hidden"

    web_form = models.ForeignKey(WebForm, models.CASCADE, related_name="fields")
    position = models.PositiveSmallIntegerField(default=0)
    fills = models.CharField(max_length=9, choices=Fills.choices)
    key = models.CharField(
        max_length=40,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", "Use lower-case letters, digits and _.")],
        help_text="Names it in what is sent, and the attribute it fills.",
    )
    label = models.CharField(max_length=120)
    help = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.TEXT)
    choices = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    required = models.BooleanField(default=False)
    shown = models.CharField(max_length=6, choices=Shown.choices, default=Shown.ALWAYS)
    value = models.CharField(max_length=200, blank=True, help_text="Of a hidden one: always this.")
    parameter = models.CharField(
        max_length=60, blank=True, help_text="Of a hidden one: this parameter of the page’s address."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["web_form", "key"], name="capture_webformfield_once")]
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.label


class ConsentWording(models.Model):
    """Words that a form asked to agree to. Only ever added: who agreed keeps the words they saw."""

    web_form = models.ForeignKey(WebForm, models.CASCADE, related_name="wordings")
    version = models.PositiveSmallIntegerField()
    text = models.TextField(max_length=2_000)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["web_form", "version"], name="capture_consentwording_once")
        ]

    def __str__(self) -> str:
        return f"Version {self.version}"


#: The conditions of indexes, and of the questions that they answer.
_LET_IN = Q(with_script=False) & ~Q(state="held")
_LEFT_OUT = Q(state__in=["held", "dismissed"], emptied_at=None)


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def visible_to(self, user: "User") -> "SubmissionQuerySet":
        return self.filter(web_form__in=WebForm.objects.visible_to(user))

    def held(self) -> "SubmissionQuerySet":
        return self.filter(state=Submission.State.HELD)

    def left_out(self) -> "SubmissionQuerySet":
        """Those that nobody let in and that still have their words."""
        return self.filter(_LEFT_OUT)

    def unscripted_and_let_in(self) -> "SubmissionQuerySet":
        return self.filter(_LET_IN)


class Submission(models.Model):
    """What somebody sent with a form, as they typed it. Kept whatever becomes of it: what a known lead has
    already is not overwritten, and what looks like a robot waits until somebody looks. The words of what
    nobody let in are dropped after ``SUBMISSION_RETENTION_DAYS``."""

    class State(models.TextChoices):
        TAKEN = "taken", "Taken"
        HELD = "held", "Held for review"
        RELEASED = "released", "Released"
        DISMISSED = "dismissed", "Dismissed"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    web_form = models.ForeignKey(WebForm, models.CASCADE, related_name="submissions")
    key = models.CharField(max_length=64, help_text="Of the page it was sent from and its answers.")
    page_key = models.CharField(max_length=24, blank=True, help_text="Of the page it was sent from.")
    submitted_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices)
    signals: "models.JSONField[Any, Any]" = models.JSONField(
        default=list, blank=True, help_text="Sentences: why it looked like a robot."
    )
    email = models.CharField(max_length=254)
    answers: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    came: "models.JSONField[Any, Any]" = models.JSONField(
        default=dict, help_text="Page, referrer and campaign tags."
    )
    anonymous_id = models.CharField(max_length=32, blank=True)
    network = models.CharField(max_length=32, blank=True, help_text="A keyed hash, to count floods.")
    with_script = models.BooleanField(default=False)
    consent = models.ForeignKey(
        ConsentWording, models.PROTECT, null=True, blank=True, related_name="+", help_text="Agreed to."
    )
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, blank=True, related_name="+")
    looked_at = models.DateTimeField(null=True, blank=True)
    looked_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, blank=True, related_name="+")
    mail_due_at = models.DateTimeField(null=True, blank=True, help_text="Of the confirmation mail.")
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True, help_text="When its words were dropped.")

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["web_form", "key"], name="capture_submission_once")]
        indexes = [
            models.Index(fields=["web_form", "-id"], name="capture_submission_listed"),
            models.Index(fields=["-id"], condition=Q(state="held"), name="capture_submission_held"),
            models.Index(
                fields=["web_form", "network", "submitted_at"],
                include=["with_script", "state"],
                name="capture_submission_floods",
            ),
            models.Index(
                fields=["web_form", "submitted_at"], condition=_LET_IN, name="capture_submission_unscripted"
            ),
            models.Index(fields=["submitted_at"], condition=_LEFT_OUT, name="capture_submission_left_out"),
            models.Index(fields=["page_key"], condition=~Q(page_key=""), name="capture_submission_page"),
            models.Index(
                fields=["anonymous_id"], condition=~Q(anonymous_id=""), name="capture_submission_browser"
            ),
            models.Index(
                fields=["mail_due_at"], condition=Q(mail_due_at__isnull=False), name="capture_submission_mail"
            ),
            models.Index(
                fields=["web_form", "email", "mailed_at"],
                condition=Q(mailed_at__isnull=False),
                name="capture_submission_mailed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} at {self.submitted_at:%Y-%m-%d %H:%M:%S}"

    @property
    def is_held(self) -> bool:
        return self.state == self.State.HELD
