"""From the points of single rules to lines: groups, dimensions, ceilings, what people set, who is over."""

from .dimensions import HUNDREDTHS, LINE_STAGES, MOST_CEILING, SALES_STAGE, TOP_GRADE, Dimension
from .parameters import Parameters
from .ruleset import LineSpec, Ruleset

DIMENSIONS: tuple[str, ...] = tuple(Dimension.values)


class Totals:
    """Writes the parts ``sums``, ``dimensions`` and ``scored`` over the columns of ``parts``: r… of each
    rule, t… of each trigger, k… of each blocker."""

    def __init__(self, ruleset: Ruleset, bind: Parameters, *, details: bool) -> None:
        self._ruleset = ruleset
        self._bind = bind
        self._details = details
        #: Group → column of what it gives, with details.
        self.groups: dict[str, str] = {}

    def sums(self) -> str:
        """What the rules of each dimension give together, groups capped (g…). A grade starts somewhere."""
        columns = []
        terms: dict[str, list[str]] = {dimension: ["0"] for dimension in DIMENSIONS}
        members: dict[str, list[str]] = {key: [] for key in self._ruleset.groups}
        about: dict[str, str] = {}
        for n, rule in enumerate(self._ruleset.rules):
            if rule.group is None:
                terms[rule.dimension].append(f"r{n}")
            else:
                members[rule.group].append(f"r{n}")
                about[rule.group] = rule.dimension
        given: dict[str, str] = {}
        for g, key in enumerate(self._innermost_first()):
            if not members[key]:
                continue
            given[key] = self._within(" + ".join(members[key]), self._ruleset.groups[key] * HUNDREDTHS)
            if self._details:
                self.groups[key] = f"g{g}"
                columns.append(f"{given[key]} AS g{g}")
            outer = self._ruleset.within.get(key)
            if outer is None:
                terms[about[key]].append(given[key])
            else:
                members[outer].append(given[key])
                about[outer] = about[key]
        if self._ruleset.grades_from is not None:
            start = self._bind(self._ruleset.grades_from * HUNDREDTHS, "int")
            terms[Dimension.FIT].append(start)
        columns += [f"({' + '.join(terms[d])}) AS {d}_rules" for d in DIMENSIONS]
        return f"SELECT *, {', '.join(columns)} FROM parts"

    def _innermost_first(self) -> list[str]:
        def depth(key: str) -> int:
            """How many groups it is part of. A circle, which only a draft may hold, is walked once."""
            passed: set[str] = set()
            outer = self._ruleset.within.get(key)
            while outer is not None and outer not in passed:
                passed.add(outer)
                outer = self._ruleset.within.get(outer)
            return len(passed)

        return sorted(self._ruleset.groups, key=depth, reverse=True)

    def dimensions(self) -> str:
        """Each dimension: the rules' sum or what a person set instead, what was added, within the ceiling.
        A grade ends at F and A+."""
        columns = []
        for dimension in DIMENSIONS:
            said = f"coalesce({dimension}_set, {dimension}_rules) + {dimension}_added"
            if dimension == Dimension.FIT and self._ruleset.grades_from is not None:
                said = f"least(greatest({said}, 0), {self._bind(TOP_GRADE * HUNDREDTHS, 'bigint')})"
            else:
                ceiling = self._ruleset.ceilings.get(dimension) or MOST_CEILING
                said = self._within(said, ceiling * HUNDREDTHS)
            columns.append(f"{said}::int AS {dimension}")
        return f"SELECT *, {', '.join(columns)} FROM sums"

    def scored(self) -> str:
        """Who is over which line, who would stay, by which triggers, and for how many days after a crossing
        the lines that are met make no other (…_cools)."""
        blocked = " OR ".join(f"k{n}" for n in range(len(self._ruleset.blockers))) or "false"
        columns = ["*", "fit + engagement + intent AS total", f"({blocked}) AS blocked"]
        for stage in LINE_STAGES:
            lines = [line for line in self._ruleset.lines if line.stage == stage]
            met = " OR ".join(self._line(line, 0) for line in lines) or "false"
            kept = " OR ".join(self._line(line, line.leave) for line in lines) or "false"
            fired = [n for n, trigger in enumerate(self._ruleset.triggers) if trigger.stage == stage]
            true = " OR ".join(f"t{n}" for n in fired) or "false"
            free = " AND applies" + (f" AND NOT ({blocked})" if stage == SALES_STAGE else "")
            keys = ", ".join(
                f"CASE WHEN t{n} THEN {self._bind(self._ruleset.triggers[n].key, 'text')} END" for n in fired
            )
            columns += [
                f"({met}) AS {stage}_line",
                f"(({met} OR {true}){free}) AS {stage}_over",
                f"(({kept} OR {true}){free}) AS {stage}_stays",
                f"array_remove(ARRAY[{keys}]::text[], NULL) AS {stage}_triggers",
                f"{self._cools(lines, true)} AS {stage}_cools",
            ]
        return f"SELECT {', '.join(columns)} FROM dimensions"

    def _cools(self, lines: list[LineSpec], triggered: str) -> str:
        if not any(line.cool_down_days for line in lines):
            return "0"
        days = ", ".join(
            f"CASE WHEN {self._line(line, 0)} THEN {self._bind(line.cool_down_days, 'int')} END"
            for line in lines
        )
        return f"CASE WHEN {triggered} THEN 0 ELSE coalesce(least({days}), 0) END"

    def _line(self, line: LineSpec, margin: int) -> str:
        tests = []
        for name, least in line.minimums.items():
            figure = "(fit + engagement + intent)" if name == "total" else name
            tests.append(f"{figure} >= {self._bind((least - margin) * HUNDREDTHS, 'int')}")
        return f"({' AND '.join(tests)})"

    def _within(self, figure: str, most: int) -> str:
        return within(figure, most, self._bind)


def within(figure: str, most: int, bind: Parameters) -> str:
    """``figure`` between −most and most: a cap bounds what is taken like what is given."""
    bound = bind(most, "bigint")
    return f"least(greatest({figure}, -{bound}), {bound})"
