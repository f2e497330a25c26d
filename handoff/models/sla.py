from django.db import models


class SlaPolicy(models.Model):
    """How soon sales answers: "within 60 business minutes when intent is 26 or more". The policy with the
    highest ``min_intent`` that the lead reaches decides; one with 0 is for the rest."""

    name = models.CharField(max_length=80)
    min_intent = models.SmallIntegerField(unique=True, help_text="Intent points from which it holds.")
    response_minutes = models.PositiveIntegerField(help_text="Business minutes, in the team's calendar.")

    class Meta:
        verbose_name = "response policy"
        verbose_name_plural = "response policies"

    def __str__(self) -> str:
        return self.name
