"""Which evidence the company trusts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from leads.models import Suspicion

Signal = Suspicion.Signal


class Treatment(models.TextChoices):
    """What happens to an activity that a signal names."""

    VOID = "void", "Void at once"
    MARK = "mark", "Only mark"
    IGNORE = "ignore", "Ignore"


#: Until the company says otherwise. A burst may be a lively page; the others are hardly ever people.
USUAL: dict[str, str] = {
    Signal.OWN_ADDRESS: Treatment.VOID,
    Signal.OWN_NETWORK: Treatment.VOID,
    Signal.OWN_BROWSER: Treatment.VOID,
    Signal.CRAWLER: Treatment.VOID,
    Signal.MAIL_PROXY: Treatment.VOID,
    Signal.TOO_SOON: Treatment.VOID,
    Signal.EVERY_LINK: Treatment.VOID,
    Signal.HIDDEN_LINK: Treatment.VOID,
    Signal.BURST: Treatment.MARK,
}


class EvidenceRules(models.Model):
    """What is the company's own, and what happens to what each signal names. One row."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    own_addresses = ArrayField(
        models.CharField(max_length=254),
        default=list,
        blank=True,
        help_text="Domains and addresses of your own people: “fieldline.example”, “test@firm.example”.",
    )
    own_networks = ArrayField(
        models.CharField(max_length=49),
        default=list,
        blank=True,
        help_text="Networks your people browse from: “203.0.113.0/24”, “2001:db8::/32”.",
    )
    hidden_links = ArrayField(
        models.CharField(max_length=300),
        default=list,
        blank=True,
        help_text="Paths that no person can see to click: “/not-for-you”. * is anything.",
    )
    treatments = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "evidence rules"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="capture_evidencerules_one")]

    def __str__(self) -> str:
        return "What counts as evidence"

    def treatment(self, signal: str) -> Treatment:
        said = self.treatments.get(signal)
        return Treatment(said if said in Treatment.values else USUAL.get(signal, Treatment.MARK))


class LookingBack(models.Model):
    """How far the search for what only shows later has come; it began behind what there was when this came.
    One row. ``reached`` is an activity before which
    nothing is missing any more; ``ahead`` was the last one at ``ahead_at``. What own people did before
    ``own_before``, an activity, is still to be named, the latest first; empty: nothing of it is left."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    reached = models.BigIntegerField(default=0)
    ahead = models.BigIntegerField(default=0)
    ahead_at = models.DateTimeField(null=True, blank=True)
    own_before = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "looking back"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="capture_lookingback_one")]

    def __str__(self) -> str:
        return f"Looked until {self.reached}"
