from datetime import date, datetime, timedelta

from django.db import models

#: An answer is used as it is for so long, or for so many times as long as it took to count.
FRESH_FOR = timedelta(minutes=1)
FRESH_TIMES = 20
#: Counted anew as a day begins, as long as somebody asked within so many days; those asked for last.
ASKED_WITHIN = timedelta(days=7)
MOST_A_DAY = 50


class KeptCountQuerySet(models.QuerySet["KeptCount"]):
    def due(self, *, today: date, at: datetime) -> "KeptCountQuerySet":
        """What somebody waits for, and what was asked lately and not yet counted for ``today``, unless a
        worker has it; the longest waiting first."""
        asked = KeptCount.objects.filter(asked_at__gt=at - ASKED_WITHIN).order_by("-asked_at", "-id")
        lately = models.Q(day__lt=today, pk__in=asked.values("pk")[:MOST_A_DAY])
        free = models.Q(claimed_until=None) | models.Q(claimed_until__lte=at)
        return self.filter(models.Q(is_wanted=True) | lately, free).order_by("counted_at", "id")


class KeptCount(models.Model):
    """The answer to a question that takes long to count: "conversion by source of the last 90 days, counted
    at 10:42 in 4 s". It is shown with its time, and counted anew in the background. Nothing is lost with a
    row: the next who asks waits for the count."""

    key = models.CharField(max_length=64, unique=True, help_text="Of the four that follow.")
    count = models.CharField(max_length=120, help_text="What counts it.")
    query = models.TextField(blank=True, help_text="The filters and the period, as in the URL.")
    how = models.JSONField(default=dict, help_text="What the page adds to them.")
    asker = models.ForeignKey(
        "accounts.User",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose answer it is: that of a segment they saved. Empty: everybody's.",
    )
    given = models.CharField(max_length=64, help_text="Of what else it was counted by: release, settings.")
    day = models.DateField(help_text="The company's day when it was counted: periods end before it.")
    counted_at = models.DateTimeField()
    seconds = models.FloatField(help_text="How long the count took.")
    asked_at = models.DateTimeField(help_text="When somebody asked last, to a few minutes.")
    is_wanted = models.BooleanField(default=False, help_text="Somebody asked when it was no longer fresh.")
    claimed_until = models.DateTimeField(null=True, blank=True, help_text="A worker counts it until then.")
    answer = models.BinaryField(help_text="Pickled by this program, and read by nothing else.")

    objects = KeptCountQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["asked_at"], name="reports_keptcount_asked")]

    def __str__(self) -> str:
        return f"{self.count} {self.query}".strip()

    def is_fresh(self, at: datetime) -> bool:
        return at - self.counted_at < max(FRESH_FOR, timedelta(seconds=FRESH_TIMES * self.seconds))
