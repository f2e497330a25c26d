"""What the card of a lead says beside the words of the meeting: the lead, and how either side saw it."""

from typing import Any

from handoff import disputes
from leads.money import money
from reports.models import Talk

from .disagreements import dispute_of

#: Reasons named of what spoke for a lead.
MOST_REASONS = 2


def told(talk: Talk) -> dict[str, Any]:
    """JSON. ``tag``: why the meeting talks about it; ``about``: its company, and its score then; ``sales``
    and ``marketing``: what each held before the meeting, the latter under ``lab``. Not every reader may open
    the lead. Reads what ``minutes.talks_of`` loads."""
    return {
        "tag": _tag(talk),
        "about": _about(talk),
        "sales": _sales(talk),
        "marketing": _marketing(talk),
        "lab": _lab(talk),
    }


def _tag(talk: Talk) -> str:
    return f"rejected: {str(talk.verdict.reason).lower()}" if talk.verdict else talk.get_why_display()


def _about(talk: Talk) -> str:
    """ "Skåne Larm, 45 staff · total 83"."""
    company = talk.lead.company
    firm = [str(company)] if company else []
    if company and company.employees is not None:
        firm.append(f"{company.employees:,} staff")
    total = "never scored" if talk.total is None else f"total {talk.total}"
    return " · ".join([*([", ".join(firm)] if firm else []), total])


def _sales(talk: Talk) -> str:
    if talk.verdict is not None:
        return talk.verdict.note or str(talk.verdict.reason)
    deal = talk.opportunity
    if deal is None:
        return ""
    who = str(deal.owner) if deal.owner else "Sales"
    amount = f" of {money(deal.amount, deal.currency)}" if deal.amount is not None else ""
    return f"{who} made a deal{amount}{', won' if deal.outcome == 'won' else ''}."


def _marketing(talk: Talk) -> str:
    """What was disputed with, or what spoke for the lead."""
    dispute = dispute_of(talk)
    if dispute is not None and talk.why == Talk.Why.DISPUTED:
        return dispute.note
    if talk.verdict is None:
        return "No score brought it to sales." if talk.total is not None else "Nothing that could be scored."
    explanation = talk.verdict.handoff.evidence.get("explanation") or {"dimensions": []}
    reasons = [each for dimension in explanation["dimensions"] for each in dimension["reasons"]]
    best = sorted((each for each in reasons if each["points"] > 0), key=lambda each: -each["points"])
    return ", ".join(f"{each['label']} +{each['points']:.0f}" for each in best[:MOST_REASONS])


def _lab(talk: Talk) -> str:
    dispute = dispute_of(talk)
    if dispute is None or talk.why != Talk.Why.DISPUTED:
        return "Marketing"
    return "Marketing, disputed" if disputes.is_contradicted(dispute) else "Not settled before"
