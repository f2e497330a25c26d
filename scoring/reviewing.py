"""Is the model still right? How old the live version is, when somebody looks at it again, and what they said
(S1-19, S1-33)."""

import calendar
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings

from accounts.permissions import may_agree_on_handoffs, may_review_rules

from .models import ModelReview, ModelVersion, Publication, ScoringModel

if TYPE_CHECKING:
    from accounts.models import User


#: The most handoffs a week that anybody agrees on.
MOST_AGREED = 10_000


class NotYours(Exception):
    """Marketing, managers and admins review the rules; sales says how much it takes."""


class NoteMissing(Exception):
    """A review without a word helps nobody later."""


class NothingLive(Exception):
    """There is no published version to review."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a live version stands: live since ``publication``, last looked at in ``review`` if anybody did
    since, to be looked at again on ``due_at``. As of ``at``."""

    version: ModelVersion
    publication: Publication
    review: ModelReview | None
    due_at: datetime
    at: datetime

    @property
    def is_due(self) -> bool:
        return self.due_at <= self.at

    @property
    def age_days(self) -> int:
        """Whole days since it went live, or was brought back."""
        return max(0, (self.at - self.publication.at).days)

    @property
    def is_old(self) -> bool:
        return self.age_days >= settings.MODEL_AGE_WARNING_DAYS

    @property
    def reminder_at(self) -> datetime:
        """The last moment at which a reminder was due: monthly until somebody reviews. Before the first one,
        that one."""
        months = (self.at.year - self.due_at.year) * 12 + self.at.month - self.due_at.month
        moment = months_after(self.due_at, max(0, months))
        return moment if moment <= self.at or months <= 0 else months_after(self.due_at, months - 1)


def record(*, model: ScoringModel, by: "User", note: str, at: datetime) -> ModelReview:
    """``by`` looked at the live version of ``model`` and its figures, and says what follows. The next review
    is due a month later. Raises NotYours, NoteMissing, NothingLive."""
    if not may_review_rules(by):
        raise NotYours("A marketer, a manager or an admin reviews the rules.")
    if not note.strip():
        raise NoteMissing("Say what you saw, and what follows from it: “still right” is enough.")
    live = model.versions.published().first()
    if live is None:
        raise NothingLive(f"No version of {model} is live yet.")
    return ModelReview.objects.create(model=model, version=live, at=at, by=by, note=note.strip())


def agree(*, model: ScoringModel, by: "User", handoffs: int | None) -> None:
    """Sales takes up to so many ``handoffs`` a week from ``model``; None for no agreement. Raises
    NotYours."""
    if not may_agree_on_handoffs(by):
        raise NotYours("A manager or an admin says what sales takes.")
    ScoringModel.objects.filter(pk=model.pk).update(agreed_handoffs=handoffs)


def standings(*, at: datetime) -> list[Standing]:
    """Every live version, the default model's first. 3 queries."""
    versions = ModelVersion.objects.published().select_related("model").order_by("model__key")
    publications = {row.model_id: row for row in _newest_publications()}
    reviews = {row.model_id: row for row in _newest_reviews()}
    found = []
    for version in sorted(versions, key=lambda version: version.model.key != "default"):
        publication, review = publications[version.model_id], reviews.get(version.model_id)
        if review is not None and review.at < publication.at:
            review = None
        due_at = months_after(review.at if review else publication.at, 1)
        found.append(Standing(version, publication, review, due_at, at))
    return found


def _newest_publications() -> list[Publication]:
    log = Publication.objects.select_related("by").order_by("model", "-id")
    return list(log.distinct("model"))


def _newest_reviews() -> list[ModelReview]:
    reviews = ModelReview.objects.select_related("by").order_by("model", "-id")
    return list(reviews.distinct("model"))


def months_after(at: datetime, months: int) -> datetime:
    """The same day and time ``months`` later; the month's last day where it is shorter."""
    years, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + years, month + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
