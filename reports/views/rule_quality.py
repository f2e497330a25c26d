"""How good each rule is, by what sales said of the handoffs it spoke for."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from handoff.models import Verdict
from reports import rule_quality
from reports.counting import ENOUGH
from reports.rule_quality import Quality, Report
from scoring.models import ModelVersion, Rule

from . import behind
from .asking import Asked, asked, figures_file, for_both_sides
from .behind import DECISION, Figure
from .kept import kept

KINDS = {"decided": None, "accepted": Verdict.Kind.ACCEPT, "sent_back": Verdict.Kind.REJECT}
LABELS = {"decided": "decided", "accepted": "accepted", "sent_back": "sent back"}
DEFAULT = "default"


@require_safe
@for_both_sides
def report(request: Request) -> HttpResponse:
    """Each rule against the rest."""
    one = asked(request)
    model, models = _models(one)
    found = _report(one, model=model)
    context = {
        "now": one.at,
        "one": one,
        "report": found,
        "models": [(key, name, key == model) for key, name in models.items()],
        "hidden": {"model": model} if model != DEFAULT else {},
        "enough": ENOUGH,
    }
    return render(request, "reports/rule_quality.html", context)


@require_safe
@for_both_sides
def report_file(request: Request) -> HttpResponse:
    """The same rows."""
    one = asked(request)
    found = _report(one, model=_models(one)[0])
    header = ["Rule", "Dimension", "Points", "Decided", "Accepted", "Sent back", "Accepted, %",
              "Times the rest", "From", "To", "Most often for"]  # fmt: skip
    return figures_file(one, "rules", header, [_row(rule) for rule in found.rules])


def _row(rule: Quality) -> list[str]:
    times = rule.times
    return [
        rule.label,
        rule.dimension,
        str(rule.points),
        str(rule.decided),
        str(rule.accepted),
        str(rule.sent_back),
        f"{100 * rule.share.rate:.1f}" if rule.share else "",
        *([f"{each:.2f}" for each in (times.value, times.low, times.high)] if times else [""] * 3),
        rule.mostly[0].label if rule.mostly else "",
    ]


def _live(one: Asked) -> list[int]:
    """Other rules are looked at as soon as they are live."""
    return list(ModelVersion.objects.published().order_by("pk").values_list("pk", flat=True))


@kept(beside=_live)
def _report(one: Asked, model: str) -> Report:
    return rule_quality.report(handoffs=one.handoffs, period=one.period, model=model)


def _models(one: Asked) -> tuple[str, dict[str, str]]:
    """The model that is asked about, and all that have live rules, by key."""
    live = ModelVersion.objects.published().order_by("model__name")
    models = dict(live.values_list("model__key", "model__name"))
    said = one.parameters.get("model", "")
    return (said if said in models else DEFAULT), models


def _figure(one: Asked) -> Figure:
    key, kind = one.parameters.get("rule", ""), one.parameters.get("kind", "decided")
    model, _ = _models(one)
    rule = Rule.objects.filter(
        version__model__key=model, version__state=ModelVersion.State.PUBLISHED, key=key
    ).first()
    if rule is None or kind not in KINDS:
        raise Http404("There is no such rule.")
    return Figure(
        title=f"{rule.label}, {LABELS[kind]}",
        rows=rule_quality.behind(
            handoffs=one.handoffs, period=one.period, rule=key, kind=KINDS[kind], model=model
        ),
        since="Decided",
        report="rules",
        own=("rule", "kind"),
        counted=DECISION,
    )


leads, leads_file = behind.views(_figure)
