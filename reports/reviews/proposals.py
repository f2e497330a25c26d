"""What a review decides on: checked versions that wait to go live, each with its price. When both sides have
signed one, it is live at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.permissions import may_draft_rules, may_sign_for
from accounts.sides import Side
from leads.ticks import tick
from reports.models import NotYet, Review, ReviewProposal
from scoring import publishing, suggestions
from scoring.model_file import ModelFileError
from scoring.models import ModelVersion

from .holding import Refused, hold
from .prices import price

if TYPE_CHECKING:
    from accounts.models import User

#: What a price is over where no version of the model is live.
NOTHING_LIVE = 0


class NotYours(Refused):
    """The other side signs that."""


class Gone(Refused):
    """What was proposed is not proposed any more."""


def waiting() -> list[ModelVersion]:
    """Checked versions that are not live, oldest first. One query."""
    checked = ModelVersion.objects.filter(state=ModelVersion.State.CHECKED)
    return list(checked.select_related("model", "checked_by", "based_on").order_by("checked_at", "id"))


def take_in(*, review: Review, at: datetime) -> list[ReviewProposal]:
    """Put every checked version on ``review`` that is not on it, with its price as of ``at``; one that was
    edited and checked again, or under which other rules went live, is priced anew. Returns what is new. The
    prices take their time and are worked out before the review is held, so that nobody's click waits for
    them. Raises Closed. Safe to repeat."""
    known = {one.version_id: one for one in review.proposals.all()}
    live = dict(ModelVersion.objects.published().values_list("model", "number"))
    priced = [
        (version, _worked_out(version, at=at))
        for version in waiting()
        if _needs_a_price(version, known.get(version.pk), over=live.get(version.model_id, NOTHING_LIVE))
    ]
    if not priced:
        return []
    with transaction.atomic():
        held = hold(review)
        return [
            ReviewProposal.objects.update_or_create(review=held, version=version, defaults=found)[0]
            for version, found in priced
        ]


def _needs_a_price(version: ModelVersion, known: ReviewProposal | None, *, over: int) -> bool:
    return known is None or not is_priced(version, known, over=over)


def is_priced(version: ModelVersion, known: ReviewProposal, *, over: int) -> bool:
    """Whether the price is of what ``version`` says, and over the rules that are live, whose number is
    ``over``; else the worker's next look works it out anew."""
    return known.over == over and (version.checked_at is None or version.checked_at <= known.at)


def _worked_out(version: ModelVersion, *, at: datetime) -> dict[str, Any]:
    live = version.model.versions.published().first()
    return {"at": at, "over": live.number if live else NOTHING_LIVE, "price": price(version, live, at=at)}


# Deciding


def as_seen(proposal: ReviewProposal) -> str:
    """What the page of a review keeps of ``proposal``, to post it with what is decided there: the version as
    it was checked, the price as it was worked out."""
    return f"{publishing.as_seen(proposal.version)} {proposal.at.isoformat()}"


@transaction.atomic
def sign(
    *, proposal: ReviewProposal, by: "User", side: str, at: datetime, seen: str | None = None
) -> ModelVersion:
    """``by`` agrees for ``side`` to what they read: ``seen``, by ``as_seen``; None for whatever it says. The
    second signature makes the version live at once, over the one with which its price was compared. Raises
    Closed, NotYours, Gone: then nothing was signed."""
    review = hold(proposal.review)
    if not may_sign_for(by, side):
        raise NotYours("Marketing signs through marketers, sales through its managers.")
    held = _held(proposal, seen)
    version = held.version
    with _said_as_gone():
        publishing.sign(version=version, side=side, by=by, at=at)
        signed = _signed(version)
        if set(signed) == set(Side.values):
            _go_live(held, review, signed, at=at)
    version.refresh_from_db()
    return version


@transaction.atomic
def make_live(*, proposal: ReviewProposal, by: "User", at: datetime, seen: str | None = None) -> ModelVersion:
    """Make a version live that both sides have signed, be it on its own page: whoever signs for either side
    may, of what they read: ``seen`` as for ``sign``. Its price has to be over the version that is live.
    Raises Closed, NotYours, Gone."""
    review = hold(proposal.review)
    if not any(may_sign_for(by, side) for side in Side):
        raise NotYours("Who signs for marketing or for sales makes it live.")
    held = _held(proposal, seen)
    version = held.version
    signed = _signed(version)
    for side in Side.values:
        if side not in signed:
            raise Gone(f"{version} is not live yet: first {side} signs it.")
    with _said_as_gone():
        _go_live(held, review, signed, at=at)
    version.refresh_from_db()
    return version


def _held(proposal: ReviewProposal, seen: str | None) -> ReviewProposal:
    """``proposal`` and its version as they are now, which nobody reopens and over which nothing goes live
    until the transaction ends. Nobody decides on a price of something else, nor on what they did not read."""
    version = _version(proposal)
    held = ReviewProposal.objects.get(pk=proposal.pk)
    held.version = version
    live = version.model.versions.published().first()
    if not is_priced(version, held, over=live.number if live else NOTHING_LIVE):
        raise Gone(
            f"{version} was checked again, or other rules went live meanwhile: its price is worked out anew."
            " Nothing was signed. Read it in a moment, then go on."
        )
    if seen is not None and seen != as_seen(held):
        raise Gone(
            f"{version} was checked again, or its price worked out anew, since you read it. Nothing was"
            " signed. This is what it says now."
        )
    return held


def _signed(version: ModelVersion) -> dict[str, "User"]:
    return {one.side: one.by for one in version.sign_offs.select_related("by")}


def _go_live(
    proposal: ReviewProposal,
    review: Review,
    signed: dict[str, "User"],
    *,
    at: datetime,
) -> None:
    """What else is proposed gets a price over it, at the next look."""
    names = " and ".join(f"{signed[side]} for {side}" for side in Side.values)
    publishing.publish(
        version=proposal.version,
        by=None,  # both sides did; who they are, the reason says
        reason=f"Agreed in the {review.get_kind_display().lower()} of {review.days} by {names}.",
        at=at,
        over=proposal.over,
    )
    tick("reviews")


@contextmanager
def _said_as_gone() -> Iterator[None]:
    try:
        yield
    except ModelFileError as error:
        raise Gone(f"It cannot be computed any more: {error}") from None
    except publishing.NotYours as refused:
        raise NotYours(str(refused)) from None
    except publishing.Refused as refused:
        raise Gone(str(refused)) from None


@transaction.atomic
def not_yet(*, proposal: ReviewProposal, by: "User", side: str, note: str, at: datetime) -> NotYet:
    """``side`` does not agree yet, because of ``note``. Raises Closed, NotYours, Gone."""
    hold(proposal.review)
    _version(proposal)
    if not may_sign_for(by, side):
        raise NotYours("Marketing answers through marketers, sales through its managers.")
    same = proposal.not_yet.filter(side=side).order_by("-at", "-id").first()
    if same is not None and (same.by_id, same.note) == (by.pk, note.strip()):
        return same
    return NotYet.objects.create(proposal=proposal, side=side, note=note.strip(), by=by, at=at)


def _version(proposal: ReviewProposal) -> ModelVersion:
    """Held. Raises Gone where nothing is decided on it any more, or not now."""
    try:
        version = publishing.hold(proposal.version)
    except ModelVersion.DoesNotExist:
        raise Gone("It is not proposed any more.") from None
    if version.is_draft:
        raise Gone("It is being edited again, and is back when it is checked.")
    if version.is_final:
        raise Gone(f"{version} went live already.")
    return version


def suggest(*, review: Review, key: str, by: "User", at: datetime) -> ReviewProposal:
    """Make a checked version out of a suggestion that was made when ``review`` was prepared, and put it on
    the review with its price. The same again gives the same. Raises Closed, NotYours, Gone."""
    if not may_draft_rules(by):
        raise NotYours("Marketing drafts the rules.")
    found = next((one for one in review.figures.get("suggestions", []) if one["key"] == key), None)
    live = ModelVersion.objects.published().filter(model__key=found["model"]).first() if found else None
    if found is None or live is None:
        raise Gone("This is not suggested.")
    checked = _checked(review, found, live, by=by, at=at)
    take_in(review=review, at=at)
    return ReviewProposal.objects.get(review=review, version=checked)


@transaction.atomic
def _checked(
    review: Review, found: dict[str, Any], live: ModelVersion, *, by: "User", at: datetime
) -> ModelVersion:
    """The version that says ``found``: one that waits already, or a new one. One click after the other."""
    hold(review)
    waits = ModelVersion.objects.filter(state=ModelVersion.State.CHECKED, based_on=live)
    if there := waits.filter(evidence__startswith=f"{found['title']}. ").order_by("-id").first():
        return there
    try:
        draft = suggestions.apply(keys=[found["key"]], version=live, by=by, at=at)
        return publishing.check_draft(version=draft, by=by, at=at)
    except (suggestions.SuggestionGone, ModelFileError, publishing.Refused) as error:
        raise Gone(str(error)) from None
