from django.db import models

from .stage_change import StageChange


class Settlement(models.Model):
    """Marketing and sales agree on what a verdict should have been: "Ada was sent back on 3 May; both say she
    was an SQL". The step stays as it was taken; whoever judges rules by what was decided goes by this."""

    change = models.OneToOneField(StageChange, models.CASCADE, primary_key=True, related_name="settlement")
    was_sql = models.BooleanField()
    at = models.DateTimeField(help_text="When both had said so.")

    class Meta:
        indexes = [models.Index(fields=["at"], name="leads_settlement_at")]

    def __str__(self) -> str:
        return f"{self.change}: it was {'an' if self.was_sql else 'no'} SQL"
