"""A version becomes one SQL statement: every caller (rescore, explain, history, check) runs the same.

Read it as the statement reads: *who* is asked about, the *adjustments* they have, their *behaviour* (one
filtered aggregate per activity test in a single pass), their *facts*, one expression per rule (*parts*), caps
per rule, group and dimension (*sums*), then lines, triggers and blockers. Values are bound parameters, names
come from allowlists, patterns are escaped LIKE; a rule never becomes SQL text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from . import adjusting
from .behaviour import Behaviour, Signal, contribution
from .colleagues import Colleagues
from .conditions import Colleagues as ColleaguesAsked
from .conditions import Condition, Fact, Group, Happened, InStage, tests_of
from .dimensions import HUNDREDTHS
from .facts import Facts
from .operators import OPERATORS
from .parameters import Parameters
from .ruleset import DAY, BlockerSpec, Ruleset, RuleSpec, TriggerSpec
from .totals import DIMENSIONS, Totals, within

#: The most activities an explanation lists for a rule that counts each.
MOST_LISTED = 20


class Asked(Enum):
    """Whom a statement is about, and as of when."""

    #: ``ids`` (list of lead ids), all as of ``as_of``.
    IDS = "ids"
    #: Leads with an id from ``low`` to ``high``, all as of ``as_of``.
    RANGE = "range"
    #: ``ids`` and ``moments``, two lists of one length: each lead as of its own moment.
    MOMENTS = "moments"


class FactSource(Enum):
    """Where the facts of leads and companies come from; activities are always read as of their own time."""

    CURRENT = "current"
    #: What was stored at the moment asked about.
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Statement:
    """Compiled SQL: ``ctes`` end in one row per lead (and moment) called ``scored``. Besides ``parameters``
    the caller binds those of ``asked``."""

    asked: Asked
    ctes: str
    parameters: Mapping[str, Any]
    ruleset: Ruleset
    #: Rule key → column of its points before the rule's cap, and of how many activities earned them.
    raw: Mapping[str, str]
    counts: Mapping[str, str]
    #: Field name → column of its value as text.
    values: Mapping[str, str]
    #: With details: the newest activities behind each rule, to follow ``ctes``; empty when no rule has any.
    evidence: str

    def binding(self, **asked: Any) -> dict[str, Any]:
        return {**self.parameters, **asked}


def compile_ruleset(
    ruleset: Ruleset,
    types: Mapping[str, int],
    *,
    asked: Asked = Asked.IDS,
    source: FactSource = FactSource.CURRENT,
    details: bool = False,
    adjusted: bool = True,
    long_histories: bool = False,
) -> Statement:
    """``types`` maps activity type keys to ids. With ``details`` each row also has every rule's points before
    and after its cap, how many activities earned them, and the facts that were asked about. Without
    ``adjusted`` it is for leads that have no adjustment, and does not look for any. With ``long_histories``
    (for IDS, and for few leads at MOMENTS) it reads, type by type, no more of the newest activities than can
    matter."""
    return _Compiler(ruleset, types, asked, source, details, adjusted, long_histories).statement()


class _Compiler:
    def __init__(
        self,
        ruleset: Ruleset,
        types: Mapping[str, int],
        asked: Asked,
        source: FactSource,
        details: bool,
        adjusted: bool,
        long_histories: bool,
    ) -> None:
        self.ruleset = ruleset
        self.asked = asked
        self.details = details
        self.adjusted = adjusted
        self.bind = Parameters()
        self.as_of = "w.as_of" if asked is Asked.MOMENTS else "%(as_of)s::timestamptz"
        zone, history = ruleset.time_zone, source is FactSource.HISTORY
        self.facts = Facts(self.bind, self.as_of, zone, history=history)
        self.behaviour = Behaviour(
            self.bind, types, asked.value, self.as_of, zone, restarts=adjusted, newest_only=long_histories
        )
        self.colleagues = Colleagues(self.bind, types, self.as_of, zone, restarts=adjusted, history=history)
        self.totals = Totals(ruleset, self.bind, details=details)
        self.raw: dict[str, str] = {}
        self.counts: dict[str, str] = {}
        self._earned: list[tuple[RuleSpec, Signal, int, int]] = []

    def statement(self) -> Statement:
        parts = self._parts()  # first: it says which facts and signals the others must provide
        ctes = ",\n".join(
            [
                f"who AS NOT MATERIALIZED ({self._who()})",
                *(adjusting.ctes(self.as_of) if self.adjusted else []),
                *self.behaviour.ctes(),
                *self.colleagues.ctes(),
                f"facts AS ({self.facts.select()} OFFSET 0)",
                f"parts AS (\n{parts} OFFSET 0)",
                f"sums AS ({self.totals.sums()} OFFSET 0)",
                f"dimensions AS ({self.totals.dimensions()} OFFSET 0)",
                f"scored AS ({self.totals.scored()})",
            ]
        )
        self.raw |= {f"group:{key}": column for key, column in self.totals.groups.items()}
        return Statement(
            self.asked,
            ctes,
            self.bind.values,
            self.ruleset,
            self.raw,
            self.counts,
            self.facts.raw_columns,
            self._evidence() if self.details else "",
        )

    def _evidence(self) -> str:
        """What earned each rule's points, newest first: the same rows and the same arithmetic as the sums."""
        arms = []
        for rule, signal, place, needed in self._earned:
            # Together, and not each by itself, they earn the points of a tier or of a compound condition.
            alone = not rule.tiers and rule.earns is not None
            earned = "NULL::int"
            if alone:
                earned = contribution("r.age", rule.points * HUNDREDTHS, rule.fading, self.bind)
            # As many as decide until when the condition holds, too.
            listed = max(needed, 1 if alone and not rule.each else MOST_LISTED)
            arms.append(
                f"(SELECT {self.bind(rule.key, 'text')} AS rule, {place} AS place, r.id, r.kind,"
                f" r.occurred_at, r.undated, {earned} AS points"
                f" FROM ({self.behaviour.rows_of(signal, ids=True)}) r"
                f" ORDER BY r.age, r.id DESC LIMIT {listed})"
            )
        if not arms:
            return ""
        return (
            "SELECT e.rule, e.place, e.id, e.occurred_at, e.undated, e.points, t.key AS type, t.label\nFROM ("
            + "\nUNION ALL ".join(arms)
            + ") e JOIN leads_activitytype t ON t.id = e.kind WHERE e.points IS DISTINCT FROM 0"
        )

    def _who(self) -> str:
        match self.asked:
            case Asked.IDS:
                return "SELECT u.id AS n, u.id AS lead_id FROM unnest(%(ids)s::bigint[]) AS u (id)"
            case Asked.RANGE:
                return (
                    "SELECT id AS n, id AS lead_id FROM leads_lead"
                    " WHERE id BETWEEN %(low)s::bigint AND %(high)s::bigint"
                )
            case Asked.MOMENTS:
                return (
                    "SELECT u.n, u.lead_id, u.as_of FROM"
                    " unnest(%(ids)s::bigint[], %(moments)s::timestamptz[])"
                    " WITH ORDINALITY AS u (lead_id, as_of, n)"
                )

    def _parts(self) -> str:
        """One column per rule (r…), trigger (t…) and blocker (k…); whether the version is for the lead."""
        applies = self.ruleset.applies_to
        columns = ["f.n", "f.lead_id"]
        columns.append(f"{self._condition(applies, None) if applies else 'true'} AS applies")
        for n, rule in enumerate(self.ruleset.rules):
            columns += self._rule(n, rule)
        for n, trigger in enumerate(self.ruleset.triggers):
            columns.append(f"{self._holds(trigger, 'triggers')} AS t{n}")
        for n, blocker in enumerate(self.ruleset.blockers):
            columns.append(f"{self._holds(blocker, None)} AS k{n}")
        moving = [f"coalesce({self.behaviour.moves()}, false)"]
        moves = " OR ".join(moving + self.facts.moves() + self.colleagues.moves())
        if self.adjusted:
            columns += [f"j.{d}_set, coalesce(j.{d}_added, 0) AS {d}_added" for d in DIMENSIONS]
            columns.append("j.restart_id, j.triggers_from AS restarted_at")
            moves += " OR coalesce(j.moves, false)"
        else:
            columns += [f"NULL::int AS {d}_set, 0 AS {d}_added" for d in DIMENSIONS]
            columns.append("NULL::bigint AS restart_id, NULL::timestamptz AS restarted_at")
        columns.append(f"{moves} AS fading")
        if self.details:
            columns += [f"f.{column}" for column in dict.fromkeys(self.facts.keep_values().values())]
        names = [*self.behaviour.names(), *self.colleagues.names()]
        joins = "".join(f" LEFT JOIN {cte} USING (n)" for cte in names)
        if self.adjusted:
            joins += " LEFT JOIN adjusted j USING (n)"
        return f"SELECT {', '.join(columns)}\nFROM facts f{joins}"

    def _rule(self, n: int, rule: RuleSpec) -> list[str]:
        raw, count = self._compound(rule) if rule.earns is None else self._earning(rule, rule.earns)
        if rule.unless is not None:
            raw = f"CASE WHEN {self._condition(rule.unless, rule.dimension)} THEN 0 ELSE {raw} END"
        capped = within(raw, rule.cap * HUNDREDTHS, self.bind) if rule.cap else raw
        columns = [f"{capped} AS r{n}"]
        if self.details and count:
            self.raw[rule.key] = f"raw{n}"
            self.counts[rule.key] = f"count{n}"
            columns += [f"{raw} AS raw{n}", f"coalesce({count}, 0) AS count{n}"]
        return columns

    def _earning(self, rule: RuleSpec, earns: Happened) -> tuple[str, str]:
        """The hundredths that activities earn, before the cap; and, with details, how many earn something."""
        points = rule.points * HUNDREDTHS
        signal = _signal(earns, rule.window, rule.dimension, rule)
        if rule.tiers:
            times = f"coalesce({self.behaviour.count(signal, rule.tiers[-1].times)}, 0)"
            raw = "CASE " + " ".join(
                f"WHEN {times} >= {self.bind(tier.times, 'int')} THEN"
                f" {self.bind(tier.points * HUNDREDTHS, 'int')}"
                for tier in reversed(rule.tiers)
            )
            raw += " ELSE 0 END"
        elif rule.each:
            cap = rule.cap * HUNDREDTHS if rule.cap else None
            raw = f"coalesce({self.behaviour.total(signal, points, rule.fading, cap)}, 0)"
        else:
            raw = f"coalesce({self.behaviour.newest(signal, points, rule.fading)}, 0)"
        if earns.at_least > 1 or earns.at_most is not None:
            raw = f"CASE WHEN {self._condition(earns, rule.dimension)} THEN {raw} ELSE 0 END"
        if not self.details:
            return raw, ""
        needed = rule.tiers[0].times if rule.tiers else earns.at_least
        self._earned.append((rule, signal, 0, needed))
        return raw, self.behaviour.earning(signal, points, rule.fading)

    def _compound(self, rule: RuleSpec) -> tuple[str, str]:
        """The hundredths of a rule that is simply true or not; should it fade, then from the newest activity
        that makes it true. With details its activities are listed, too."""
        points = rule.points * HUNDREDTHS
        worth = self.bind(points, "int")
        if rule.fading is not None:
            age = self._age(rule.when, rule)
            worth = f"coalesce({contribution(age, points, rule.fading, self.bind)}, 0)"
        cases = f"WHEN {self._condition(rule.when, rule.dimension)} THEN {worth}"
        if rule.mismatch:
            known = " AND ".join(self._known(rule.when))
            cases += f" WHEN {known} THEN {self.bind(rule.mismatch * HUNDREDTHS, 'int')}"
        if self.details:
            for place, test in enumerate(tests_of(rule.when)):
                if isinstance(test, Happened) and test.needs_one:
                    signal = _signal(test, _window(test), rule.dimension)
                    self._earned.append((rule, signal, place, test.at_least))
        return f"CASE {cases} ELSE 0 END", ""

    def _age(self, condition: Condition, rule: RuleSpec) -> str:
        """The age of the newest activity by which ``condition`` holds; null when it holds without any."""
        match condition:
            case Happened(needs_one=True):
                signal = _signal(condition, _window(condition), rule.dimension)
                age = self.behaviour.age(signal, rule.points * HUNDREDTHS, rule.fading)
            case Group(how="all" | "any", parts=parts):
                ages = [self._age(part, rule) for part in parts]
                age = f"least({', '.join(ages)})"
            case _:
                return "NULL::int"
        return f"CASE WHEN {self._condition(condition, rule.dimension)} THEN {age} END"

    def _known(self, condition: Condition) -> list[str]:
        """Whether each fact it asks about is known."""
        facts = {test.field.name: test.field for test in tests_of(condition) if isinstance(test, Fact)}
        return [self.facts.test(Fact(field, OPERATORS["known"], ())) for field in facts.values()]

    def _holds(self, part: TriggerSpec | BlockerSpec, origin: str | None) -> str:
        when = self._condition(part.when, origin)
        if part.unless is None:
            return when
        return f"({when} AND NOT {self._condition(part.unless, origin)})"

    def _condition(self, condition: Condition, origin: str | None) -> str:
        """``origin`` names the restart before which activities do not count: a dimension, ``triggers`` or
        None."""
        match condition:
            case Group(how="none", parts=parts):
                return "NOT (" + " OR ".join(self._condition(part, origin) for part in parts) + ")"
            case Group(how=how, parts=parts):
                word = " AND " if how == "all" else " OR "
                return "(" + (word.join(self._condition(part, origin) for part in parts) or "false") + ")"
            case Fact():
                return self.facts.test(condition)
            case ColleaguesAsked():
                return self.colleagues.test(condition, origin)
            case InStage():
                return self.facts.stage(condition)
            case Happened():
                signal = _signal(condition, _window(condition), origin)
                enough = max(
                    condition.at_least, condition.at_most + 1 if condition.at_most is not None else 0
                )
                count = f"coalesce({self.behaviour.count(signal, enough)}, 0)"
                tests = []
                if condition.at_least > 0:
                    tests.append(f"{count} >= {self.bind(condition.at_least, 'int')}")
                if condition.at_most is not None:
                    tests.append(f"{count} <= {self.bind(condition.at_most, 'int')}")
                return f"({' AND '.join(tests) or 'true'})"


def _signal(test: Happened, window: int | None, origin: str | None, rule: RuleSpec | None = None) -> Signal:
    return Signal(test.types, test.where, window, origin, rule.limit if rule else None, test.after)


def _window(test: Happened) -> int | None:
    return test.within_days * DAY if test.within_days else None
