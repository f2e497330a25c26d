"""Another SQL line, proposed from its health: a checked version that both sides find in the weekly review."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.permissions import may_draft_rules
from scoring import model_file, publishing, redrafting
from scoring.model_file import ModelFileError
from scoring.models import ModelVersion, ScoringModel
from scoring.proposals import with_minimum

from .line_health import BAND, Health, is_graded
from .periods import Period

if TYPE_CHECKING:
    from accounts.models import User


class NotYours(Exception):
    """Marketing proposes, both sides agree."""


class NothingToPropose(Exception):
    """The figures ask for no other line any more."""


@transaction.atomic
def propose_line(*, health: Health, floor: Decimal, period: Period, by: "User", at: datetime) -> ModelVersion:
    """The live rules with the minimum that ``health`` of ``period`` proposes, checked and waiting for both
    signatures, with the figures as its evidence. The same again gives the same version. Raises NotYours,
    NothingToPropose."""
    if not may_draft_rules(by):
        raise NotYours("Marketing proposes another line; sales signs it.")
    version, proposal = health.version, health.proposal
    if version is None or proposal is None:
        raise NothingToPropose("The figures ask for no other line any more. Look at them again.")
    ScoringModel.objects.select_for_update(no_key=True).get(pk=version.model_id)  # two clicks at once
    said = _evidence(health, floor, period)
    waiting = ModelVersion.objects.filter(
        model=version.model_id, based_on=version, evidence=said, state=ModelVersion.State.CHECKED
    )
    if (there := waiting.order_by("-number").first()) is not None:
        return there
    patch = with_minimum(health.dimension, proposal.minimum, graded=is_graded(version, health.dimension))
    try:
        data = patch(model_file.save(version=version))
        draft = redrafting.draft_once(data=data, evidence=said, based_on=version, by=by)
        return publishing.check_draft(version=draft, by=by, at=at)
    except (ModelFileError, publishing.Refused) as error:
        raise NothingToPropose(f"This line cannot be: {error}") from None


def _evidence(health: Health, floor: Decimal, period: Period) -> str:
    proposal, least = health.proposal, health.minimum
    if proposal is None or least is None:
        return ""
    leads = "accepted lead is" if proposal.later == 1 else "accepted leads are"
    return (
        f"{health.dimension.label} line from {least} to {proposal.minimum}, proposed from line health:"
        f" {health.broad.percent}% accepted at {least} to {least + BAND - 1}, agreed floor {floor:.0f}%."
        f" From {period.first} to {period.last} it would have spared {proposal.spared} rejections;"
        f" {proposal.later} {leads} handed over later or not at all."
    )
