import uuid
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Func, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Lower
from django.utils import timezone

from accounts.permissions import may_edit_leads
from leads.models import Lead

if TYPE_CHECKING:
    from accounts.models import User
    from capture.imports.running import Counts

#: Where uploaded files wait, below what no page serves.
FOLDER = "imports"


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: "User") -> "ImportQuerySet":
        """Marketers and admins bring files in, and see each other's; nobody else does."""
        return self if may_edit_leads(user) else self.none()

    def due(self, at: datetime) -> "ImportQuerySet":
        """Those that a worker has something to do for, and none does ``at``."""
        free = Q(leased_until=None) | Q(leased_until__lt=at)
        return self.filter(free, state__in=Import.WORKED).exclude(stored="")


class Import(models.Model):
    """A file that is imported: "leads.csv of olist on 3 May: 8,000 rows, all created". One that came through
    the page is a queue of its own: a worker leases it, and after each window of rows it stands where it goes
    on. One from the command line is a record only, without ``stored``."""

    class Kind(models.TextChoices):
        LEADS = "leads", "Leads"
        COMPANIES = "companies", "Companies"
        ACTIVITIES = "activities", "Activities"
        OUTCOMES = "outcomes", "Outcomes"

    class State(models.TextChoices):
        READING = "reading", "Being read"
        REFUSED = "refused", "Could not be read"
        COLUMNS = "columns", "Columns to match"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Ready to import"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Stopped early"
        PARKED = "parked", "In trouble"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    #: A worker has something to do.
    WORKED = (State.READING, State.CHECKING, State.RUNNING, State.UNDOING)
    #: Nothing has been written, and no worker reads the file: how it is read may still be changed.
    CHANGEABLE = (State.COLUMNS, State.CHECKED)

    public_id = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    file = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    source = models.CharField(max_length=64)
    live = models.BooleanField(help_text="Whether crossings handed over at once.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.DONE)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    activities = models.PositiveIntegerField("new activities", default=0)

    stored = models.CharField(
        max_length=80, blank=True, help_text="The uploaded file's own name in our folder."
    )
    size = models.PositiveBigIntegerField(default=0, help_text="In bytes.")
    looked = models.JSONField(default=dict, help_text="How the file is written, and what its columns hold.")
    reading = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="While it is read anew: how somebody said it is written, and the state to go back to.",
    )
    choices = models.JSONField(default=list, help_text="What somebody said each column is.")
    mapping = models.JSONField(default=dict)
    forecast = models.JSONField(default=dict, help_text="What the check of the whole file counted.")

    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True, help_text="Of the worker that has it now.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Since it last got on.")
    trouble = models.CharField(max_length=300, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rows=F("created") + F("updated") + F("skipped") + F("rejected")),
                name="capture_import_balanced",
            )
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["reading", "checking", "running", "undoing"]),
                name="capture_import_queue",
            ),
            models.Index(fields=["-created_at", "-id"], name="capture_import_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.file} of {self.source}"

    @property
    def path(self) -> Path:
        """Where the file lies that is read: as it was uploaded, or what a spreadsheet was turned into."""
        stored = f"{self.stored}.csv" if self.is_spreadsheet else self.stored
        return Path(settings.MEDIA_ROOT) / FOLDER / stored

    @property
    def upload(self) -> Path:
        """Where the file lies as it was uploaded."""
        return Path(settings.MEDIA_ROOT) / FOLDER / self.stored

    @property
    def is_spreadsheet(self) -> bool:
        return "sheet" in self.looked

    @property
    def has_columns(self) -> bool:
        """Whether the file was read once."""
        return "columns" in self.looked

    @property
    def total(self) -> int:
        """Rows of the whole file."""
        return int(self.looked.get("rows", 0))

    def brought(self, *, changed: bool = False) -> QuerySet["Lead"]:
        """The leads that it made, or ``changed``, and that are still there."""
        each = Func(F("wrote__lead_changes" if changed else "wrote__leads"), function="jsonb_array_elements")
        each.set_returning = True
        each.output_field = models.JSONField()
        keys = self.windows.annotate(each=each).values_list(
            Cast(KeyTextTransform("0", "each"), models.BigIntegerField()), flat=True
        )
        return Lead.objects.filter(pk__in=keys)

    @property
    def percent(self) -> int:
        done = self.forecast.get("rows", 0) if self.state == self.State.CHECKING else self.rows
        return min(100, round(100 * done / self.total)) if self.total else 0

    @property
    def is_worked_on(self) -> bool:
        return self.state in self.WORKED

    @property
    def may_change(self) -> bool:
        """Whether columns may still be matched otherwise: nothing has been written."""
        return self.state in self.CHANGEABLE

    def take_over(self, counts: "Counts") -> None:
        """Let the row say what became of the rows so far; does not save."""
        for name in COUNTED:
            setattr(self, name, getattr(counts, name))

    def finish(self, *, counts: "Counts", at: datetime) -> None:
        """Write down what became of the rows."""
        self.take_over(counts)
        self.finished_at = at
        self.state = self.State.DONE
        self.save(update_fields=[*COUNTED, "finished_at", "state"])


COUNTED: tuple[Any, ...] = ("rows", "created", "updated", "skipped", "rejected", "activities")


class ImportWindow(models.Model):
    """What one window of rows wrote, so that it can be taken back: primary keys of what it made, and each
    changed field before and after. Written in the window's transaction."""

    id = models.BigAutoField(primary_key=True)
    of = models.ForeignKey(Import, models.CASCADE, related_name="windows")
    first_row = models.PositiveIntegerField()
    wrote = models.JSONField(default=dict)
    undone = models.JSONField(null=True, blank=True, help_text="What was taken back and what stayed.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of", "first_row"], name="capture_importwindow_once"),
        ]

    def __str__(self) -> str:
        return f"{self.of_id} from row {self.first_row}"


class RejectedRow(models.Model):
    """A row of an import that could not be taken: the line it began on, why, and its cells as they were."""

    id = models.BigAutoField(primary_key=True)
    of = models.ForeignKey(Import, models.CASCADE, related_name="rejected_rows")
    line = models.PositiveIntegerField()
    reason = models.TextField()
    cells = models.JSONField()
    of_check = models.BooleanField(default=False, help_text="Found by the check before the import.")

    class Meta:
        indexes = [models.Index(fields=["of", "of_check", "line", "id"], name="capture_rejectedrow_lines")]

    def __str__(self) -> str:
        return f"Line {self.line}: {self.reason}"


class SavedMapping(models.Model):
    """What the columns of a kind of file are, under a name: "HubSpot contacts"; offered again for a file with
    the same headings."""

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Import.Kind.choices)
    headings = models.CharField(max_length=64, help_text="Digest of the headings it is for.")
    choices = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), "kind", name="capture_savedmapping_name_once"),
        ]
        indexes = [models.Index(fields=["headings", "kind"], name="capture_savedmapping_found")]

    def __str__(self) -> str:
        return self.name
