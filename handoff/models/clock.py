"""Clocks that run: what is owed on accepted leads, what happens by itself, and pauses. The clock of the
answer itself stands on the handoff."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q

from leads.stages import Stage

from .handoff import Handoff
from .pool import Pool
from .sla import Promise, Rung, SlaPolicy

#: Leads that were accepted and are being worked.
WORKED = (Stage.SQL, Stage.OPPORTUNITY)


class WorkQuerySet(models.QuerySet["Work"]):
    def running(self) -> "WorkQuerySet":
        """Still owed."""
        return self.filter(ended_at=None)

    def to_alarm(self, at: datetime) -> "WorkQuerySet":
        """Overdue, and nobody has been told yet."""
        return self.running().filter(due_at__lt=at, alarmed_at=None)


class Work(models.Model):
    """What sales owes an accepted lead: "a first contact with Ada by Tuesday 12:00". One at a time; ended by
    the contact itself, or because the lead is worked no more."""

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="works")
    promise = models.CharField(max_length=8, choices=Promise.choices)
    policy = models.ForeignKey(SlaPolicy, models.SET_NULL, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField(help_text="The clock runs from here.")
    due_at = models.DateTimeField()
    allowed_minutes = models.PositiveIntegerField(help_text="Business minutes agreed.")
    ended_at = models.DateTimeField(null=True, blank=True)
    was_kept = models.BooleanField(null=True, help_text="Whether it happened; empty while it is owed.")
    alarmed_at = models.DateTimeField(null=True, blank=True, help_text="When it was said to be overdue.")

    objects = WorkQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "work"
        constraints = [
            models.UniqueConstraint(
                fields=["handoff"], condition=Q(ended_at=None), name="handoff_work_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, was_kept=None) | Q(ended_at__isnull=False, was_kept__isnull=False),
                name="handoff_work_ended_somehow",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(ended_at=None, alarmed_at=None), name="handoff_work_to_alarm"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_promise_display()}, due {self.due_at:%d %b %H:%M}"


class StepQuerySet(models.QuerySet["Step"]):
    def ahead(self) -> "StepQuerySet":
        """Not done yet."""
        return self.filter(done_at=None)

    def due(self, at: datetime) -> "StepQuerySet":
        """Whose moment has come, of clocks that run."""
        answer = Q(work=None, handoff__status=Handoff.Status.OPEN)
        return self.ahead().filter(answer | Q(work__isnull=False, work__ended_at=None), at__lte=at)

    def moot(self, at: datetime, *, after: timedelta) -> "StepQuerySet":
        """Whose moment has come, of clocks that stopped more than ``after`` ago. What was decided a moment
        ago may still be taken back, and then goes on."""
        answered = Q(work=None, handoff__decided_at__lt=at - after)
        return self.ahead().filter(answered | Q(work__ended_at__lt=at - after), at__lte=at)


class Step(models.Model):
    """One rung for one clock, with its moment: "tell the manager about Ada on 3 May at 11:12". Written when
    the clock starts and moved by pauses alone, so that editing a policy moves nothing (C-35). Done once."""

    class Outcome(models.TextChoices):
        DONE = "done", "done"
        NOBODY = "nobody", "nobody was there"
        OVERTAKEN = "overtaken", "a later step came first"
        MOOT = "moot", "no longer needed"

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="steps")
    work = models.ForeignKey(Work, models.CASCADE, null=True, blank=True, related_name="steps")
    round = models.PositiveSmallIntegerField(default=1, help_text="Counts the reps who had it in turn.")
    does = models.CharField(max_length=8, choices=Rung.choices)
    minutes = models.PositiveIntegerField(help_text="Business minutes from the start of the round.")
    at = models.DateTimeField()
    backup = models.ForeignKey("accounts.User", models.SET_NULL, null=True, blank=True, related_name="+")
    backup_pool = models.ForeignKey(Pool, models.SET_NULL, null=True, blank=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=9, choices=Outcome.choices, blank=True)
    rep = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who had the lead when it was done.",
    )
    to = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who was asked, or got it.",
    )

    objects = StepQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["handoff", "work", "round", "does"], nulls_distinct=False, name="handoff_step_once"
            ),
            models.CheckConstraint(
                condition=Q(done_at=None, outcome="") | (Q(done_at__isnull=False) & ~Q(outcome="")),
                name="handoff_step_done_somehow",
            ),
        ]
        indexes = [models.Index(fields=["at"], condition=Q(done_at=None), name="handoff_steps_due")]

    def __str__(self) -> str:
        return f"{self.get_does_display()}, {self.at:%d %b %H:%M}"


class Pause(models.Model):
    """A clock stands still: "until 1 June, the customer asked to be called then". The due time moved when it
    began, by the business time until its end, so nobody has to do anything at the end (C-33)."""

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="pauses")
    work = models.ForeignKey(Work, models.CASCADE, null=True, blank=True, related_name="pauses")
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField()
    is_open_ended = models.BooleanField(default=False, help_text="Nobody named a day: it ends by itself.")
    reason = models.CharField(max_length=300)
    due_before = models.DateTimeField(help_text="When it was due without the pause.")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Set when it ended before its time.")
    ended_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    is_undone = models.BooleanField(default=False, help_text="As if it had never been.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("at")), name="handoff_pause_in_order"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, is_undone=False)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="handoff_pause_ended_by_someone",
            ),
        ]
        indexes = [models.Index(fields=["handoff", "until"], name="handoff_pause_running")]

    def __str__(self) -> str:
        return f"paused until {self.until:%d %b %H:%M}: {self.reason}"

    def is_running(self, at: datetime) -> bool:
        return self.ended_at is None and at < self.until
