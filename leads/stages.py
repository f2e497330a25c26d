"""Where a lead stands (stage) and how far its thinking has come (phase)."""

from django.conf import settings
from django.db import models


class Stage(models.TextChoices):
    """MQL is ``mql``; SQL is ``sql`` and later, see ``sql_stages``; the rest is neither (S3-02)."""

    LEAD = "lead", "Lead"
    MQL = "mql", "MQL"
    HANDED_OVER = "handed_over", "Handed over"
    SQL = "sql", "SQL"
    OPPORTUNITY = "opportunity", "Opportunity"
    CUSTOMER = "customer", "Customer"
    CLOSED = "closed", "Closed"


class Phase(models.TextChoices):
    """The buyer's phase; the machine only moves it forward, a marketer either way (S2-01)."""

    AWARENESS = "awareness", "Awareness"
    CONSIDERATION = "consideration", "Consideration"
    DECISION = "decision", "Decision"


#: Stages a lead may go to from each stage. Whoever moves a lead asks here first.
MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.LEAD: frozenset({Stage.MQL, Stage.HANDED_OVER, Stage.CUSTOMER, Stage.CLOSED}),
    Stage.MQL: frozenset({Stage.LEAD, Stage.HANDED_OVER, Stage.CUSTOMER, Stage.CLOSED}),
    Stage.HANDED_OVER: frozenset({Stage.LEAD, Stage.MQL, Stage.SQL, Stage.CUSTOMER, Stage.CLOSED}),
    Stage.SQL: frozenset({Stage.HANDED_OVER, Stage.MQL, Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.CLOSED}),
    Stage.OPPORTUNITY: frozenset({Stage.SQL, Stage.MQL, Stage.CUSTOMER, Stage.CLOSED}),
    # Back to opportunity: its deal was reopened.
    Stage.CUSTOMER: frozenset({Stage.CLOSED, Stage.OPPORTUNITY}),
    Stage.CLOSED: frozenset({Stage.LEAD, Stage.MQL, Stage.HANDED_OVER, Stage.OPPORTUNITY}),
}

#: Stages in which marketing works a lead; a crossing may still move it up.
WITH_MARKETING = frozenset({Stage.LEAD, Stage.MQL})
#: Stages in which sales has the lead.
WITH_SALES = frozenset({Stage.HANDED_OVER, Stage.SQL, Stage.OPPORTUNITY})


def sql_stages() -> frozenset[Stage]:
    """Stages of a lead that counts as an SQL. As a rule the rep's acceptance makes one; a company may count
    the handoff itself (S1-14, S1-30 against S0-02). Whatever says or counts SQL asks here."""
    accepted = frozenset({Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER})
    return accepted | {Stage.HANDED_OVER} if settings.HANDED_OVER_IS_SQL else accepted


def listed_as(stage: Stage) -> frozenset[Stage]:
    """The stages that a list filtered by ``stage`` shows."""
    return frozenset({stage, Stage.HANDED_OVER} & sql_stages()) if stage == Stage.SQL else frozenset({stage})


def said(stage: Stage) -> str:
    """The stage in words, where handed-over leads are SQLs, too: "SQL, handed over", "SQL, accepted"."""
    if not settings.HANDED_OVER_IS_SQL or stage not in (Stage.HANDED_OVER, Stage.SQL):
        return str(stage.label)
    return "SQL, handed over" if stage == Stage.HANDED_OVER else "SQL, accepted"
