"""Rules, which give points, and what they share with triggers and blockers."""

from typing import Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from leads.models import ActivityType
from scoring.conditions import Condition, parse
from scoring.contradictions import never_holds
from scoring.dimensions import MOST_POINTS, Dimension
from scoring.faults import ConditionError
from scoring.limits import impossible_values
from scoring.ruleset import check_rule, check_tiers

from .model_version import KEY, ModelVersion


def only_in_drafts() -> pgtrigger.Trigger:
    """Refuses to write parts of a version that is no draft. Turning a part off that cannot be computed is
    allowed: it says why, and the rest goes on. Whoever checks or publishes a version holds its row, so a
    part that is being written at that moment waits, and is then refused."""
    return pgtrigger.Trigger(
        name="only_in_drafts",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("final", "scoring_modelversion%ROWTYPE")],
        func="""
            IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - 'disabled_at' - 'disabled_reason')
                = (to_jsonb(OLD) - 'disabled_at' - 'disabled_reason') THEN
                RETURN NEW;
            END IF;
            FOR final IN SELECT * FROM scoring_modelversion
                WHERE id = NEW.version_id OR id = OLD.version_id ORDER BY id FOR SHARE
            LOOP
                IF final.state <> 'draft' THEN
                    RAISE EXCEPTION 'Version % is % and cannot change: make a draft from it.',
                        final.number, final.state USING ERRCODE = 'check_violation';
                END IF;
            END LOOP;
            RETURN COALESCE(NEW, OLD);
        """,
    )


class Conditional(models.Model):
    """A part with a condition. One that cannot be computed is turned off with the reason, instead of
    breaking the others."""

    when: Any = models.JSONField(default=dict)
    unless: Any = models.JSONField(
        null=True, blank=True, help_text="While this holds the part counts for nothing. Empty for never."
    )
    is_on = models.BooleanField("on", default=True)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_reason = models.TextField(blank=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at=None, disabled_reason="")
                | (Q(disabled_at__isnull=False) & ~Q(disabled_reason="")),
                name="%(app_label)s_%(class)s_disabled_with_reason",
            )
        ]

    def read_conditions(self) -> tuple[Condition, Condition | None]:
        """What it asks, and its exception. ValidationError at ``when`` or ``unless`` says where in it and
        what would be right."""
        types = set(ActivityType.objects.values_list("key", flat=True))
        faults: dict[str, str] = {}
        read: dict[str, Condition] = {}
        for name in ("when", "unless"):
            asked = getattr(self, name)
            if name == "unless" and asked is None:
                continue
            try:
                read[name] = parse(asked, types=types)
            except ConditionError as error:
                faults[name] = str(error)
        if faults:
            raise ValidationError(faults)
        return read["when"], read.get("unless")

    def check_conditions(self) -> tuple[Condition, Condition | None]:
        """The same of a part of a draft, where somebody must be able to meet it."""
        when, unless = self.read_conditions()
        labels = dict(ActivityType.objects.values_list("key", "label"))
        never = [f"{path}: {message}" for path, message in impossible_values(self.when, "$")]
        if why := " ".join(never) or never_holds(when, unless, labels):
            raise ValidationError({"when": why})
        return when, unless


class RuleGroup(models.Model):
    """Rules of one dimension that together give, or take, at most ``cap`` points: "page views, 12". A group
    may itself be part of a larger one."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="groups")
    key = models.CharField(max_length=64, validators=[KEY])
    cap = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100_000)])
    within = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="inner",
        help_text="The larger group it is part of.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="scoring_rulegroup_key_once"),
            models.CheckConstraint(condition=Q(cap__range=(1, 100_000)), name="scoring_rulegroup_cap_range"),
        ]
        triggers = [only_in_drafts()]

    def __str__(self) -> str:
        return f"{self.key}, at most {self.cap}"

    def clean(self) -> None:
        outer, passed = self.within, {self.pk}
        while outer is not None:
            if outer.version_id != self.version_id:
                raise ValidationError({"within": "That group belongs to another version."})
            if outer.pk in passed:
                raise ValidationError({"within": "Then the group would be part of itself."})
            passed.add(outer.pk)
            outer = outer.within


class Rule(Conditional):
    """Points for a fact or for behaviour: "25 intent points for a demo request in 30 days, halved every 30".
    ``when`` is a condition tree as ``scoring.conditions`` reads it."""

    class Count(models.TextChoices):
        ONCE = "once", "Once"
        EACH = "each", "Each time"
        TIERS = "tiers", "By how often"

    class Period(models.TextChoices):
        DAY = "day", "Day"
        WEEK = "week", "Week"
        MONTH = "month", "Month"
        EVER = "ever", "Ever"

    class Decay(models.TextChoices):
        HALF_LIFE = "half_life", "Halves every … days"
        LINEAR = "linear", "Loses a share every … days"
        DROP = "drop", "Drops after … days"

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField(default=0, help_text="The order in which rules are shown.")
    key = models.CharField(max_length=64, validators=[KEY])
    label = models.CharField(max_length=160)
    dimension = models.CharField(max_length=10, choices=Dimension.choices)
    group = models.ForeignKey(RuleGroup, models.PROTECT, null=True, blank=True, related_name="rules")
    points = models.SmallIntegerField(
        validators=[MinValueValidator(-MOST_POINTS), MaxValueValidator(MOST_POINTS)]
    )
    mismatch_points = models.SmallIntegerField(
        "points for a mismatch", null=True, blank=True,
        validators=[MinValueValidator(-MOST_POINTS), MaxValueValidator(MOST_POINTS)],
        help_text="When everything it asks about is known and does not match; unknown gives nothing.",
    )  # fmt: skip
    tiers: Any = models.JSONField(
        null=True, blank=True,
        help_text="By how often: a list of {times, points}; the highest reached counts.",
    )  # fmt: skip
    count = models.CharField(max_length=5, choices=Count.choices, default=Count.ONCE)
    cap = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text="The most points this rule gives or takes, when each time counts.",
    )  # fmt: skip
    per_times = models.PositiveSmallIntegerField(
        "at most", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="How many count in each period.",
    )  # fmt: skip
    per_period = models.CharField("in each", max_length=5, choices=Period.choices, blank=True)
    window_days = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    decay_kind = models.CharField("fading", max_length=9, choices=Decay.choices, blank=True)
    decay_days = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    decay_percent = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="The share lost; empty for all of it. Not for halving.",
    )  # fmt: skip

    class Meta(Conditional.Meta):
        constraints = [
            *Conditional.Meta.constraints,
            models.UniqueConstraint(fields=["version", "key"], name="scoring_rule_key_once"),
            models.CheckConstraint(
                condition=Q(points__range=(-MOST_POINTS, MOST_POINTS)), name="scoring_rule_points_range"
            ),
            models.CheckConstraint(
                condition=Q(dimension__in=Dimension.values), name="scoring_rule_dimension_known"
            ),
            models.CheckConstraint(
                condition=Q(per_times=None, per_period="")
                | (Q(per_times__gte=1) & Q(per_period__in=["day", "week", "month", "ever"])),
                name="scoring_rule_period_whole",
            ),
            models.CheckConstraint(
                condition=Q(decay_kind="", decay_days=None, decay_percent=None)
                | (Q(decay_kind="half_life", decay_percent=None) & Q(decay_days__gte=1))
                | (Q(decay_kind__in=["linear", "drop"]) & Q(decay_days__gte=1)),
                name="scoring_rule_fading_whole",
            ),
            models.CheckConstraint(
                condition=Q(count="each")
                | Q(count="tiers", cap=None)
                | Q(count="once", cap=None, per_times=None),
                name="scoring_rule_limits_need_each",
            ),
            models.CheckConstraint(
                condition=Q(count="tiers", tiers__isnull=False, decay_kind="")
                | (~Q(count="tiers") & Q(tiers=None)),
                name="scoring_rule_tiers_whole",
            ),
            models.CheckConstraint(
                condition=Q(mismatch_points=None) | Q(mismatch_points__range=(-MOST_POINTS, MOST_POINTS)),
                name="scoring_rule_mismatch_points_range",
            ),
        ]
        triggers = [only_in_drafts()]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        when, _ = self.check_conditions()
        if self.count == self.Count.TIERS:
            self._check_tiers()
        elif self.tiers is not None:
            raise ValidationError({"tiers": "Only a rule that counts by how often has tiers."})
        try:
            check_rule(
                {**self.settings(), "dimension": self.dimension},
                when,
                graded=self.version_id is not None and self.version.grades_from is not None,
            )
        except ConditionError as error:
            fields = {"$.decay": "decay_kind", "$.per": "per_times", "$.mismatch": "mismatch_points"}
            raise ValidationError(
                {fields.get(path, path.removeprefix("$.")): message for path, message in error.faults}
            ) from None
        if bool(self.per_times) != bool(self.per_period):
            raise ValidationError({"per_times": "Say both how many and in which period, or neither."})
        if bool(self.decay_kind) != bool(self.decay_days):
            raise ValidationError(
                {"decay_days": "Say both how points fade and in how many days, or neither."}
            )
        if self.decay_kind == self.Decay.HALF_LIFE and self.decay_percent is not None:
            raise ValidationError({"decay_percent": "A half-life needs no share."})
        if self.group is not None:
            self._check_group(self.group)

    def _check_tiers(self) -> None:
        try:
            tiers = check_tiers(self.tiers, "$", MOST_POINTS)
        except ConditionError as error:
            raise ValidationError({"tiers": str(error)}) from None
        self.points = tiers[-1].points

    def _check_group(self, group: RuleGroup) -> None:
        if group.version_id != self.version_id:
            raise ValidationError({"group": "The group belongs to another version."})
        others = group.rules.exclude(pk=self.pk).exclude(dimension=self.dimension).first()
        if others is not None:
            about = others.get_dimension_display().lower()
            raise ValidationError(
                {"group": f"The rules of “{group.key}” are about {about}; a group has one dimension."}
            )

    def settings(self) -> dict[str, Any]:
        """How it counts, under the model file's keys; what is not set is left out."""
        settings: dict[str, Any] = {"points": self.points, "count": self.count}
        if self.tiers is not None:
            del settings["points"]
            settings["tiers"] = self.tiers
        if self.mismatch_points is not None:
            settings["mismatch"] = self.mismatch_points
        if self.cap is not None:
            settings["cap"] = self.cap
        if self.per_times is not None:
            settings["per"] = {"times": self.per_times, "period": self.per_period}
        if self.window_days is not None:
            settings["window_days"] = self.window_days
        if self.decay_days is not None:
            settings["decay"] = {"kind": self.decay_kind, "days": self.decay_days}
            if self.decay_percent is not None:
                settings["decay"]["percent"] = self.decay_percent
        return settings
