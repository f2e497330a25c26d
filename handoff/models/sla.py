"""What is agreed about time: how soon somebody acts, and what happens by itself when they do not."""

import uuid
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from scoring.conditions import ConditionError, parse
from scoring.models import ScoringModel

from .pool import Pool
from .routing import fault_of_scores

if TYPE_CHECKING:
    from accounts.models import User

#: A year of round-the-clock minutes: what is longer is no promise.
MOST_MINUTES = 525_600


class Promise(models.TextChoices):
    """What has to happen in time."""

    ANSWER = "answer", "an answer to the handoff"
    CONTACT = "contact", "the first contact after acceptance"
    ACTIVITY = "activity", "the next activity after a contact"


class Rung(models.TextChoices):
    """What happens by itself on the way, in the order in which equal moments are done. That who has it and
    who leads them hear of a deadline that has passed needs no rung: that always happens."""

    REMIND = "remind", "remind the rep"
    BACKUP = "backup", "ask a backup"
    MANAGER = "manager", "tell the manager"
    REASSIGN = "reassign", "give it to another rep"


#: Accepted leads are somebody's work: nobody else is asked in, and nothing is taken away, by a machine.
OF_WORK = (Rung.REMIND, Rung.MANAGER)


class SlaPolicyQuerySet(models.QuerySet["SlaPolicy"]):
    def visible_to(self, user: "User") -> "SlaPolicyQuerySet":
        """Both teams agreed on them, so everybody reads them."""
        return self

    def in_order(self) -> "SlaPolicyQuerySet":
        """As they are asked, promise by promise."""
        return self.order_by("position", "id")


class SlaPolicy(models.Model):
    """How soon: "an answer within 60 business minutes when intent is 26 or more". Of those about one promise
    the first in ``position`` that holds for the lead decides."""

    public_id = models.UUIDField(
        default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False
    )  # the database's own, too: policies that were there before get one each
    promise = models.CharField(max_length=8, choices=Promise.choices, default=Promise.ANSWER)
    position = models.PositiveIntegerField(default=1000, help_text="Lower is asked first.")
    name = models.CharField(max_length=80)
    is_on = models.BooleanField("on", default=True)
    when = models.JSONField(
        null=True,
        blank=True,
        help_text="A condition over facts of lead and company, as in the model file. Empty: every lead.",
    )
    scores = models.JSONField(
        default=dict,
        blank=True,
        help_text='Of the score that leads, in points: {"intent": {"at_least": 26}}.',
    )
    triggers = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text="Keys of triggers, one of which brought the lead over the line. Empty: any way.",
    )
    model = models.ForeignKey(
        ScoringModel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Only leads for whom this model leads: the product they are after.",
    )
    minutes = models.PositiveIntegerField(help_text="Business minutes, in the team's calendar.")
    edited_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    objects = SlaPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = "response policy"
        verbose_name_plural = "response policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__lte=MOST_MINUTES), name="handoff_slapolicy_minutes_in_bounds"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what could not be asked, each fault at its field."""
        faults: dict[str, str] = {}
        if self.when is not None:
            try:
                parse(self.when, facts_only=True)
            except ConditionError as error:
                faults["when"] = str(error)
        if fault := fault_of_scores(self.scores):
            faults["scores"] = fault
        if self.minutes is not None and self.minutes > MOST_MINUTES:
            faults["minutes"] = "A promise is for a year at most."
        if faults:
            raise ValidationError(faults)


class LadderRung(models.Model):
    """What happens by itself under one policy: "15 business minutes from the start, ask Sofia as backup".
    Nobody named as backup means the next in the lead's own pool."""

    policy = models.ForeignKey(SlaPolicy, models.CASCADE, related_name="rungs")
    does = models.CharField(max_length=8, choices=Rung.choices)
    minutes = models.PositiveIntegerField(help_text="Business minutes from the start of the clock.")
    backup = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", help_text="Who is asked."
    )
    backup_pool = models.ForeignKey(
        Pool, models.PROTECT, null=True, blank=True, related_name="+", help_text="Whose next is asked."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "does"], name="handoff_ladderrung_once"),
            models.CheckConstraint(
                condition=Q(backup=None, backup_pool=None)
                | (Q(does="backup") & (Q(backup=None) | Q(backup_pool=None))),
                name="handoff_ladderrung_one_backup",
            ),
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=MOST_MINUTES),
                name="handoff_ladderrung_minutes_in_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy}: {self.get_does_display()} after {self.minutes} min"
