"""What both sides have said of a lead: its handoffs, and which verdict may be taken back or disputed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import Role, User
from handoff import decisions
from handoff.models import Handoff, Verdict
from leads.models import Lead, Opportunity


def handoffs_of(lead: Lead) -> list[Handoff]:
    """Newest first, with their verdicts oldest first."""
    verdicts = Verdict.objects.select_related("by", "reason", "dispute__by", "stage_change")
    return list(
        lead.handoffs.select_related("rep", "pool", "offered_by", "version", "crossing", "claimed_by")
        .prefetch_related(Prefetch("verdicts", verdicts.order_by("at", "id")))
        .order_by("-cycle")
    )


def undoable(
    lead: Lead, handoffs: Sequence[Handoff], deals: Sequence[Opportunity], user: User, at: datetime
) -> Verdict | None:
    """The verdict that ``user`` may still take back: what ``decisions.undo`` would not refuse."""
    last = list(handoffs[0].verdicts.all())[-1] if handoffs and handoffs[0].verdicts.all() else None
    if last is None or last.kind == Verdict.Kind.UNDO or last.by_id != user.pk:
        return None
    if user.role == Role.REP and handoffs[0].rep_id not in (None, user.pk):
        return None  # a manager gave it to somebody else since
    if at - last.at > decisions.UNDO_WINDOW or any(deal.created_at >= last.at for deal in deals):
        return None
    return last if lead.stage == last.stage_change.to_stage else None


def disputed(handoff: Handoff | None) -> Verdict | None:
    """The rejection that stands and that somebody may dispute, or has."""
    if handoff is None or handoff.status != Handoff.Status.REJECTED:
        return None
    return next((v for v in reversed(handoff.verdicts.all()) if v.kind == Verdict.Kind.REJECT), None)


def taken_back(handoff: Handoff, user: User) -> dict[str, Any]:
    """What the reject form begins with: the rejection that ``user`` took back last; {} for none."""
    undone = handoff.verdicts.filter(kind=Verdict.Kind.UNDO, by=user, undoes__kind=Verdict.Kind.REJECT)
    last = undone.select_related("undoes__reason").order_by("-at", "-id").first()
    if last is None or last.undoes is None or last.undoes.reason is None:
        return {}
    said, reason = last.undoes, last.undoes.reason
    lies_ahead = said.return_on and said.return_on > timezone.localdate()
    return {
        "chosen": reason.code if reason.is_active else "",
        "note": said.note,
        "return_on": said.return_on if lies_ahead else None,
    }


def vetted(handoff: Handoff | None, *, decides: bool) -> str:
    """Both approvals with their moments: marketing's is the agreed rules or a marketer's word, sales' the
    acceptance (S1-04)."""
    if handoff is None:
        return "Marketing: not yet. Sales: not yet"
    by = handoff.offered_by or (f"rules v{handoff.version.number}" if handoff.version else "marketing")
    said = f"Marketing {_moment(handoff.offered_at)}, by {by}. "
    verdict = next((v for v in reversed(handoff.verdicts.all()) if v.kind != Verdict.Kind.UNDO), None)
    if handoff.is_open or verdict is None or handoff.decided_at is None:
        return f"{said}Sales: {'yours to give' if decides else 'not yet'}"
    word = "accepted" if handoff.status == Handoff.Status.ACCEPTED else "sent back"
    return f"{said}Sales: {word} {_moment(handoff.decided_at)}, by {verdict.by}"


def _moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return date_format(local, "H:i" if local.date() == timezone.localdate() else "j M, H:i")
