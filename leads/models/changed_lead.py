from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from .lead import Lead


class ChangedLead(models.Model):
    """A lead whose score may be out of date: the rescoring worker's queue. The statement triggers write it,
    whoever wrote the facts; the worker deletes it only if ``version`` is still what it read, so a change
    during its work is never lost. ``live`` decides whether crossings may hand over at once."""

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="+")
    version = models.BigIntegerField(default=1, help_text="Counts the changes.")
    live = models.BooleanField(default=True, help_text="No: crossings wait for a person to release them.")
    attempts = models.SmallIntegerField(default=0, help_text="Counted before each try.")
    tried_at = models.DateTimeField(
        null=True, blank=True, help_text="Set with each attempt: others wait a moment before they try again."
    )
    parked_at = models.DateTimeField(null=True, blank=True, help_text="Set after three failed tries.")
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            # scoring.rescoring: those tried before come first, then what people wait for.
            models.Index(
                fields=["-attempts", "-live", "lead"],
                condition=Q(parked_at=None),
                name="leads_changedlead_next",
            )
        ]

    def __str__(self) -> str:
        return f"Lead {self.lead_id} changed"


class Watched(models.Model):
    """What live rules look at beyond a lead's own facts and activities: "colleagues: they ask who else of
    the company viewed pricing". The triggers of ``leads.marking`` mark leads for it only while it is here,
    so that nobody pays for rules that are not there. Written by publishing."""

    class What(models.TextChoices):
        STAGES = "stages", "Stages"
        COLLEAGUES = "colleagues", "Colleagues"

    what = models.CharField(max_length=10, choices=What.choices, primary_key=True)
    types = ArrayField(models.SmallIntegerField(), default=list, blank=True, help_text="Activity type ids.")

    class Meta:
        verbose_name_plural = "watched"

    def __str__(self) -> str:
        return self.get_what_display()
