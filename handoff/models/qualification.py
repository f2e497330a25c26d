from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import Lead


class Qualification(models.Model):
    """One answer about one lead: "Authority: confirmed, decides with the CFO". ``framework`` names the set of
    questions that it belongs to; "bant" is BANT after the two of the first contact."""

    class Level(models.IntegerChoices):
        UNKNOWN = 0, "Unknown"
        WEAK = 1, "Weak"
        LIKELY = 2, "Likely"
        CONFIRMED = 3, "Confirmed"

    #: What the first talk tells: interest in what we offer, motivation to buy (S0-12, S0-13).
    FIRST_CONTACT = ("interest", "motivation")
    BANT = ("budget", "authority", "need", "timing")
    #: All that is asked, in this order; each has a key on the keyboard.
    QUESTIONS = (*FIRST_CONTACT, *BANT)

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="qualifications")
    framework = models.CharField(max_length=16, default="bant")
    question = models.CharField(max_length=32)
    level = models.SmallIntegerField(choices=Level.choices, default=Level.UNKNOWN)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "framework", "question"], name="handoff_qualification_once"
            ),
            models.CheckConstraint(
                condition=Q(level__gte=0, level__lte=3), name="handoff_qualification_level_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.get_level_display().lower()}"
