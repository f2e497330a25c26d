from django.db import models

from .lead import Lead


class ConsentEvent(models.Model):
    """What a lead allowed or withdrew, when, and where they said so: "e-mail, withdrawn 3 May, by link".
    Append-only; the newest row of a channel is what holds, and of one moment a withdrawal."""

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Calls"

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="consent_events")
    channel = models.CharField(max_length=5, choices=Channel.choices)
    granted = models.BooleanField()
    at = models.DateTimeField()
    source = models.CharField(max_length=64, help_text="The form, file or link that said so.")
    text = models.TextField(blank=True, help_text="The words that were agreed to.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "channel", "granted", "at", "source"], name="leads_consentevent_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {'granted' if self.granted else 'withdrawn'}"
