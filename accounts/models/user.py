"""Users, the teams they belong to, and when they work."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from .calendar import BusinessCalendar, Weekday, validate_time_zone


class Role(models.TextChoices):
    ADMIN = "admin", "Admin"
    MARKETER = "marketer", "Marketer"
    REP = "rep", "Sales rep"
    MANAGER = "manager", "Sales manager"


class Team(models.Model):
    """A sales team; the boundary of who sees whose leads. "DACH", with its calendar."""

    public_id = models.UUIDField(
        default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False
    )  # the database's own, too: teams that were there before get one each
    name = models.CharField(max_length=80, unique=True)
    calendar = models.ForeignKey(BusinessCalendar, models.PROTECT, related_name="teams")

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user who signs in with ``email`` (stored lower-case). No password: cannot sign in."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an admin; what ``manage.py createsuperuser`` calls."""
        return self.create_user(email, password, **{"role": Role.ADMIN, **fields})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """Someone who works here: "Sofia Reuter, sales rep in DACH". Signs in with an e-mail address.
    What one may do follows from the role alone; there are no groups and no single permissions."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True, help_text="Lower-case; signs in with it.")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.REP)
    teams = models.ManyToManyField(
        Team, blank=True, related_name="members", help_text="A rep has one team; a manager may lead several."
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    theme = models.CharField(
        max_length=5,
        blank=True,
        choices=[("light", "Light"), ("dark", "Dark")],
        help_text="Empty follows the system.",
    )
    keys_enabled = models.BooleanField("single-key shortcuts", default=True)
    is_active = models.BooleanField(
        default=True, help_text="Switch off instead of deleting: history keeps the name."
    )
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="accounts_user_email_lower")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_staff(self) -> bool:
        """Whether Django's admin lets the user in. Only admins."""
        return self.is_active and self.is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's admin asks this; only admins get there and may do everything."""
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ", 1)[0]


class WorkingHours(models.Model):
    """When one person takes new leads, in their own time zone. None at all: at any time."""

    user = models.ForeignKey(User, models.CASCADE, related_name="working_hours")
    weekday = models.SmallIntegerField(choices=Weekday.choices)
    starts = models.TimeField()
    ends = models.TimeField()

    class Meta:
        verbose_name_plural = "working hours"
        constraints = [
            models.UniqueConstraint(fields=["user", "weekday", "starts"], name="accounts_workinghours_once"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="accounts_workinghours_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class Absence(models.Model):
    """A stretch in which one person gets no new leads: "on leave 3 to 14 August"."""

    user = models.ForeignKey(User, models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="accounts_absence_in_order")
        ]
        indexes = [models.Index(fields=["user", "ends_at"], name="accounts_absence_ahead")]  # availability

    def __str__(self) -> str:
        return f"{self.user} away {self.starts_at:%d %b} to {self.ends_at:%d %b}"
