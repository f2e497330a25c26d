"""Why sales sends leads back: how often each reason, against the time before, and what was behind it.

Counts verdicts that were not undone, in the period in which they were given: a lead that was sent back twice
counts twice. *Decided* are those accepted and those sent back.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from django.db import connection
from django.db.models import Count, F, QuerySet

from handoff.models import Handoff, RejectReason, Verdict
from leads.spelling import folded, is_called, most_often
from leads.statements import sql_of
from scoring.intervals import Share
from scoring.models import ModelVersion, Rule

from .counting import MOST_LINES, share_of
from .handed import handoffs_said, verdicts
from .periods import Period
from .rule_evidence import PARTS, Counted

#: The reason of a verdict that has none.
ACCEPTED = None
#: A rule is behind a reason that it is so many times as frequent with, and behind no fewer than ``SOME``.
TWICE, SOME = 2, 3


class Behind(StrEnum):
    """What a line of the second table stands for. A rule is behind every handoff for which it gave points, so
    its lines overlap."""

    SOURCE = "source"
    CAMPAIGN = "campaign"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Why:
    """One reason: ``count`` of the ``decided`` in the period, ``before`` in the one before. ``mostly`` is the
    source that half of them or more had, ``rule`` the key and the name of the rule that spoke for half of
    them or more, and for ``TWICE`` as many as of the others decided; with how many."""

    reason: RejectReason
    count: int
    decided: int
    before: int
    mostly: tuple[str, int] | None
    rule: tuple[str, str, int] | None = None

    @property
    def share(self) -> Share | None:
        return share_of(self.count, self.decided)

    @property
    def change(self) -> int:
        return self.count - self.before


@dataclass(frozen=True, slots=True)
class Line:
    """The verdicts on the leads of one source or campaign, or that one rule spoke for. ``name`` is how it is
    shown, ``key`` how the URL names it, None for the rest of many, which cannot be asked for; ``reasons`` are
    the most frequent first, with how often."""

    key: str | None
    name: str
    decided: int
    sent_back: int
    reasons: list[tuple[RejectReason, int]]

    @property
    def share(self) -> Share | None:
        return share_of(self.sent_back, self.decided)


@dataclass(frozen=True, slots=True)
class Report:
    decided: int
    sent_back: int
    before: Share | None
    reasons: list[Why] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def share(self) -> Share | None:
        return share_of(self.sent_back, self.decided)


def report(
    *, handoffs: QuerySet[Handoff], period: Period, behind: Behind, most: int | None = MOST_LINES
) -> Report:
    """Of ``handoffs`` decided in ``period``: reasons by how often, and lines by how many were sent back;
    those after ``most`` are one. Up to 8 queries."""
    said = verdicts(handoffs=handoffs, period=period)
    known = {reason.pk: reason for reason in RejectReason.objects.all()}
    now = _by_reason(said)
    earlier = _by_reason(verdicts(handoffs=handoffs, period=period.before))
    sources: dict[int, Counter[str]] = defaultdict(Counter)
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    for source, name, reason, count in _of_leads(said.filter(kind=Verdict.Kind.REJECT), Behind.SOURCE):
        sources[reason or 0][source] += count
        spelled[source][name] += count
    by_rule = _counted(said, Behind.RULE)
    decided, decided_before = sum(now.values()), sum(earlier.values())
    reasons = [
        Why(reason, now[pk], decided, earlier[pk], _mostly(sources[pk], spelled), _rule(pk, now, *by_rule))
        for pk, reason in known.items()
        if now[pk] or earlier[pk]
    ]
    return Report(
        decided=decided,
        sent_back=decided - now[ACCEPTED],
        before=share_of(decided_before - earlier[ACCEPTED], decided_before),
        reasons=sorted(reasons, key=lambda why: (-why.count, why.reason.position, why.reason.pk)),
        lines=_lines(by_rule if behind == Behind.RULE else _counted(said, behind), known, most),
    )


def handoffs_behind(
    *,
    handoffs: QuerySet[Handoff],
    period: Period,
    reason: str = "",
    behind: Behind = Behind.SOURCE,
    line: str | None = None,
) -> QuerySet[Handoff]:
    """What was sent back in ``period``: for ``reason`` (its code) and of ``line``, where they are named, with
    ``passed_at``: when."""
    found = verdicts(handoffs=handoffs, period=period).filter(kind=Verdict.Kind.REJECT)
    if reason:
        found = found.filter(reason__code=reason)
    if line is not None and behind == Behind.RULE:
        found = found.filter(Counted(F("handoff__evidence"), line, points="> 0"))
    elif line is not None:
        found = found.filter(is_called(f"handoff__lead__{behind}", line, behind.value))
    return handoffs_said(found)


def _by_reason(said: QuerySet[Verdict]) -> Counter[int | None]:
    """Reason → verdicts; None for those that accepted."""
    return Counter({row["reason"]: row["count"] for row in said.values("reason").annotate(count=Count("pk"))})


def _mostly(sources: Counter[str], spelled: dict[str, Counter[str]]) -> tuple[str, int] | None:
    source, count = next(iter(sources.most_common(1)), ("", 0))
    return (most_often(spelled[source]), count) if source and 2 * count >= sources.total() else None


Counts = dict[str, Counter[int | None]]


def _rule(
    reason: int, now: Counter[int | None], counts: Counts, names: dict[str, str]
) -> tuple[str, str, int] | None:
    """The one most typical of ``reason``. Pure."""
    of, rest = now[reason], now.total() - now[reason]
    found: list[tuple[float, str]] = []
    for key, said in counts.items():
        among, beside = said[reason], said.total() - said[reason]
        if among >= SOME and 2 * among >= of and among * rest >= TWICE * beside * of:
            found.append((among / of - (beside / rest if rest else 0), key))
    if not found:
        return None
    _, key = max(found)
    return key, names[key], counts[key][reason]


def _counted(said: QuerySet[Verdict], behind: Behind) -> tuple[Counts, dict[str, str]]:
    """Key of a line → reason → verdicts, and what each line is called: a rule as the live rules call it, or
    as most evidence does where it is live no more. One query, 2 of rules."""
    counts: Counts = defaultdict(Counter)
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for key, name, reason, count in _of_rules(said) if behind == Behind.RULE else _of_leads(said, behind):
        counts[key][reason] += count
        names[key][name] += count
    live = _live_labels() if behind == Behind.RULE else {}
    return counts, {key: live.get(key) or most_often(found) for key, found in names.items()}


def _live_labels() -> dict[str, str]:
    """Rule → what every page calls it now; of several models the one with the first key."""
    rules = Rule.objects.filter(version__state=ModelVersion.State.PUBLISHED)
    return dict(rules.order_by("-version__model__key").values_list("key", "label"))


def _of_leads(said: QuerySet[Verdict], behind: Behind) -> Iterable[tuple[str, str, int | None, int]]:
    column = f"handoff__lead__{behind}"
    rows = said.values("reason", line=folded(column, behind.value), spelled=F(column)).annotate(
        count=Count("pk")
    )
    return ((row["line"], row["spelled"], row["reason"], row["count"]) for row in rows)


def _of_rules(said: QuerySet[Verdict]) -> Iterable[tuple[str, str, int | None, int]]:
    """By the rules that gave points, as the evidence of the handoff froze them."""
    statement, parameters = sql_of(said.values("handoff", "reason"))
    with connection.cursor() as cursor:
        cursor.execute(_RULES.format(said=statement, points=PARTS), parameters)
        rows: list[tuple[str, str, int | None, int]] = cursor.fetchall()
        return rows


_RULES = """
SELECT rule->>'rule', max(rule->>'label'), said.reason_id, count(*)
FROM ({said}) said (handoff_id, reason_id)
JOIN handoff_handoff h ON h.id = said.handoff_id
CROSS JOIN LATERAL jsonb_path_query(
  h.evidence, '{points} ? (@.points > 0)') AS rule
GROUP BY rule->>'rule', said.reason_id
"""


def _lines(
    counted: tuple[Counts, dict[str, str]], known: dict[int, RejectReason], most: int | None
) -> list[Line]:
    counts, names = counted
    lines = [_line(key, names[key], found, known) for key, found in counts.items()]
    lines.sort(key=lambda line: (-line.sent_back, -line.decided, line.name))
    if most is None or len(lines) <= most:
        return lines
    rest: Counter[int | None] = Counter()
    for line in lines[most:]:
        rest.update(counts[str(line.key)])
    return [*lines[:most], _line(None, "Others", rest, known)]


def _line(key: str | None, name: str, found: Counter[int | None], known: dict[int, RejectReason]) -> Line:
    return Line(
        key=key,
        name=name,
        decided=sum(found.values()),
        sent_back=sum(found.values()) - found[ACCEPTED],
        reasons=[(known[pk], count) for pk, count in found.most_common() if pk is not None],
    )
