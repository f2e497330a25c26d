"""Leads with a past: handed over, decided, won or lost, as the rows in the history say."""

from datetime import datetime, timedelta
from typing import Any

from leads import lifecycle
from leads.models import Lead, StageChange
from leads.stages import Stage
from scoring import model_file
from scoring.models import ModelVersion
from scoring.publishing import publish
from tests.factories import NOW, activity, lead

Cause = StageChange.Cause


def moved(of: Lead, to: Stage, at: datetime, *, cause: str = Cause.PERSON, reason: str = "") -> StageChange:
    return lifecycle.move(lead=of, to=to, at=at, cause=Cause(cause), reason=reason)


def handed_over(at: datetime, **fields: Any) -> Lead:
    made = lead(at=at - timedelta(days=10), **fields)
    moved(made, Stage.MQL, at - timedelta(days=5), cause=Cause.CROSSING)
    moved(made, Stage.HANDED_OVER, at, cause=Cause.CROSSING)
    return made


def accepted(at: datetime, **fields: Any) -> Lead:
    """Handed over a day before, and accepted at ``at``."""
    made = handed_over(at - timedelta(days=1), **fields)
    moved(made, Stage.SQL, at, cause=Cause.VERDICT)
    return made


def sent_back(at: datetime, reason: str = "timing", to: Stage = Stage.MQL, **fields: Any) -> Lead:
    made = handed_over(at - timedelta(days=1), **fields)
    moved(made, to, at, cause=Cause.VERDICT, reason=reason)
    return made


def won(at: datetime, **fields: Any) -> Lead:
    """Accepted a week before, and a customer at ``at``."""
    made = accepted(at - timedelta(days=7), **fields)
    moved(made, Stage.OPPORTUNITY, at - timedelta(days=5), cause=Cause.CONVERSION)
    moved(made, Stage.CUSTOMER, at)
    return made


def rule(key: str, when: dict[str, Any], points: int, dimension: str = "fit", **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "label": key.capitalize(),
        "dimension": dimension,
        "when": when,
        "points": points,
        **more,
    }


def fact(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, **({} if value is None else {"value": value})}


#: A demo is worth 20 of intent, a manager 10 of fit; 20 and 10 are over.
MODEL: dict[str, Any] = {
    "model": "default",
    "rules": [
        rule("demo", {"activity": ["demo_request"]}, 20, "intent"),
        rule("manager", fact("title", "contains", "manager"), 10),
    ],
    "lines": [{"stage": "sql", "min": {"intent": 20, "fit": 10}, "leave": 0}],
}


def live(model: dict[str, Any] | None = None) -> ModelVersion:
    version = model_file.load(data=model or MODEL)
    return publish(version=version, by=None, reason="For the test.", at=NOW - timedelta(days=300))


def ready(made: Lead, at: datetime) -> Lead:
    """``made`` requested a demo at ``at``."""
    activity(made, "demo_request", at)
    return made
