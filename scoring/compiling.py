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

from .behaviour import Behaviour, Signal, contribution
from .conditions import Condition, Fact, Group, Happened
from .dimensions import HUNDREDTHS, LINE_STAGES, MOST_CEILING, SALES_STAGE, Dimension
from .facts import Facts
from .parameters import Parameters
from .ruleset import DAY, LineSpec, Ruleset, RuleSpec

DIMENSIONS: tuple[str, ...] = tuple(Dimension.values)
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
    (only for IDS) it reads, type by type, no more of the newest activities than can matter."""
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
        self.facts = Facts(self.bind, history_at=self.as_of if source is FactSource.HISTORY else None)
        self.behaviour = Behaviour(
            self.bind, types, asked.value, self.as_of, restarts=adjusted, newest_only=long_histories
        )
        self.raw: dict[str, str] = {}
        self.counts: dict[str, str] = {}
        self._earned: list[tuple[RuleSpec, Signal]] = []

    def statement(self) -> Statement:
        parts = self._parts()  # first: it says which facts and signals the others must provide
        ctes = ",\n".join(
            [
                f"who AS NOT MATERIALIZED ({self._who()})",
                *self._adjustments(),
                *self.behaviour.ctes(),
                f"facts AS ({self.facts.select()} OFFSET 0)",
                f"parts AS (\n{parts} OFFSET 0)",
                f"sums AS ({self._sums()} OFFSET 0)",
                f"dimensions AS ({self._dimensions()} OFFSET 0)",
                f"scored AS ({self._lines()})",
            ]
        )
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
        for rule, signal in self._earned:
            earned = contribution("r.age", rule.points * HUNDREDTHS, rule.fading, self.bind)
            listed = MOST_LISTED if rule.each else 1
            arms.append(
                f"(SELECT {self.bind(rule.key, 'text')} AS rule, r.n, r.id, r.kind, r.occurred_at, r.undated,"
                f" {earned} AS points FROM ({self.behaviour.rows_of(signal, ids=True)}) r"
                f" ORDER BY r.age, r.id DESC LIMIT {listed})"
            )
        if not arms:
            return ""
        return (
            "SELECT e.rule, e.id, e.occurred_at, e.undated, e.points, t.key AS type, t.label\nFROM ("
            + "\nUNION ALL ".join(arms)
            + ") e JOIN leads_activitytype t ON t.id = e.kind WHERE e.points <> 0"
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

    def _adjustments(self) -> list[str]:
        """Per lead: restarts, and for each dimension the newest "set to" and what was added after it."""
        if not self.adjusted:
            return []
        columns = []
        for dimension in DIMENSIONS:
            here = f"WHERE in_force AND dimension = '{dimension}'"
            newest, later = "kind = 'set' AND sets = 1", "kind = 'add' AND sets = 0"
            columns += [
                f"max(at) FILTER ({here} AND kind = 'restart') AS {dimension}_from",
                f"max(points) FILTER ({here} AND {newest}) * {HUNDREDTHS} AS {dimension}_set",
                f"sum(points) FILTER ({here} AND {later}) * {HUNDREDTHS} AS {dimension}_added",
            ]
        return [
            f"""adjustments AS (
  SELECT *, sum((kind = 'set' AND in_force)::int)
    OVER (PARTITION BY n, dimension ORDER BY at DESC, id DESC) AS sets
  FROM (
    SELECT w.n, a.id, a.kind, a.points, a.at, d.dimension,
      a.at <= {self.as_of} AND (a.expires_at IS NULL OR a.expires_at > {self.as_of}) AS in_force,
      a.at > {self.as_of} OR a.expires_at > {self.as_of} AS moves
    FROM who w JOIN scoring_adjustment a ON a.lead_id = w.lead_id
    CROSS JOIN unnest(a.dimensions) AS d (dimension)
    WHERE a.voided_at IS NULL
  ) one)""",
            f"""adjusted AS (
  SELECT n, bool_or(moves) AS moves,
    max(id) FILTER (WHERE in_force AND kind = 'restart') AS restart_id,
    max(at) FILTER (WHERE in_force AND kind = 'restart') AS triggers_from,
    {", ".join(columns)}
  FROM adjustments GROUP BY n)""",
        ]

    def _parts(self) -> str:
        """One column per rule (r…), trigger (t…) and blocker (k…)."""
        columns = ["f.n", "f.lead_id"]
        for n, rule in enumerate(self.ruleset.rules):
            columns += self._rule(n, rule)
        for n, trigger in enumerate(self.ruleset.triggers):
            columns.append(f"{self._condition(trigger.when, 'triggers')} AS t{n}")
        for n, blocker in enumerate(self.ruleset.blockers):
            columns.append(f"{self._condition(blocker.when, None)} AS k{n}")
        moves = f"coalesce({self.behaviour.moves()}, false)"
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
        joins = "".join(f" LEFT JOIN {cte} USING (n)" for cte in self.behaviour.names())
        if self.adjusted:
            joins += " LEFT JOIN adjusted j USING (n)"
        return f"SELECT {', '.join(columns)}\nFROM facts f{joins}"

    def _rule(self, n: int, rule: RuleSpec) -> list[str]:
        points = rule.points * HUNDREDTHS
        if rule.earns is None:
            met = self._condition(rule.when, rule.dimension)
            return [f"CASE WHEN {met} THEN {self.bind(points, 'int')} ELSE 0 END AS r{n}"]
        signal = Signal(rule.earns.types, rule.earns.where, rule.window, rule.dimension, rule.limit)
        if rule.each:
            cap = rule.cap * HUNDREDTHS if rule.cap else None
            raw = f"coalesce({self.behaviour.total(signal, points, rule.fading, cap)}, 0)"
        else:
            raw = f"coalesce({self.behaviour.newest(signal, points, rule.fading)}, 0)"
        if rule.earns.at_least > 1 or rule.earns.at_most is not None:
            raw = f"CASE WHEN {self._condition(rule.earns, rule.dimension)} THEN {raw} ELSE 0 END"
        capped = self._within(raw, rule.cap * HUNDREDTHS) if rule.cap else raw
        columns = [f"{capped} AS r{n}"]
        if self.details:
            self.raw[rule.key] = f"raw{n}"
            self.counts[rule.key] = f"count{n}"
            self._earned.append((rule, signal))
            earning = self.behaviour.earning(signal, points, rule.fading)
            columns += [f"{raw} AS raw{n}", f"coalesce({earning}, 0) AS count{n}"]
        return columns

    def _condition(self, condition: Condition, origin: str | None) -> str:
        """``origin`` names the restart before which activities do not count: a dimension, ``triggers`` or
        None."""
        match condition:
            case Group(how="none", parts=parts):
                return "NOT (" + " OR ".join(self._condition(part, origin) for part in parts) + ")"
            case Group(how=how, parts=parts):
                word = " AND " if how == "all" else " OR "
                return "(" + word.join(self._condition(part, origin) for part in parts) + ")"
            case Fact():
                return self.facts.test(condition)
            case Happened():
                window = condition.within_days * DAY if condition.within_days else None
                signal = Signal(condition.types, condition.where, window, origin, None)
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

    def _sums(self) -> str:
        """What the rules of each dimension give together, groups capped (g…)."""
        columns = []
        terms: dict[str, list[str]] = {dimension: ["0"] for dimension in DIMENSIONS}
        groups: dict[str, list[int]] = {}
        for n, rule in enumerate(self.ruleset.rules):
            if rule.group is None:
                terms[rule.dimension].append(f"r{n}")
            else:
                groups.setdefault(rule.group, []).append(n)
        for g, (key, members) in enumerate(groups.items()):
            added = self._within(" + ".join(f"r{n}" for n in members), self.ruleset.groups[key] * HUNDREDTHS)
            terms[self.ruleset.rules[members[0]].dimension].append(added)
            if self.details:
                self.raw[f"group:{key}"] = f"g{g}"
                columns.append(f"{added} AS g{g}")
        columns += [f"({' + '.join(terms[d])}) AS {d}_rules" for d in DIMENSIONS]
        return f"SELECT *, {', '.join(columns)} FROM parts"

    def _dimensions(self) -> str:
        """Each dimension: the rules' sum or what a person set instead, what was added, within the ceiling."""
        columns = []
        for dimension in DIMENSIONS:
            ceiling = (self.ruleset.ceilings.get(dimension) or MOST_CEILING) * HUNDREDTHS
            said = f"coalesce({dimension}_set, {dimension}_rules) + {dimension}_added"
            columns.append(f"{self._within(said, ceiling)}::int AS {dimension}")
        return f"SELECT *, {', '.join(columns)} FROM sums"

    def _lines(self) -> str:
        blocked = " OR ".join(f"k{n}" for n in range(len(self.ruleset.blockers))) or "false"
        columns = ["*", "fit + engagement + intent AS total", f"({blocked}) AS blocked"]
        for stage in LINE_STAGES:
            lines = [line for line in self.ruleset.lines if line.stage == stage]
            met = " OR ".join(self._line(line, 0) for line in lines) or "false"
            kept = " OR ".join(self._line(line, line.leave) for line in lines) or "false"
            fired = [n for n, trigger in enumerate(self.ruleset.triggers) if trigger.stage == stage]
            true = " OR ".join(f"t{n}" for n in fired) or "false"
            free = f" AND NOT ({blocked})" if stage == SALES_STAGE else ""
            keys = ", ".join(
                f"CASE WHEN t{n} THEN {self.bind(self.ruleset.triggers[n].key, 'text')} END" for n in fired
            )
            columns += [
                f"({met}) AS {stage}_line",
                f"(({met} OR {true}){free}) AS {stage}_over",
                f"(({kept} OR {true}){free}) AS {stage}_stays",
                f"array_remove(ARRAY[{keys}]::text[], NULL) AS {stage}_triggers",
            ]
        return f"SELECT {', '.join(columns)} FROM dimensions"

    def _line(self, line: LineSpec, margin: int) -> str:
        tests = []
        for name, least in line.minimums.items():
            figure = "(fit + engagement + intent)" if name == "total" else name
            tests.append(f"{figure} >= {self.bind((least - margin) * HUNDREDTHS, 'int')}")
        return f"({' AND '.join(tests)})"

    def _within(self, figure: str, most: int) -> str:
        """``figure`` between −most and most: a cap bounds what is taken like what is given."""
        bound = self.bind(most, "bigint")
        return f"least(greatest({figure}, -{bound}), {bound})"
