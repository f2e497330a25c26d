import pgtrigger
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery

from accounts.sides import Side

from .model_version import ModelVersion, ScoringModel


class PublicationQuerySet(models.QuerySet["Publication"]):
    def rolled_back(self) -> "PublicationQuerySet":
        """Those that the live version was brought back over: what went live after it last was, and before it
        came back."""
        of_model = Publication.objects.filter(model=OuterRef("model")).order_by("-id")
        back = of_model.filter(id__gt=OuterRef("id"))
        return self.alias(
            last=Subquery(back.values("id")[:1]),
            last_kind=Subquery(back.values("kind")[:1]),
            last_version=Subquery(back.values("version")[:1]),
        ).filter(
            ~Q(version=F("last_version")),
            Exists(
                Publication.objects.filter(
                    model=OuterRef("model"), version=OuterRef("last_version"), id__lt=OuterRef("id")
                )
            ),
            ~Exists(
                Publication.objects.filter(
                    model=OuterRef("model"),
                    version=OuterRef("last_version"),
                    id__gt=OuterRef("id"),
                    id__lt=OuterRef("last"),
                )
            ),
            last_kind=Publication.Kind.BROUGHT_BACK,
        )


class Publication(models.Model):
    """A version went live: "version 7 on 3 May by Mara, because …", for the first time or brought back. The
    model's change log: what was live at any moment. Never edited, never deleted."""

    class Kind(models.TextChoices):
        PUBLISHED = "published", "Published"
        BROUGHT_BACK = "back", "Brought back"

    model = models.ForeignKey(ScoringModel, models.PROTECT, related_name="publications")
    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="publications")
    kind = models.CharField(max_length=9, choices=Kind.choices, default=Kind.PUBLISHED)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField()

    objects = PublicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="scoring_publication_has_reason"),
        ]
        indexes = [models.Index(fields=["model", "-at", "-id"], name="scoring_publication_log")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_kind_display().lower()}"


class SignOff(models.Model):
    """One side's word that a checked version may go live: "Mara for marketing, 3 May". Editing the version
    again takes it back."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="sign_offs")
    side = models.CharField(max_length=9, choices=Side.choices)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "side"], name="scoring_signoff_once_a_side"),
            models.UniqueConstraint(fields=["version", "by"], name="scoring_signoff_once_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.by} for {self.get_side_display().lower()}"


class ModelReview(models.Model):
    """Somebody looked at the model and its figures and said what follows: "still right, 3 May, Mara". The
    monthly reminder counts from the newest (S1-19)."""

    model = models.ForeignKey(ScoringModel, models.PROTECT, related_name="reviews")
    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    note = models.TextField(help_text="What was seen, and what follows from it.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(note=""), name="scoring_modelreview_has_note"),
        ]
        indexes = [models.Index(fields=["model", "-at", "-id"], name="scoring_modelreview_newest")]

    def __str__(self) -> str:
        return f"{self.model} reviewed on {self.at:%Y-%m-%d}"
