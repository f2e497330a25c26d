"""Which agreement about time holds for a lead: the first in order whose conditions hold, as with routing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from leads.models import Lead
from scoring.conditions import ConditionError, parse
from scoring.models import Trigger

from . import matching
from .matching import AskedLead, Rule
from .models import Promise, RoutingRule, SlaPolicy
from .models.routing import FIGURES

if TYPE_CHECKING:
    from scoring.models import Crossing


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy, read: ``rule`` says for whom, ``triggers`` by which way over the line (keys; none: any)."""

    row: SlaPolicy
    rule: Rule
    triggers: frozenset[str] = frozenset()

    def why_not(self, lead: AskedLead, triggers: Collection[str]) -> str:
        """Why it does not hold for ``lead``, which ``triggers`` brought over the line; "" when it does.
        Pure."""
        if why := self.rule.why_not(lead):
            return why
        if self.triggers and not self.triggers & set(triggers):
            return "for leads that a trigger brought over the line"
        return ""


def choose(
    *, promise: Promise, lead: Lead, at: datetime, crossing: "Crossing | None" = None
) -> SlaPolicy | None:
    """The policy about ``promise`` that holds for ``lead`` at ``at``; None when none does. Scores are those
    of the ``crossing``, else today's. Up to 5 queries."""
    read = read_policies(promise)
    if not read:
        return None
    asked = matching.ask(lead_ids=[lead.pk], rules=[each.rule for each in read], at=at).get(lead.pk)
    if asked is None:
        return None
    triggers: Sequence[str] = ()
    if crossing is not None:
        asked = replace(asked, figures={name: getattr(crossing, name) for name in FIGURES})
        triggers = crossing.triggers
    return first(read, asked, triggers)


def first(read: Iterable[Policy], lead: AskedLead, triggers: Collection[str] = ()) -> SlaPolicy | None:
    """The first that holds. Pure."""
    return next((each.row for each in read if not each.why_not(lead, triggers)), None)


def read_policies(promise: Promise | None = None) -> list[Policy]:
    """Every policy about ``promise`` (None: about all of them) in the order of asking. One query."""
    rows = SlaPolicy.objects.select_related("model").in_order()
    if promise is not None:
        rows = rows.filter(promise=promise)
    return [read_policy(row) for row in rows]


def read_policy(row: SlaPolicy) -> Policy:
    """``row`` ready to be asked. One that cannot be read holds for nobody, and says why."""
    broken = ""
    parts: tuple[tuple[str, str], ...] = ()
    try:
        if row.when is not None:
            parse(row.when, facts_only=True)
            parts = matching.parts_of(row.when)
    except ConditionError as error:
        broken = str(error)
    rule = Rule(
        pk=row.pk or 0,
        name=row.name,
        position=row.position,
        is_on=row.is_on,
        to=RoutingRule.To.POOL,
        pool_id=None,
        parts=parts,
        scores=row.scores,
        model=(row.model.pk, row.model.name) if row.model else None,
        broken=broken,
    )
    return Policy(row, rule, frozenset(row.triggers))


# Words


def trigger_labels() -> dict[str, str]:
    """Key → label of every trigger of the live versions. One query."""
    triggers = Trigger.objects.filter(version__state="published", stage="sql").order_by("id")
    return dict(triggers.values_list("key", "label"))


def said_of(policy: Policy, labels: Mapping[str, str]) -> str:
    """ "When intent is 26 or more: an answer to the handoff within 60 min"."""
    asked = matching.asked_of(policy.rule)
    if policy.triggers:
        names = sorted(labels.get(key, key) for key in policy.triggers)
        asked.append(f"“{'” or “'.join(names)}” brought it over the line")
    words = f"When {' and '.join(asked)}" if asked else "Every lead"
    return f"{words}: {policy.row.get_promise_display()} within {span(policy.row.minutes)}."


def span(minutes: int) -> str:
    """ "45 min", "4 h", "1 h 30 min", in business time."""
    hours, rest = divmod(minutes, 60)
    if minutes < 120 and rest:
        return f"{minutes} min"
    if minutes == 60:
        return "60 min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def agreed() -> str:
    """The agreed response times in words, for a list of handoffs: "agreed: 60 min where intent is 26 or more,
    4 h for the rest". Of more than two, the shortest and the longest: "agreed: 30 min to 8 h, by lead". One
    query."""
    read = [each for each in read_policies(Promise.ANSWER) if each.rule.is_on and not each.rule.broken]
    if len(read) > 2:
        minutes = [each.row.minutes for each in read]
        return f"agreed: {span(min(minutes))} to {span(max(minutes))}, by lead"
    said: list[str] = []
    for each in read:
        asked = matching.asked_of(each.rule)
        where = f"where {' and '.join(asked)}" if asked else "for the rest" if said else "for every lead"
        said.append(f"{span(each.row.minutes)} {where}")
    return f"agreed: {', '.join(said)}" if said else ""


def hot_from() -> int | None:
    """The intent, in points, from which an answer is most urgent: the highest that a policy asks for. None
    when none does. One query."""
    asked = [
        each.row.scores.get("intent", {}).get("at_least")
        for each in read_policies(Promise.ANSWER)
        if each.rule.is_on and not each.rule.broken
    ]
    return max((points for points in asked if points is not None), default=None)
