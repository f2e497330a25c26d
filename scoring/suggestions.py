"""Better rules, proposed from what sales said and what was won (G-04): other points for a rule, another line,
a rule against what keeps being sent back. Each proposal names its price as well as its gain, carries its
evidence, and becomes a draft with one click. Where the evidence does not carry a change, nothing is
proposed, and what could not be asked of it is named.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from . import intervals, line_advice, model_file, outcomes, redrafting, refitting
from .intervals import Share, share
from .models import ModelVersion
from .outcomes import Decided
from .proposals import Suggestion
from .rule_rates import RuleRate, fired, rates

if TYPE_CHECKING:
    from accounts.models import User


#: The newest outcomes that are looked at: older ones were of another market, and cost time.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What outcomes say of a version. Below the least number of outcomes ``too_few`` says so, and there is
    nothing else."""

    version: ModelVersion
    accepted: Share
    too_few: str
    rules: tuple[RuleRate, ...]
    found: tuple[Suggestion, ...]
    #: What these outcomes cannot tell, a sentence each: silence about it means nothing.
    unjudged: tuple[str, ...]
    #: Why leads were sent back, in words, and how often; the commonest first.
    reasons: tuple[tuple[str, int], ...]


class NothingTicked(ValueError):
    """A draft is asked for without a change; the message says what to do."""


class SuggestionGone(LookupError):
    """What was proposed is not proposed any more; the message says what to do."""


def verdicts(*, at: datetime) -> list[Decided]:
    """The newest 10,000 verdicts known at ``at``, oldest first, each lead as it was at its handover. One
    statement."""
    return outcomes.decided(kind="accepted", at=at, newest=MOST, until="handover")


def of_model(*, version: ModelVersion, at: datetime, known: Sequence[Decided] | None = None) -> Suggestions:
    """Everything that the outcomes known at ``at`` (the newest 10,000) propose for ``version``; ``known`` are
    the ``verdicts``, where they were read already. A handful of statements."""
    decided = fired(version, verdicts(at=at) if known is None else known)
    good = int(decided.good.sum())
    base = share(good, len(decided.known))
    reasons = Counter(
        outcomes.said(one.reason) for one in decided.known if not one.good and one.reason
    ).most_common()
    if few := intervals.too_few(good=good, bad=len(decided.known) - good):
        return Suggestions(version, base, few, (), (), (), tuple(reasons))
    won = fired(version, outcomes.decided(kind="won", at=at, newest=MOST, until="handover"))
    by_rule = rates(decided, won)
    asked = [rule["when"] for rule in model_file.save(version=version)["rules"]]
    found = [
        *line_advice.line_up(decided),
        *line_advice.line_down(won),
        *line_advice.against(decided, asked),
        *refitting.weights(decided, by_rule),
    ]
    unjudged = (*line_advice.unjudged(decided, won), *refitting.unjudged(decided))
    return Suggestions(version, base, "", by_rule, tuple(found), unjudged, tuple(reasons))


def apply(*, keys: Iterable[str], version: ModelVersion, by: "User | None", at: datetime) -> ModelVersion:
    """A draft of ``version`` with these suggestions in it, and their evidence. The same again gives the same
    draft. Raises NothingTicked, SuggestionGone when outcomes have changed so that one is not made any more,
    and ModelFileError where they do not go together."""
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        raise NothingTicked("Tick what the draft should change, then apply it.")
    there = {one.key: one for one in of_model(version=version, at=at).found}
    if any(key not in there for key in wanted):
        raise SuggestionGone(
            "New outcomes came in, and this is not suggested any more. Look at the list again."
        )
    data = model_file.save(version=version)
    for key in wanted:
        data = there[key].patch(data)
    evidence = "\n".join(f"{there[key].title}. {there[key].said} {there[key].evidence}" for key in wanted)
    return redrafting.draft_once(data=data, evidence=evidence, based_on=version, by=by)
