from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from capture.imports.running import Counts


class Import(models.Model):
    """A file that was imported: "leads.csv of olist on 3 May: 8,000 rows, all created". ``finished_at`` stays
    empty when it was cut short; importing the file again takes up where it stopped."""

    class Kind(models.TextChoices):
        LEADS = "leads", "Leads"
        COMPANIES = "companies", "Companies"
        ACTIVITIES = "activities", "Activities"
        OUTCOMES = "outcomes", "Outcomes"

    file = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    source = models.CharField(max_length=64)
    live = models.BooleanField(help_text="Whether crossings handed over at once.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    activities = models.PositiveIntegerField("new activities", default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    rows=models.F("created")
                    + models.F("updated")
                    + models.F("skipped")
                    + models.F("rejected")
                ),
                name="capture_import_balanced",
            )
        ]

    def __str__(self) -> str:
        return f"{self.file} of {self.source}"

    def finish(self, *, counts: "Counts", at: datetime) -> None:
        """Write down what became of the rows."""
        names: list[Any] = ["rows", "created", "updated", "skipped", "rejected", "activities"]
        for name in names:
            setattr(self, name, getattr(counts, name))
        self.finished_at = at
        self.save(update_fields=[*names, "finished_at"])
