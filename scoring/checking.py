"""Is every stored score what the facts say? Each is computed again as of its own moment and compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from accounts.clock import database_now
from leads.models import ChangedLead, Lead

from .compiling import Asked
from .models import ModelVersion, Score, ScoringModel
from .statement import Row, compiled, run, scores

AT_ONCE = 5_000
#: A sweep that is later than this many periods is a fault.
LATE_PERIODS = 2


@dataclass(frozen=True, slots=True)
class Wrong:
    """A stored score that differs from the one computed; in hundredths, (fit, engagement, intent)."""

    lead_id: int
    model: str
    stored: tuple[int, int, int] | None
    computed: tuple[int, int, int] | None
    #: The number of the retired version it is of, although everybody has been scored under another since.
    retired: int | None = None


def wrong_scores(*, limit: int = 1000) -> Iterator[Wrong]:
    """Every stored score that differs, and every lead that has none, up to ``limit``. Leads that wait to be
    scored are left out: they are known to be out of date."""
    found = 0
    for model in ScoringModel.objects.order_by("id"):
        for wrong in _of_model(model):
            yield wrong
            found += 1
            if found >= limit:
                return
        yield from _missing(model, limit - found)


def _of_model(model: ScoringModel) -> Iterator[Wrong]:
    live = model.versions.published().filter(rescored_to=None).first()
    for version in model.versions.exclude(state=ModelVersion.State.DRAFT).order_by("number"):
        if live in (None, version):
            yield from _of_version(version, model.key)
        else:
            yield from _left_behind(version, model.key)


def _left_behind(version: ModelVersion, model: str) -> Iterator[Wrong]:
    """Scores of a retired version: publishing its successor is done, and forgot them."""
    waiting = ChangedLead.objects.filter(parked_at=None).values("lead_id")
    left = Score.objects.filter(version=version).exclude(lead__in=waiting).order_by("lead_id")
    for lead_id, *stored in left.values_list("lead_id", "fit", "engagement", "intent").iterator():
        yield Wrong(lead_id, model, (stored[0], stored[1], stored[2]), None, retired=version.number)


def _of_version(version: ModelVersion, model: str) -> Iterator[Wrong]:
    statement = compiled(version, asked=Asked.MOMENTS)
    last = 0
    while True:
        stored = list(
            Score.objects.filter(version=version, lead_id__gt=last)
            .order_by("lead_id")
            .values_list("lead_id", "computed_at")[:AT_ONCE]
        )
        if not stored:
            return
        rows = run(
            f"WITH {statement.ctes}\n{_DIFFERENT}",
            statement.binding(
                ids=[lead_id for lead_id, _ in stored], moments=[at for _, at in stored], version=version.pk
            ),
            prepare=False,
        )
        for row in rows:
            yield Wrong(
                row["lead_id"],
                model,
                (row["old_fit"], row["old_engagement"], row["old_intent"]),
                (row["fit"], row["engagement"], row["intent"]),
            )
        last = stored[-1][0]


#: A score that was stored anew since the list was read is not compared: it was computed after all of this.
_DIFFERENT = """
SELECT d.lead_id, d.fit, d.engagement, d.intent,
  s.fit AS old_fit, s.engagement AS old_engagement, s.intent AS old_intent
FROM scored d
JOIN who w ON w.n = d.n
JOIN scoring_score s
  ON s.lead_id = d.lead_id AND s.version_id = %(version)s::bigint AND s.computed_at = w.as_of
WHERE (NOT d.applies OR (s.fit, s.engagement, s.intent) IS DISTINCT FROM (d.fit, d.engagement, d.intent)
    OR (d.fading AND NOT s.fading))
  AND NOT EXISTS (SELECT 1 FROM leads_changedlead c WHERE c.lead_id = d.lead_id AND c.parked_at IS NULL)
ORDER BY d.lead_id
"""


def _missing(model: ScoringModel, limit: int) -> Iterator[Wrong]:
    """Leads that were never scored although nothing is on its way to do so."""
    if not model.versions.published().filter(rescored_to=None).exists():
        return
    waiting = ChangedLead.objects.filter(parked_at=None).values("lead_id")
    scored = Score.objects.filter(model=model).values("lead_id")
    never = Lead.objects.exclude(pk__in=scored).exclude(pk__in=waiting).order_by("id")
    version = ModelVersion.objects.live(model.key)
    ids = list(never.values_list("id", flat=True)[: max(limit, 0) if version.applies_to is None else None])
    if version.applies_to is not None:
        ids = [row["lead_id"] for row in _computed(version, ids) if row["applies"]][: max(limit, 0)]
    for lead_id in ids:
        yield Wrong(lead_id, model.key, None, None)


def _computed(version: ModelVersion, ids: list[int]) -> Iterator[Row]:
    """The scores of leads as of now, some at a time."""
    for first in range(0, len(ids), AT_ONCE):
        yield from scores(compiled(version), ids=ids[first : first + AT_ONCE], as_of=database_now())


def late_sweeps(*, at: datetime) -> list[str]:
    """Sentences about models whose fading points were last looked at too long ago."""
    period = timedelta(minutes=settings.FADING_SWEEP_MINUTES)
    late = []
    for version in ModelVersion.objects.published().select_related("model"):
        # Publishing scored everybody too, each later than it was published.
        known = [moment for moment in (version.model.swept_at, version.published_at) if moment]
        last = max(known, default=None)
        if last is None or at - last <= LATE_PERIODS * period:
            continue
        if Score.objects.filter(model=version.model, fading=True).exists():
            late.append(
                f"{version.model}: fading points were last swept at {last:%Y-%m-%d %H:%M} UTC, more than"
                f" {LATE_PERIODS} periods of {settings.FADING_SWEEP_MINUTES:g} minutes ago."
            )
    return late
