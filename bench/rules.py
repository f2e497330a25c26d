"""A model of thirty rules: the starter, and more rules of the kinds that companies write."""

from typing import Any

from django.utils import timezone

from scoring import model_file, publishing, rescoring
from scoring.models import ModelVersion, ScoringModel

RULES = 30


def publish_thirty_rules() -> ModelVersion:
    """Publish the starter with further rules, 15 of behaviour and 15 of fit, and finish the publishing."""
    data = model_file.starter("default")
    who = [rule for rule in data["rules"] if rule["dimension"] == "fit"]
    what = [rule for rule in data["rules"] if rule["dimension"] != "fit"]
    data["rules"] = who + FIT[: RULES // 2 - len(who)] + what + BEHAVIOUR[: RULES // 2 - len(what)]
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


def fit(key: str, field: str, op: str, value: Any, points: int) -> dict[str, Any]:
    when = {"field": field, "op": op, "value": value}
    return {"key": key, "label": key, "dimension": "fit", "when": when, "points": points, "count": "once"}


def behaviour(key: str, types: list[str], points: int, **more: Any) -> dict[str, Any]:
    rule = {
        "key": key,
        "label": key,
        "dimension": "engagement",
        "when": {"activity": types},
        "points": points,
    }
    return {**rule, "count": "each", "cap": 10 * abs(points), **more}


FIT = [
    fit("in-dach", "company.country", "in", ["DE", "AT", "CH"], 3),
    fit("in-nordics", "company.country", "in", ["SE", "NO", "DK", "FI"], 2),
    fit("large-revenue", "company.revenue", "gte", 10_000_000, 4),
    fit("title-service", "title", "contains", "service", 3),
    fit("title-operations", "title", "contains", "operations", 3),
    fit("title-purchasing", "title", "starts", "purchasing", -2),
    fit("came-by-referral", "source", "eq", "referral", 5),
    fit("company-named", "company.name", "contains", "company", 1),
    fit("small-firm", "company.employees", "lt", 10, -3),
]
BEHAVIOUR = [
    behaviour("product-views", ["product_page_view"], 1, window_days=60),
    behaviour("case-studies", ["case_study_view"], 2, window_days=90),
    behaviour("careers", ["careers_page_view"], -5, window_days=30),
    behaviour("forms", ["form_submitted"], 3, decay={"kind": "half_life", "days": 45}),
    behaviour(
        "webinar-registered", ["webinar_registered"], 2, decay={"kind": "linear", "days": 30, "percent": 50}
    ),
    behaviour("mail-daily", ["email_opened"], 1, per={"times": 1, "period": "day"}, window_days=30),
    behaviour("ads", ["ad_click"], 1, window_days=14),
    behaviour("unsubscribed", ["unsubscribed"], -10),
]
