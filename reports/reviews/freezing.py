"""What a review counts, worked out once and kept as JSON: a later change of facts does not change it."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F

from handoff.models import Handoff, RejectReason
from leads.models import Lead
from leads.spelling import SOURCE, folded, most_often
from reports import agreeing, line_health
from reports.counting import share_of
from reports.handed import verdicts
from reports.models import Review
from reports.periods import Period
from reports.sent_back import ACCEPTED
from scoring import backtest, definitions, reviewing, suggestions, written
from scoring.dimensions import Dimension
from scoring.intervals import Share
from scoring.models import ModelVersion, Publication
from scoring.suggestions import Suggestions

from . import days, numbers

#: Weeks that the average of a reason is over: the one reviewed is the last of them.
AVERAGED = 4
#: Sources named beside a reason.
MOST_SOURCES = 2
#: Days that the back-test of a model review looks at.
TESTED_DAYS = 90


def figures(*, kind: str, period: Period, at: datetime) -> dict[str, Any]:
    """Everything that stays as it was: for the weekly review the shared numbers, the reasons and what is
    suggested, for the model review what became of each live version; for both the definitions in force."""
    found: dict[str, Any] = {"definitions": in_force()}
    if kind == Review.Kind.WEEKLY:
        advice = {version: _advice(version, at) for version in live_versions()}
        found |= {
            "numbers": numbers.shared(at=at),
            "reasons": reasons(period),
            "suggestions": [one for found in advice.values() for one in found],
        }
    else:
        found["models"] = [_model(standing, period, at) for standing in reviewing.standings(at=at)]
        found["suggestions"] = [one for model in found["models"] for one in model["suggestions"]]
    return found


def live_versions() -> list[ModelVersion]:
    """The default model's first. One query."""
    versions = ModelVersion.objects.published().select_related("model").order_by("model__key")
    return sorted(versions, key=lambda version: version.model.key != "default")


def reasons(period: Period) -> dict[str, Any]:
    """Why leads came back in ``period``, the commonest first: how often, how often a week in the last four,
    and where from: a source however it is spelled, called as most of these are. 3 queries."""
    handoffs = Handoff.objects.all()
    span = Period(period.first - (AVERAGED - 1) * days.WEEK, period.last)
    said = verdicts(handoffs=handoffs, period=period)
    before: Counter[int | None] = Counter(
        {
            row["reason"]: row["count"]
            for row in verdicts(handoffs=handoffs, period=span).values("reason").annotate(count=Count("pk"))
        }
    )
    here: dict[int | None, Counter[str]] = defaultdict(Counter)
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    source = "handoff__lead__source"
    rows = said.values("reason", key=folded(source, SOURCE), name=F(source)).annotate(count=Count("pk"))
    for row in rows.order_by("key"):
        here[row["reason"]][row["key"]] += row["count"]
        spelled[row["key"]][row["name"]] += row["count"]
    known = {reason.pk: reason for reason in RejectReason.objects.all()}
    lines = [
        {
            "code": reason.code,
            "label": reason.label,
            "count": here[pk].total(),
            "average": round(before[pk] / AVERAGED, 1),
            "sources": [
                [most_often(spelled[key]), count] for key, count in here[pk].most_common(MOST_SOURCES)
            ],
        }
        for pk, reason in known.items()
        if here[pk] or before[pk]
    ]
    decided = sum(sources.total() for sources in here.values())
    return {
        "decided": decided,
        "sent_back": decided - here[ACCEPTED].total(),
        "lines": sorted(lines, key=_commonest),
    }


def _commonest(line: dict[str, Any]) -> tuple[int, float, str]:
    return -line["count"], -line["average"], line["label"]


def in_force() -> dict[str, Any]:
    """What MQL and SQL mean: the words both teams signed, if they did, and what the live rules say."""
    signed = written.in_force()
    models = []
    for said in definitions.live():
        publication = said.version.last_publication()
        stages = {
            stage.stage: [*stage.lines, *(each.label for each in stage.triggers)] for stage in said.stages
        }
        models.append(
            {
                "model": said.version.model.name,
                "number": said.version.number,
                "since": publication.at if publication else None,
                **stages,
            }
        )
    words = signed and {
        "number": signed.number,
        "since": signed.in_force_at,
        "mql": signed.mql,
        "sql": signed.sql,
    }
    return {"words": words, "models": models}


def _advice(version: ModelVersion, at: datetime, made: Suggestions | None = None) -> list[dict[str, Any]]:
    """What outcomes propose for ``version``."""
    made = made or suggestions.of_model(version=version, at=at)
    return [
        {
            "model": version.model.key,
            "key": one.key,
            "kind": one.kind,
            "title": one.title,
            "said": one.said,
            "evidence": one.evidence,
        }
        for one in made.found
    ]


def _model(standing: reviewing.Standing, period: Period, at: datetime) -> dict[str, Any]:
    """One live version: how old, what changed in the month, was it right, which rules tell, what is
    suggested."""
    version = standing.version
    log = Publication.objects.filter(model=version.model, at__gte=period.start, at__lt=period.end)
    tested = backtest.of_version(version=version, at=at, since=at - timedelta(days=TESTED_DAYS))
    made = suggestions.of_model(version=version, at=at)
    return {
        "key": version.model.key,
        "name": version.model.name,
        "number": version.number,
        "since": standing.publication.at,
        "age_days": standing.age_days,
        "is_old": standing.is_old,
        "changes": [
            {
                "number": entry.version.number,
                "kind": entry.get_kind_display(),
                "at": entry.at,
                "by": str(entry.by or "the product"),
                "reason": entry.reason,
            }
            for entry in log.select_related("by", "version").order_by("id")
        ],
        "backtest": _tested(tested),
        "rules": _rules(made),
        "too_few": made.too_few,
        "unjudged": list(made.unjudged),
        "suggestions": _advice(version, at, made),
        "line": _line(version, period),
    }


def _line(version: ModelVersion, period: Period) -> list[dict[str, Any]]:
    """How the SQL line stood in the month, in each dimension of which it asks something; of the default
    model."""
    if version.model.key != "default":
        return []
    limits = {key: each.value for key, each in agreeing.in_force(on=period.last).items()}
    found = [
        line_health.health(leads=Lead.objects.all(), period=period, dimension=dimension)
        for dimension in Dimension
    ]
    return [
        {
            "dimension": one.dimension.value,
            "minimum": one.minimum,
            "broad": _share(one.broad),
            "strict": _share(one.strict),
            "word": line_health.verdict(one, limits).value,
        }
        for one in found
        if one.minimum is not None
    ]


def _share(of: Share) -> dict[str, Any] | None:
    enough = share_of(int(of.k), int(of.n))
    if enough is None:
        return None
    return {"percent": enough.percent, "between": enough.between, "n": int(enough.n)}


def _tested(tested: backtest.Backtest) -> dict[str, Any]:
    figures = tested.figures
    shares = {} if figures is None else {
        name: {"percent": share.percent, "between": share.between, "n": int(share.n)}
        for name, share in (
            ("precision", figures.precision),
            ("recall", figures.recall),
            ("accuracy", figures.accuracy),
        )
    }  # fmt: skip
    return {"n": tested.n, "days": TESTED_DAYS, "verdict": tested.verdict, **shares}


def _rules(made: Suggestions) -> list[dict[str, Any]]:
    """How each rule's leads fared, those that fired most first."""
    rows = [
        {
            "key": rate.key,
            "label": rate.label,
            "points": rate.points,
            "fired": rate.fired,
            "percent": None if rate.is_quiet else rate.accepted.percent,
            "between": "" if rate.is_quiet else rate.accepted.between,
        }
        for rate in made.rules
    ]
    return sorted(rows, key=lambda row: -row["fired"])
