"""The deal of a lead as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch

from handoff import opportunities
from leads.models import Lead, LossReason, Opportunity, OpportunityStage, OpportunityStep


def deals_of(lead: Lead) -> list[Opportunity]:
    """The lead's deals, newest first, with their steps. 2 queries."""
    steps = OpportunityStep.objects.select_related("by", "from_stage", "to_stage").order_by("-at", "-id")
    deals = lead.opportunities.select_related("stage", "owner", "lost_to")
    return list(deals.prefetch_related(Prefetch("steps", steps)).order_by("-created_at", "-id"))


@dataclass(frozen=True, slots=True)
class Deal:
    """The newest deal: its figures, the stages it may be put into, and how the ones before it ended."""

    deal: Opportunity
    stages: list[OpportunityStage]
    lost_because: str
    earlier: list[Opportunity]
    may_work: bool

    @classmethod
    def of(cls, deals: Sequence[Opportunity], reasons: Sequence[LossReason], *, may_work: bool) -> "Deal":
        newest = deals[0]
        return cls(
            deal=newest,
            stages=opportunities.stages() if newest.is_open else [],
            lost_because=next(
                (reason.label for reason in reasons if reason.code == newest.lost_reason), newest.lost_reason
            ),
            earlier=list(deals[1:]),
            may_work=may_work,
        )

    @property
    def is_open(self) -> bool:
        return self.deal.is_open

    @property
    def weighted(self) -> int | None:
        """The amount times the probability, in whole units; None where either is not known."""
        if self.deal.amount is None or self.deal.probability is None:
            return None
        return int(self.deal.amount * self.deal.probability / 100)
