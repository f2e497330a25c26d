"""A model of thirty rules: the starter, and more rules of the kinds that companies write."""

from typing import Any

from django.utils import timezone

from scoring import model_file, publishing, rescoring
from scoring.models import ModelVersion, ScoringModel

RULES = 30


def publish_thirty_rules() -> ModelVersion:
    """Publish the starter with further rules, 15 of behaviour and 15 of fit, and finish the publishing."""
    data = model_file.starter("default")
    fit = [rule for rule in data["rules"] if rule["dimension"] == "fit"]
    behaviour = [rule for rule in data["rules"] if rule["dimension"] != "fit"]
    data["rules"] = (
        fit + _FIT[: RULES // 2 - len(fit)] + behaviour + _BEHAVIOUR[: RULES // 2 - len(behaviour)]
    )
    version = publishing.publish(
        version=model_file.load(data=data), by=None, reason="The model of the bench.", at=timezone.now()
    )
    # Scores are the bench's business; the marker only says that nobody has to catch up.
    ModelVersion.objects.filter(pk=version.pk).update(rescored_to=None)
    return version


def model() -> ScoringModel:
    return ScoringModel.objects.get(key="default")


def score_everybody() -> int:
    return rescoring.rescore_everybody(model=model(), at=timezone.now())


def _fit(key: str, field: str, op: str, value: Any, points: int) -> dict[str, Any]:
    when = {"field": field, "op": op, "value": value}
    return {"key": key, "label": key, "dimension": "fit", "when": when, "points": points, "count": "once"}


def _behaviour(key: str, types: list[str], points: int, **more: Any) -> dict[str, Any]:
    rule = {
        "key": key,
        "label": key,
        "dimension": "engagement",
        "when": {"activity": types},
        "points": points,
    }
    return {**rule, "count": "each", "cap": 10 * abs(points), **more}


_FIT = [
    _fit("in-dach", "company.country", "in", ["DE", "AT", "CH"], 3),
    _fit("in-nordics", "company.country", "in", ["SE", "NO", "DK", "FI"], 2),
    _fit("large-revenue", "company.revenue", "gte", 10_000_000, 4),
    _fit("title-service", "title", "contains", "service", 3),
    _fit("title-operations", "title", "contains", "operations", 3),
    _fit("title-purchasing", "title", "starts", "purchasing", -2),
    _fit("came-by-referral", "source", "eq", "referral", 5),
    _fit("company-named", "company.name", "contains", "company", 1),
    _fit("small-firm", "company.employees", "lt", 10, -3),
]
_BEHAVIOUR = [
    _behaviour("product-views", ["product_page_view"], 1, window_days=60),
    _behaviour("case-studies", ["case_study_view"], 2, window_days=90),
    _behaviour("careers", ["careers_page_view"], -5, window_days=30),
    _behaviour("forms", ["form_submitted"], 3, decay={"kind": "half_life", "days": 45}),
    _behaviour(
        "webinar-registered", ["webinar_registered"], 2, decay={"kind": "linear", "days": 30, "percent": 50}
    ),
    _behaviour("mail-daily", ["email_opened"], 1, per={"times": 1, "period": "day"}, window_days=30),
    _behaviour("ads", ["ad_click"], 1, window_days=14),
    _behaviour("unsubscribed", ["unsubscribed"], -10),
]
