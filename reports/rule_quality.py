"""How good each rule of the live version is: what sales said of the handoffs that it gave or took points for,
as the evidence froze them, beside what sales said of the rest."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Count, F, QuerySet

from handoff.models import Handoff, RejectReason, Verdict
from leads.statements import sql_of
from scoring.intervals import Figure, Share, ratio
from scoring.models import ModelVersion, Rule

from . import handed
from .counting import ENOUGH, share_of
from .periods import Period
from .rule_evidence import PARTS, Counted


@dataclass(frozen=True, slots=True)
class Quality:
    """One rule: of the ``decided`` verdicts on handoffs that it counted for, ``accepted``; of the ``rest``
    that it did not count for, ``rest_accepted``. ``mostly`` is the most frequent reason of those that came
    back, with how often; None where none did."""

    key: str
    label: str
    dimension: str
    points: int
    decided: int
    accepted: int
    rest: int
    rest_accepted: int
    mostly: tuple[RejectReason, int] | None

    @property
    def sent_back(self) -> int:
        return self.decided - self.accepted

    @property
    def share(self) -> Share | None:
        return share_of(self.accepted, self.decided)

    @property
    def times(self) -> Figure | None:
        """How many times as often as the rest its handoffs are accepted; None where either has too few."""
        if min(self.decided, self.rest) < ENOUGH:
            return None
        return ratio(self.accepted, self.decided, self.rest_accepted, self.rest)

    @property
    def says(self) -> str:
        """ "more", "less" where the interval leaves no doubt, else "" ."""
        if self.times is None:
            return ""
        return "more" if self.times.low > 1 else "less" if self.times.high < 1 else ""


@dataclass(frozen=True, slots=True)
class Report:
    """The rules of ``version``, those with the most verdicts first; None before any is live. Of all
    ``decided``, ``accepted``."""

    version: ModelVersion | None
    decided: int
    accepted: int
    rules: list[Quality] = field(default_factory=list)

    @property
    def share(self) -> Share | None:
        return share_of(self.accepted, self.decided)


def report(*, handoffs: QuerySet[Handoff], period: Period, model: str = "default") -> Report:
    """What sales said in ``period`` of ``handoffs`` that ``model`` spoke for. 5 queries."""
    said = verdicts(handoffs=handoffs, period=period, model=model)
    totals = dict(said.values_list("kind").annotate(count=Count("pk")))
    accepted = totals.get(Verdict.Kind.ACCEPT, 0)
    decided = accepted + totals.get(Verdict.Kind.REJECT, 0)
    version = ModelVersion.objects.published().select_related("model").filter(model__key=model).first()
    reasons = {reason.pk: reason for reason in RejectReason.objects.all()}
    counts = _counted(said)
    rules = [
        _quality(rule, counts[rule.key], decided, accepted, reasons)
        for rule in Rule.objects.filter(version=version).order_by("position", "key")
    ]
    rules.sort(key=lambda rule: -rule.decided)
    return Report(version, decided, accepted, rules)


def verdicts(*, handoffs: QuerySet[Handoff], period: Period, model: str = "default") -> QuerySet[Verdict]:
    """Those of ``period`` that stand, of handoffs whose evidence is this model's."""
    said = handed.verdicts(handoffs=handoffs, period=period)
    return said.filter(handoff__evidence__explanation__model=model)


def behind(
    *,
    handoffs: QuerySet[Handoff],
    period: Period,
    rule: str,
    kind: Verdict.Kind | None = None,
    model: str = "default",
) -> QuerySet[Handoff]:
    """The handoffs that ``rule`` counted for and that were decided in ``period``, or so decided, with
    ``passed_at``: when."""
    found = verdicts(handoffs=handoffs, period=period, model=model)
    found = found.filter(Counted(F("handoff__evidence"), rule, points="!= 0"))
    if kind:
        found = found.filter(kind=kind)
    return handed.handoffs_said(found)


def _counted(said: QuerySet[Verdict]) -> dict[str, Counter[int | None]]:
    """Rule → reason → verdicts; None for those that accepted. One query."""
    statement, parameters = sql_of(said.values("pk", "handoff", "reason"))
    counts: dict[str, Counter[int | None]] = defaultdict(Counter)
    with connection.cursor() as cursor:
        cursor.execute(_RULES.format(said=statement), parameters)
        for rule, reason, count in cursor.fetchall():
            counts[rule][reason] = count
    return counts


_RULES = (
    """
SELECT rule->>'rule', said.reason_id, count(DISTINCT said.id)
FROM ({said}) said (id, handoff_id, reason_id)
JOIN handoff_handoff h ON h.id = said.handoff_id
CROSS JOIN LATERAL jsonb_path_query(h.evidence, '"""
    + PARTS
    + """ ? (@.points != 0)') AS rule
GROUP BY 1, 2
"""
)


def _quality(
    rule: Rule,
    counts: Counter[int | None],
    decided: int,
    accepted: int,
    reasons: dict[int, RejectReason],
) -> Quality:
    here, taken = sum(counts.values()), counts[None]
    back = sorted(((-count, pk) for pk, count in counts.items() if pk is not None and count))
    return Quality(
        key=rule.key,
        label=rule.label,
        dimension=rule.get_dimension_display(),
        points=rule.points,
        decided=here,
        accepted=taken,
        rest=decided - here,
        rest_accepted=accepted - taken,
        mostly=(reasons[back[0][1]], -back[0][0]) if back else None,
    )
