"""Why sales sent leads back, what was behind it, and the leads."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from handoff.models import RejectReason
from handoff.views.rows import in_words
from reports import sent_back
from reports.counting import ENOUGH, MOST_LINES
from reports.sent_back import Behind, Report

from . import behind
from .asking import Asked, asked, figures_file, for_both_sides
from .behind import DECISION, Figure
from .kept import kept

LINES = {Behind.SOURCE: "Source", Behind.CAMPAIGN: "Campaign", Behind.RULE: "Rule"}


@require_safe
@for_both_sides
def report(request: Request) -> HttpResponse:
    """Reasons by how often, and what the leads had in common."""
    one = asked(request)
    found, by = _report(one)
    context = {
        "now": one.at,
        "one": one,
        "report": found,
        "reasons": [(why, in_words(why.mostly[0]) if why.mostly else "") for why in found.reasons],
        "most": max((why.count for why in found.reasons), default=0),
        "lines": [(_name(line.name, by), line) for line in found.lines],
        "by_label": LINES[by],
        "bys": [(each.value, label, each == by) for each, label in LINES.items()],
        "is_rules": by == Behind.RULE,
        "enough": ENOUGH,
        "hidden": {"by": by.value},
    }
    return render(request, "reports/sent_back.html", context)


@require_safe
@for_both_sides
def report_file(request: Request) -> HttpResponse:
    """The second table with a column for each reason."""
    one = asked(request)
    found, by = _report(one, most=None)
    reasons = [why.reason for why in found.reasons]
    rows = [
        [
            _name(line.name, by),
            str(line.decided),
            str(line.sent_back),
            *(str(dict(line.reasons).get(reason, 0)) for reason in reasons),
        ]
        for line in found.lines
    ]
    header = [LINES[by], "Decided", "Sent back", *(reason.label for reason in reasons)]
    total = ["All", str(found.decided), str(found.sent_back), *(str(why.count) for why in found.reasons)]
    return figures_file(one, f"sent-back-by-{by}", header, [*rows, total])


@kept("by")
def _report(one: Asked, most: int | None = MOST_LINES) -> tuple[Report, Behind]:
    by = one.one_of(Behind, "by", Behind.SOURCE)
    return sent_back.report(handoffs=one.handoffs, period=one.period, behind=by, most=most), by


def _figure(one: Asked) -> Figure:
    code, line = one.parameters.get("reason", ""), one.parameters.get("line")
    by = one.one_of(Behind, "by", Behind.SOURCE)
    reason = RejectReason.objects.filter(code=code).first()
    if code and reason is None:
        raise Http404("There is no such reason.")
    words = [reason.label if reason else "Sent back", *([] if line is None else [_name(line, by)])]
    return Figure(
        title=", ".join(words),
        rows=sent_back.handoffs_behind(
            handoffs=one.handoffs, period=one.period, reason=code, behind=by, line=line
        ),
        since="Sent back",
        report="sent-back",
        own=("reason", "line"),
        counted=DECISION,
    )


def _name(name: str, by: Behind) -> str:
    return (in_words(name) if by == Behind.SOURCE else name) or "unknown"


leads, leads_file = behind.views(_figure)
