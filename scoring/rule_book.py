"""The rule book: the live rules in plain words, each with real leads that have it now (S1-15, S4-03).

Never scores everybody: a fixed sample says how many leads have a rule, and of it, of the leads the reader saw
last and of those with the highest scores come the examples. One statement for all of them, then each example
is explained by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Value
from django.db.models.functions import Mod

from accounts.models import User
from leads.models import Lead

from . import definitions
from .definitions import Definitions, DimensionDefinition, Said, StageDefinition
from .dimensions import HUNDREDTHS, SALES_STAGE
from .explanation import Explanation, explain
from .models import ModelVersion, Score
from .ruleset import LineSpec
from .sentences import group_named
from .statement import Row, compiled, scores

#: Leads that are looked at to say how many have a rule, and so many more to find examples among.
SAMPLE, NEWEST, HIGHEST = 2_000, 200, 200
#: Lots are drawn by the golden ratio, so that ids in a row are spread evenly over them.
_LOTS, _NEXT_LOT = 1_000_003, 618_035
#: Examples of a rule, and the most leads that are explained.
MOST_EXAMPLES, MOST_EXPLAINED = 2, 16


@dataclass(frozen=True, slots=True)
class Example:
    """A lead that has a rule now: what earned it, and the points."""

    lead: Lead
    evidence: str
    points: float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A part of the model, who has it in words ("12 leads have it now"), and some of them."""

    said: Said
    holders: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class GoodLead:
    """A lead close to the SQL line, with its reasons."""

    lead: Lead
    explanation: Explanation
    over: bool


@dataclass(frozen=True, slots=True)
class Chapter:
    """One live version: what it says, and who it is true of. ``counted`` says of how many leads."""

    said: Definitions
    stages: tuple[tuple[StageDefinition, tuple[Entry, ...]], ...]
    blockers: tuple[Entry, ...]
    dimensions: tuple[tuple[DimensionDefinition, tuple[Entry, ...]], ...]
    groups: tuple[str, ...]
    good: tuple[GoodLead, ...]
    counted: str


def rule_book(*, user: User, at: datetime) -> list[Chapter]:
    """A chapter for each live version; examples are leads that ``user`` may open. Some thirty queries for a
    version, however many leads there are; the longest reads all scores once."""
    return [_chapter(said, user, at) for said in definitions.live()]


def _chapter(said: Definitions, user: User, at: datetime) -> Chapter:
    version = said.version
    leads = Score.objects.filter(model=version.model_id).count()
    sample = _sample(version, leads)
    near = _near(version, user)
    rows = _rows(version, {*sample, *near}, at)
    visible = Lead.objects.visible_to(user).select_related("company").in_bulk(list(rows))
    counted = [rows[lead_id] for lead_id in sample if lead_id in rows]
    shown = {lead_id: rows[lead_id] for lead_id in rows if lead_id in visible}
    columns = _columns(version)
    close = _closest(version, shown)
    chosen = [*close.values(), *_cover(columns, shown)]
    explained = {
        lead_id: explain(lead=visible[lead_id], at=at, version=version)
        for lead_id in list(dict.fromkeys(chosen))[:MOST_EXPLAINED]
    }

    def entries(kind: str, parts: Sequence[Said]) -> tuple[Entry, ...]:
        return tuple(entry(part, kind) for part in parts)

    def entry(part: Said, kind: str) -> Entry:
        column = columns[f"{kind}:{part.key}"]
        examples = _examples(kind, part.key, column, explained, shown, visible)
        return Entry(part, _holding(counted, column, leads, examples), tuple(examples))

    return Chapter(
        said=said,
        stages=tuple((stage, entries("trigger", stage.triggers)) for stage in said.stages),
        blockers=entries("blocker", said.blockers),
        dimensions=tuple((dimension, entries("rule", dimension.rules)) for dimension in said.dimensions),
        groups=tuple(_groups(version)),
        good=tuple(
            GoodLead(visible[lead_id], explained[lead_id], over)
            for over, lead_id in sorted(close.items(), reverse=True)
        ),
        counted=(
            f"Counted among {len(counted):,} of {leads:,} leads, spread evenly."
            if len(counted) < leads
            else ""
        ),
    )


def _holding(counted: Sequence[Row], column: str, leads: int, examples: Sequence[Example]) -> str:
    """ "12 leads have it now", "about 3 % of all leads have it", "nobody at the moment"."""
    having = sum(bool(row[column]) for row in counted)
    if len(counted) >= leads:
        if not having:
            return "nobody at the moment"
        return "1 lead has it now" if having == 1 else f"{having:,} leads have it now"
    if not having:
        return "fewer than 1 lead in 1,000 has it" if examples else "nobody of those looked at"
    share = 100 * having / len(counted)
    return (
        f"about {share:.0f} % of all leads have it" if share >= 1 else "about 1 lead in 100 or fewer has it"
    )


def _sample(version: ModelVersion, leads: int) -> list[int]:
    """The same leads each time, spread over all as if drawn by lot."""
    scored = Score.objects.filter(model=version.model_id)
    if leads > SAMPLE:
        lot = Mod(F("lead_id") * _NEXT_LOT, Value(_LOTS))
        scored = scored.annotate(lot=lot).filter(lot__lt=SAMPLE * _LOTS // leads)
    return list(scored.order_by("lead_id").values_list("lead_id", flat=True)[: SAMPLE + SAMPLE // 2])


def _near(version: ModelVersion, user: User) -> list[int]:
    """Leads the reader may open: the newest, and those with the highest scores."""
    visible = Lead.objects.visible_to(user)
    newest = visible.order_by("-created_at", "-id").values_list("pk", flat=True)[:NEWEST]
    highest = Score.objects.visible_to(user).filter(model=version.model_id).order_by("-total", "lead_id")
    return [*newest, *highest.values_list("lead_id", flat=True)[:HIGHEST]]


def _rows(version: ModelVersion, lead_ids: Iterable[int], at: datetime) -> dict[int, Row]:
    """What the version says of each of them, if it is for them."""
    found = scores(compiled(version), ids=sorted(lead_ids), as_of=at)
    return {row["lead_id"]: row for row in found if row["applies"]}


def _columns(version: ModelVersion) -> dict[str, str]:
    """Part → column of the statement that says whether a lead has it."""
    ruleset = compiled(version).ruleset
    return {
        **{f"rule:{rule.key}": f"r{n}" for n, rule in enumerate(ruleset.rules)},
        **{f"trigger:{trigger.key}": f"t{n}" for n, trigger in enumerate(ruleset.triggers)},
        **{f"blocker:{blocker.key}": f"k{n}" for n, blocker in enumerate(ruleset.blockers)},
    }


def _closest(version: ModelVersion, rows: Mapping[int, Row]) -> dict[bool, int]:
    """The lead just over the SQL line (True) and the one just under it (False), where there are such."""
    lines = [line for line in compiled(version).ruleset.lines if line.stage == SALES_STAGE]
    if not lines:
        return {}
    best: dict[bool, tuple[int, int]] = {}
    for lead_id, row in rows.items():
        if row["blocked"]:
            continue
        margin = max(_margin(line, row) for line in lines)
        over = margin >= 0
        distance = abs(margin)
        if over not in best or distance < best[over][0]:
            best[over] = (distance, lead_id)
    return {over: lead_id for over, (_, lead_id) in best.items()}


def _margin(line: LineSpec, row: Row) -> int:
    """Hundredths by which the line is passed in the dimension where that is least; negative for short."""
    return min(int(row[name]) - least * HUNDREDTHS for name, least in line.minimums.items())


def _cover(columns: Mapping[str, str], rows: Mapping[int, Row]) -> list[int]:
    """Few leads that between them have as many parts as can be, the one with the most of them first."""
    missing = dict.fromkeys(columns.values(), MOST_EXAMPLES)
    has = {lead_id: {c for c in missing if row[c]} for lead_id, row in rows.items()}
    chosen: list[int] = []
    while has and len(chosen) < MOST_EXPLAINED:
        best = max(has, key=lambda lead_id: (len(has[lead_id]), -lead_id))
        gained = has.pop(best)
        if not gained:
            break
        chosen.append(best)
        for column in gained:
            missing[column] -= 1
        done = {column for column, more in missing.items() if more <= 0}
        has = {lead_id: parts - done for lead_id, parts in has.items()}
    return chosen


def _examples(
    kind: str,
    key: str,
    column: str,
    explained: Mapping[int, Explanation],
    rows: Mapping[int, Row],
    leads: Mapping[int, Lead],
) -> list[Example]:
    having = [lead_id for lead_id in explained if rows[lead_id][column]][:MOST_EXAMPLES]
    if kind != "rule":
        return [Example(leads[lead_id], "", None) for lead_id in having]
    found = []
    for lead_id in having:
        reasons = [
            reason
            for dimension in explained[lead_id].dimensions
            for reason in dimension.reasons
            if reason.rule == key
        ]
        found += [Example(leads[lead_id], reason.evidence, reason.points) for reason in reasons[:1]]
    return found


def _groups(version: ModelVersion) -> list[str]:
    """ "“staff” gives or takes 15 points at most, together: 100 to 500 staff, Under 20 staff"."""
    ruleset = compiled(version).ruleset
    said = []
    for key, cap in ruleset.groups.items():
        members = [rule.label for rule in ruleset.rules if rule.group == key]
        members += [f"“{group_named(inner)}”" for inner, outer in ruleset.within.items() if outer == key]
        if members:
            said.append(
                f"“{group_named(key)}” gives or takes {cap} points at most, together: {', '.join(members)}."
            )
    return said


def named(lead: Lead) -> str:
    """ "Ada Novak, Nordwind"."""
    return ", ".join(filter(None, (str(lead), str(lead.company or ""))))
