"""The cheapest ways over the SQL line, each tried by the statement itself.

Candidates are what the version's rules and triggers ask for (``candidates``). All of them are supposed at
once, one row each; those that are too little alone are put together by what they gave. What is proposed has
been supposed as a whole, with caps, groups, ceilings and blockers, and came out over the line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as stored
from datetime import datetime
from functools import cached_property
from itertools import combinations, product
from typing import Any, Literal
from zoneinfo import ZoneInfo

from leads.models import ActivityType, Lead

from . import tenses
from .candidates import MOST_STEPS, Candidate, candidates, fact_in_words
from .compiling import Statement
from .dimensions import HUNDREDTHS, SALES_STAGE, Dimension
from .statement import Row
from .supposing import RECENT, RECENT_IN_EARNEST, Change, Done, Learned, scores_if

MOST_WAYS = 3
#: The most rows of one question, and the most combinations that are tried.
_MOST_SINGLES, _MOST_TRIED, _MOST_VERIFIED = 70, 24, 40
#: How much one asks of a lead, the least first: see a page, read, meet, fill in a form, ask for sales.
_EFFORT = {"visit": 1, "email": 2, "social": 2, "content": 3, "event": 4, "form": 5, "sales": 6, "system": 9}
_LEARNING = 2
_INTENT = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to happen: an activity, any of ``types``, ``times`` (more); or a fact to learn. ``points``
    is what it adds to each dimension, after the steps before it."""

    kind: Literal["activity", "fact"]
    words: str
    points: dict[str, float]
    types: tuple[str, ...] = ()
    times: int = 1
    properties: Mapping[str, Any] = stored(default_factory=dict)
    field: str = ""
    value: Any = None


@dataclass(frozen=True, slots=True)
class Way:
    """Steps that together take the lead over the line: by its minimums, or by the trigger named."""

    steps: tuple[Step, ...]
    trigger: str = ""

    @property
    def actions(self) -> int:
        return sum(step.times for step in self.steps)


@dataclass(frozen=True, slots=True)
class _Tried:
    """A candidate and what it gave. ``alike`` are other activities that the same part asks for and that give
    the same."""

    candidate: Candidate
    gain: Mapping[str, int]
    row: Row
    alike: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        return bool(self.row[f"{SALES_STAGE}_over"])


class Search:
    """One lead at one moment. Keeps what the statement said of every candidate alone."""

    def __init__(
        self,
        statement: Statement,
        lead: Lead,
        at: datetime,
        kinds: Mapping[str, ActivityType] | None = None,
    ) -> None:
        self.statement, self.lead, self.at = statement, lead, at
        self.kinds = kinds or {kind.key: kind for kind in ActivityType.objects.all()}
        self.types = {key: kind.pk for key, kind in self.kinds.items()}
        today = at.astimezone(ZoneInfo(statement.ruleset.time_zone)).date()
        every = candidates(ruleset=statement.ruleset, lead=lead, today=today)
        self.candidates = sorted(every, key=self._cost)[:_MOST_SINGLES]
        rows = self._scores([(), *(candidate.changes for candidate in self.candidates)], recent=RECENT)
        self.base = rows[0] if rows else None
        self._rows = rows[1:]

    def at_another(self, moment: datetime) -> "Search":
        return Search(self.statement, self.lead, moment, self.kinds)

    def ways(self) -> tuple[Way, ...]:
        if self.base is None:
            return ()
        tried = self._alike(
            _Tried(candidate, self._gain(row), row)
            for candidate, row in zip(self.candidates, self._rows, strict=True)
        )
        found = _least([[one] for one in tried if one.over])
        found.sort(key=lambda some: self._cost(_joined(some)))
        if len(found) < MOST_WAYS:
            found += self._together(tried)
        fewest = _joined(found[0]).actions if found else 0
        return self._verified([some for some in found if _joined(some).actions <= fewest + 1])

    def _scores(self, suppositions: Sequence[Sequence[Change]], *, recent: int) -> list[Row]:
        return scores_if(
            statement=self.statement,
            lead=self.lead,
            at=self.at,
            suppositions=suppositions,
            types=self.types,
            recent=recent,
        )

    def _gain(self, row: Row, since: Row | None = None) -> dict[str, int]:
        before = since or self.base or {}
        return {key: row[key] - before[key] for key in Dimension.values}

    def _cost(self, candidate: Candidate) -> tuple[int, int]:
        """Fewest actions first, then the least effort."""
        effort = 0
        for change in candidate.changes:
            kind = self.kinds.get(change.type) if isinstance(change, Done) else None
            effort += (_EFFORT[kind.category] + _INTENT * kind.is_intent) if kind else _LEARNING
        return candidate.actions, effort

    def _alike(self, every: Iterable[_Tried]) -> list[_Tried]:
        """One for all activities that the same part asks for and that do the same."""
        found: dict[Any, _Tried] = {}
        for n, one in enumerate(every):
            match one.candidate.changes:
                case (Done(properties=properties, times=times),):
                    key: Any = (
                        one.candidate.origin, repr(properties), times, tuple(one.gain.values()),
                        tuple(one.row[f"{SALES_STAGE}_triggers"]),
                    )  # fmt: skip
                case _:
                    key = n
            first = found.setdefault(key, one)
            if first is not one:
                more = [change.type for change in one.candidate.changes if isinstance(change, Done)]
                found[key] = replace(first, alike=(*first.alike, *more))
        return list(found.values())

    # Together

    def _together(self, tried: Sequence[_Tried]) -> list[list[_Tried]]:
        """The cheapest pairs and threes that came out over the line, none with a part that is enough."""
        useful = [
            one for one in tried
            if not one.over and any(gain > 0 for gain in one.gain.values())
        ]  # fmt: skip
        useful = sorted(_best_of_a_fact(useful), key=lambda one: self._cost(one.candidate))[:30]
        useful.sort(
            key=lambda one: isinstance(one.candidate.changes[0], Done)
        )  # what we find out comes first
        sets = [
            list(some)
            for size in (2, MOST_STEPS)
            for some in combinations(useful if size == 2 else useful[:16], size)
            if self._may_do(some)
        ]
        sets = sorted(sets, key=lambda some: self._cost(_joined(some)))[:_MOST_TRIED]
        if not sets:
            return []
        rows = self._scores([_joined(some).changes for some in sets], recent=RECENT)
        return _least([some for some, row in zip(sets, rows, strict=True) if row[f"{SALES_STAGE}_over"]])

    def _may_do(self, some: Sequence[_Tried]) -> bool:
        """Whether these could be enough by what each gave alone: of different parts and facts, and together
        at some line's minimums. Caps may still say no."""
        joined = _joined(some)
        names = [change if isinstance(change, Done) else change.field for change in joined.changes]
        what = [name.type if isinstance(name, Done) else name for name in names]
        if len(joined.changes) > MOST_STEPS or len(set(what)) < len(what):
            return False
        if len({one.candidate.origin for one in some}) < len(some):
            return False
        base = self.base or {}
        for line in self.statement.ruleset.lines:
            if line.stage != SALES_STAGE:
                continue
            reached = {key: base[key] + sum(one.gain[key] for one in some) for key in Dimension.values}
            reached["total"] = sum(reached.values())
            if all(reached[name] >= least * HUNDREDTHS for name, least in line.minimums.items()):
                return True
        return False

    # In earnest

    def _verified(self, found: Sequence[list[_Tried]]) -> tuple[Way, ...]:
        """The first ways, each supposed once more with more of the lead's past, with every activity that
        could stand in for another, and step by step for the points of each."""
        asked: list[tuple[Change, ...]] = [()]
        plans: list[tuple[list[_Tried], list[tuple[Change, ...]], dict[tuple[str, ...], tuple[Change, ...]]]]
        plans = []
        for some in found[: MOST_WAYS + 2]:
            changes = _joined(some).changes
            prefixes = [changes[: n + 1] for n in range(len(changes))]
            others = _stand_ins(some)
            if len(asked) + len(prefixes) + len(others) > _MOST_VERIFIED:
                others = {}
            plans.append((some, prefixes, others))
            asked += [*prefixes, *others.values()]
        if not plans:
            return ()
        rows = iter(self._scores(asked, recent=RECENT_IN_EARNEST))
        base = next(rows)
        ways: list[Way] = []
        for some, prefixes, others in plans:
            steps = [next(rows) for _ in prefixes]
            held = [names for names in others if next(rows)[f"{SALES_STAGE}_over"]]
            if steps[-1][f"{SALES_STAGE}_over"] and len(ways) < MOST_WAYS:
                complete = len(held) == len(others) and others
                ways.append(self._way(some, [base, *steps], bool(complete)))
        return tuple(ways)

    def _way(self, some: Sequence[_Tried], rows: Sequence[Row], with_alike: bool) -> Way:
        steps = []
        whose = [(one, change) for one in some for change in one.candidate.changes]
        for n, (one, change) in enumerate(whose):
            said, alike = one.candidate.said, one.alike if with_alike else ()
            gained = self._gain(rows[n + 1], rows[n])
            points = {key: hundredths / HUNDREDTHS for key, hundredths in gained.items() if hundredths}
            steps.append(self._step(change, said, alike, points))
        last = rows[-1]
        keys = [] if last[f"{SALES_STAGE}_line"] else last[f"{SALES_STAGE}_triggers"]
        labels = [trigger.label for trigger in self.statement.ruleset.triggers if trigger.key in keys]
        return Way(tuple(steps), labels[0] if labels else "")

    def _step(self, change: Change, said: str, alike: Sequence[str], points: dict[str, float]) -> Step:
        if isinstance(change, Done):
            types = (change.type, *alike)
            words = _or([tenses.present(self.kinds[key].label) for key in types])
            if change.properties:
                words += f" ({', '.join(f'{key}: {value}' for key, value in change.properties.items())})"
            words += tenses.often(change.times, again=change.type in self._did)
            return Step(
                "activity", words, points, types=types, times=change.times, properties=dict(change.properties)
            )
        what = fact_in_words(change.field)
        words = f"Learn {what}: “{said}” would do" if said else f"Learn {what}: “{change.value}” would do"
        return Step("fact", words, points, field=change.field, value=change.value)

    @cached_property
    def _did(self) -> set[str]:
        """What the lead has done before."""
        asked = {c.type for one in self.candidates for c in one.changes if isinstance(c, Done)}
        done = self.lead.activities.filter(type__key__in=asked, voided_at=None, occurred_at__lte=self.at)
        return set(done.order_by().values_list("type__key", flat=True).distinct())


def _joined(some: Sequence[_Tried]) -> Candidate:
    """What all of them ask for."""
    return Candidate(tuple(change for one in some for change in one.candidate.changes), "")


def _least(sets: Sequence[list[_Tried]]) -> list[list[_Tried]]:
    """Without those that contain another: no step in vain. In the order given, cheapest first."""
    found: list[list[_Tried]] = []
    for some in sets:
        changes = set(_without_times(_joined(some).changes))
        if not any(changes >= set(_without_times(_joined(less).changes)) for less in found):
            found.append(some)
    return found


def _without_times(changes: Iterable[Change]) -> list[Change]:
    return [replace(change, times=1) if isinstance(change, Done) else change for change in changes]


def _best_of_a_fact(every: Sequence[_Tried]) -> list[_Tried]:
    """Of the values that one unknown fact could have, the one that gives most."""
    best: dict[Any, _Tried] = {}
    for n, one in enumerate(every):
        match one.candidate.changes:
            case (Done(),):
                key: Any = n
            case (Learned(field=key),):
                pass
            case _:
                key = n
        if key not in best or sum(one.gain.values()) > sum(best[key].gain.values()):
            best[key] = one
    return list(best.values())


def _stand_ins(some: Sequence[_Tried]) -> dict[tuple[str, ...], tuple[Change, ...]]:
    """Every way to choose among the activities that are alike, but the first: all must do."""
    if not any(one.alike for one in some):
        return {}
    choices = []
    for one in some:
        others = [
            (replace(change, type=key),)
            for change in one.candidate.changes
            if isinstance(change, Done)
            for key in one.alike
        ]
        choices.append([one.candidate.changes, *others])
    chosen = [tuple(change for part in pick for change in part) for pick in product(*choices)]
    return {tuple(str(change) for change in changes): changes for changes in chosen[1:]}


def _or(words: Sequence[str]) -> str:
    """ "Requests a demo, asks for a quote or starts a trial"."""
    lowered = [words[0], *(word[:1].lower() + word[1:] for word in words[1:])]
    return " or ".join([", ".join(lowered[:-1]), lowered[-1]] if len(lowered) > 1 else lowered)
