"""A company with a week behind it, and a checked version that waits for its review."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from handoff import decisions
from handoff.models import Handoff, RejectReason, Verdict
from leads.models import Opportunity
from reports.models import Review
from reports.reviews import preparing
from scoring import model_file, publishing
from scoring.models import ModelVersion
from tests import factories as make
from tests.handoff.views.worlds import handed_over

#: A Tuesday; the week before began on Monday, the 9th.
TUESDAY = make.NOW
IN_THE_WEEK = TUESDAY - timedelta(days=6)


def evidence(total: float, **points: float) -> dict[str, Any]:
    reasons = [{"rule": rule, "label": rule.capitalize(), "points": each} for rule, each in points.items()]
    return {"explanation": {"total": total, "dimensions": [{"key": "fit", "reasons": reasons}]}}


def sent_back(
    by: User, code: str = "too_small", *, at: datetime = IN_THE_WEEK, total: float = 0, **of: Any
) -> Verdict:
    """A rejection of that day; of ``total`` points by a crossing where there are any."""
    handoff = offered(by, at=at, total=total, **of)
    reason = RejectReason.objects.get(code=code)
    return decisions.reject(handoff=handoff, by=by, reason=reason, at=at, note="Wants one seat.")


def offered(by: User, *, at: datetime = IN_THE_WEEK, total: float = 0, **of: Any) -> Handoff:
    handoff = handed_over(by, at=at - timedelta(hours=1), **of)
    Handoff.objects.filter(pk=handoff.pk).update(evidence=evidence(total, demo=25.0) if total else {})
    handoff.refresh_from_db()
    return handoff


def deal(
    by: User, *, at: datetime = IN_THE_WEEK, name: str = "Elena Rossi", amount: int = 9_000
) -> Opportunity:
    """Sales found somebody and made a deal; no score brought them."""
    lead = make.lead(name, at=at - timedelta(days=1))
    return Opportunity.objects.create(lead=lead, owner=by, amount=amount, created_at=at)


def checked(by: User, *, intent: int = 22, at: datetime = TUESDAY) -> ModelVersion:
    """The live model with another intent line, ready to be signed."""
    live = ModelVersion.objects.live()
    data = model_file.save(version=live)
    line = next(line for line in data["lines"] if line["stage"] == "sql")
    line["min"]["intent"] = intent
    draft = model_file.load(data=data, by=by)
    return publishing.check_draft(version=draft, by=by, at=at)


def prepared(*, at: datetime = TUESDAY, kind: str = "weekly", by: User | None = None) -> Review:
    return preparing.prepare(kind=kind, at=at, by=by)
