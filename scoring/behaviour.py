"""What leads did, in the scoring statement: one pass over their activities, one aggregate per question.

Each row of the pass has its type (null for the future, which counts later), its age in whole seconds (0 for
an undated one, so that windows and fading leave it alone) and, per dimension, whether it came after the last
restart. Activities that cannot count any more, by their type's longest window, are not read at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .conditions import Earlier, Fact
from .facts import compare
from .parameters import Parameters
from .ruleset import DAY, Fading, Limit

_OLDEST = 2**31 - 1  # seconds; an age is an int. What lies ahead does not count, however far: −1


@dataclass(frozen=True, slots=True)
class Signal:
    """The activities a question is about. ``window`` in seconds, half-open. ``origin`` names the restart that
    bounds them: a dimension, ``triggers``, or None for no restart."""

    types: tuple[str, ...]
    where: tuple[Fact, ...]
    window: int | None
    origin: str | None
    limit: Limit | None
    after: Earlier | None = None


@dataclass(slots=True)
class _Use:
    """What the statement needs of one activity type. ``horizon``: the age in seconds from which it counts
    for nothing; ``still``: from which time changes nothing more; ``newest``: how many of the newest decide,
    whatever is older, or None when all do; ``whole``: whether more is asked than the index knows, which
    costs reading the table."""

    bounded: bool = True
    horizon: int = 0
    still: int = 0
    whole: bool = False
    newest: int | None = 0


class Behaviour:
    """Collects questions, then writes the ``behaviour`` part and one ``limited…`` part for each signal of
    which only so many count a period."""

    def __init__(
        self,
        bind: Parameters,
        types: Mapping[str, int],
        asked: str,
        as_of: str,
        zone: str,
        *,
        restarts: bool,
        newest_only: bool,
    ) -> None:
        self._bind = bind
        self._types = types
        self._asked = asked
        self._as_of = as_of
        self._zone = zone
        self._restarts = restarts
        self._newest_only = newest_only
        self._uses: dict[int, _Use] = {}
        self._origins: set[str] = set()
        self._followed: set[str | None] = set()
        self._aggregates: dict[str, str] = {}
        self._limited: dict[Signal, dict[str, str]] = {}

    # Questions: each returns the column that will hold the answer.

    def count(self, signal: Signal, enough: int) -> str:
        """How many there are, exact up to ``enough``."""
        self._note(signal, gone=None, still=0, newest=enough)
        return self._aggregate(signal, "count(*)")

    def earning(self, signal: Signal, points: int, fading: Fading | None) -> str:
        """How many activities earn something still."""
        gone = fading.gone_after(points // 100) if fading else None
        if gone is not None and signal.limit is None:
            signal = replace(signal, window=min(gone, signal.window or gone))
        self._note_points(signal, points, fading, newest=None)
        return self._aggregate(signal, "count(*)")

    def newest(self, signal: Signal, points: int, fading: Fading | None) -> str:
        """The hundredths that the newest activity earns; the others are older, so they earn no more."""
        return contribution(self.age(signal, points, fading), points, fading, self._bind)

    def age(self, signal: Signal, points: int, fading: Fading | None) -> str:
        """The age in seconds of the newest activity, exact while ``points`` that fade so are worth something;
        null for none."""
        self._note_points(signal, points, fading, newest=1)
        return self._aggregate(signal, "min(r.age)")

    def total(self, signal: Signal, points: int, fading: Fading | None, cap: int | None) -> str:
        """The hundredths that all activities earn, each rounded by itself, exact up to ``cap``. The newest
        earn most, and what earns anything, once faded, a hundredth or more: so many always reach the cap."""
        least = 1 if fading else abs(points) or 1
        self._note_points(signal, points, fading, newest=-(-cap // least) if cap else None)
        if fading is None:
            return f"({self._aggregate(signal, 'count(*)')} * {self._bind(points, 'int')})"
        return self._aggregate(signal, f"sum({contribution('r.age', points, fading, self._bind)})")

    def moves(self) -> str:
        """Whether time alone may change what these activities are worth."""
        still: dict[int, list[int]] = {}
        for type_id, use in self._uses.items():
            if use.still:
                still.setdefault(use.still, []).append(type_id)
        cases = " ".join(
            f"WHEN {self._is(ids)} THEN r.age < {self._bind(age, 'int')}"
            for age, ids in sorted(still.items())
        )
        fades = f"OR (NOT r.undated AND CASE {cases} ELSE false END)" if cases else ""
        expression = f"bool_or(r.kind IS NULL {fades})"
        return self._named(expression, self._aggregates, "behaviour", "a") if self._uses else "NULL::boolean"

    def names(self) -> list[str]:
        """The parts to join, by ``n``."""
        base = ["behaviour"] if self._aggregates else []
        return base + [f"limited{k}" for k in range(len(self._limited))]

    def ctes(self) -> Iterable[str]:
        if self._aggregates:
            columns = ", ".join(f"{sql} AS {name}" for sql, name in self._aggregates.items())
            yield f"behaviour AS (SELECT r.n, {columns}\nFROM ({self._rows(self._uses)}) r GROUP BY r.n)"
        for k, (signal, aggregates) in enumerate(self._limited.items()):
            columns = ", ".join(f"{sql} AS {name}" for sql, name in aggregates.items())
            rows = self.rows_of(signal)
            yield f"limited{k} AS (SELECT r.n, {columns}\nFROM ({rows}) r GROUP BY r.n)"

    # Rows

    def _first(self, signal: Signal, limit: Limit, ids: bool) -> str:
        """The newest rows of ``signal`` in each period, as many as count. Undated ones share a period."""
        uses = {type_id: self._uses[type_id] for type_id in self._ids(signal)}
        order = "r.age, r.id DESC" if ids else "r.age"
        period = "r.n"
        if limit.period != "ever":
            zone = self._bind(self._zone, "text")
            period += f", r.undated, date_trunc('{limit.period}', r.occurred_at, {zone})"
        return (
            f"SELECT * FROM (SELECT r.*, row_number() OVER (PARTITION BY {period} ORDER BY {order}) AS place"
            f" FROM ({self._rows(uses, ids)}) r WHERE {self.filter(signal)}) r"
            f" WHERE r.place <= {self._bind(limit.times, 'int')}"
        )

    def rows_of(self, signal: Signal, *, ids: bool = False) -> str:
        """The activities behind one signal; with ``ids`` to list them, which costs reading the table."""
        if signal.limit:
            return self._first(signal, signal.limit, ids)
        uses = {type_id: self._uses[type_id] for type_id in self._ids(signal)}
        return f"SELECT * FROM ({self._rows(uses, ids)}) r WHERE {self.filter(signal)}"

    def _rows(self, uses: Mapping[int, _Use], ids: bool = False) -> str:
        """Rows of these types, each type in exactly one arm: by whether all of its past counts and whether
        whole rows are asked for."""
        arms = []
        past = ""
        if self._newest_only and not ids:
            few = {t: use for t, use in uses.items() if use.newest is not None}
            arms += [*self._newest(few), *self._later(few)]
            uses = {t: use for t, use in uses.items() if t not in few}
            if self._asked == "moments":  # at each of many moments most of a long history lies ahead
                arms += self._later(uses)
                past = f" AND a.occurred_at <= {self._as_of}"
        for whole in (False, True):
            ever = [t for t, use in uses.items() if use.whole is whole and not use.bounded]
            late = {t: use for t, use in uses.items() if use.whole is whole and use.bounded}
            if ever:
                arms.append(self._arm(f"a.{self._is(ever, 'type_id')}{past}", whole, ids))
            if late:
                these = f"a.{self._is(late, 'type_id')}"
                horizon = self._bind(float(max(use.horizon for use in late.values())), "float8")
                since = f"{self._as_of} - make_interval(secs => {horizon})"
                which = f"{these} AND NOT a.undated AND a.occurred_at > {since}{past}"
                arms.append(self._arm(which, whole, ids))
                arms.append(self._arm(f"a.undated AND {these}{past}", whole, ids))
        return "\nUNION ALL ".join(f"({arm})" for arm in arms)

    def _newest(self, uses: Mapping[int, _Use]) -> list[str]:
        """For leads with long histories: of each type the newest that decide, by the index, and what has no
        date."""
        if not uses:
            return []
        by_most: dict[int, list[int]] = {}
        for type_id, use in uses.items():
            by_most.setdefault(use.newest or 1, []).append(type_id)
        arms = [
            self._few(types, f"NOT a.undated AND a.occurred_at <= {self._as_of}", "DESC", most)
            for most, types in sorted(by_most.items())
        ]
        these = f"a.{self._is(uses, 'type_id')}"
        return [*arms, self._arm(f"a.undated AND {these} AND a.occurred_at <= {self._as_of}", False, False)]

    def _later(self, uses: Mapping[int, _Use]) -> list[str]:
        """Of each type one that lies ahead: that there is one is all that matters of the future."""
        return [self._few(list(uses), f"a.occurred_at > {self._as_of}", "ASC", 1)] if uses else []

    def _few(self, types: list[int], which: str, order: str, most: int) -> str:
        """At most so many rows of each of these types, in order of time. Columns of the index alone: reading
        the table for each would cost three times as much."""
        lead = "unnest(%(ids)s::bigint[]) AS w (lead_id)"
        source = (
            f"{'who w' if self._asked == 'moments' else lead}"
            f" CROSS JOIN unnest({self._bind(sorted(types), 'smallint[]')}) AS t (id)"
            " CROSS JOIN LATERAL (SELECT a.lead_id, a.type_id, a.occurred_at, a.undated,"
            " NULL::timestamptz AS voided_at FROM leads_activity a WHERE a.lead_id = w.lead_id"
            f" AND a.type_id = t.id AND a.voided_at IS NULL AND {which}"
            f" ORDER BY a.occurred_at {order} LIMIT {self._bind(most, 'int')}) a"
        )
        return self._arm("true", False, False, source)

    def _arm(self, which: str, whole: bool, ids: bool, source: str = "") -> str:
        who = {
            "ids": "a.lead_id = ANY(%(ids)s::bigint[])",
            "range": "a.lead_id BETWEEN %(low)s::bigint AND %(high)s::bigint",
            "moments": "true",
        }[self._asked]
        n, every = "a.lead_id", "leads_activity a"
        if self._asked == "moments":
            n, every = "w.n", "who w JOIN leads_activity a ON a.lead_id = w.lead_id"
        source = source or every
        flags = "".join(
            f", (j.{origin}_from IS NULL OR a.occurred_at >= j.{origin}_from) AS since_{origin}"
            for origin in sorted(self._origins)
        )
        flags += "".join(f", j.{origin}_from" for origin in sorted(filter(None, self._followed)))
        join = f" LEFT JOIN adjusted j ON j.n = {n}" if flags else ""
        seconds = f"floor(date_part('epoch', {self._as_of} - a.occurred_at))"
        return (
            f"SELECT {n} AS n, a.lead_id, {'a.id' if ids or whole else 'NULL::bigint AS id'},"
            f" CASE WHEN a.occurred_at <= {self._as_of} THEN a.type_id END AS kind,"
            f" CASE WHEN a.undated THEN 0 ELSE greatest(least({seconds}, {_OLDEST}), -1)::int END AS age,"
            f" a.undated, a.occurred_at{flags},"
            f" {'a.properties' if whole else 'NULL::jsonb AS properties'}"
            f" FROM {source}{join} WHERE {who} AND a.voided_at IS NULL AND {which} OFFSET 0"
        )

    def filter(self, signal: Signal) -> str:
        tests = [f"r.{self._is(self._ids(signal))}"]
        if signal.window is not None:
            tests.append(f"r.age < {self._bind(signal.window, 'int')}")
        if signal.origin is not None and self._restarts:
            tests.append(f"r.since_{signal.origin}")
        tests += [compare(test, _in_row, self._bind, self._zone) for test in signal.where]
        if signal.after is not None:
            tests.append(f"NOT r.undated AND {self._follows(signal, signal.after)}")
        return " AND ".join(tests)

    def _follows(self, signal: Signal, after: Earlier) -> str:
        """Whether another activity of those kinds came before this one, not long ago. Nobody knows what came
        first of those without a day."""
        minutes = f"make_interval(mins => {self._bind(after.within_minutes, 'int')})"
        tests = [
            "b.lead_id = r.lead_id",
            f"b.{self._is([self._types[key] for key in after.types], 'type_id')}",
            "b.voided_at IS NULL AND NOT b.undated AND b.occurred_at <= r.occurred_at",
            f"b.occurred_at > r.occurred_at - {minutes}",
        ]
        if set(after.types) & set(signal.types):
            tests.append("b.id <> r.id")
        if signal.origin is not None and self._restarts:
            start = f"r.{signal.origin}_from"
            tests.append(f"({start} IS NULL OR b.occurred_at >= {start})")
        tests += [compare(test, _in_earlier, self._bind, self._zone) for test in after.where]
        return f"EXISTS (SELECT 1 FROM leads_activity b WHERE {' AND '.join(tests)})"

    # Bookkeeping

    def _aggregate(self, signal: Signal, function: str) -> str:
        if signal.limit is None:
            expression = f"{function} FILTER (WHERE {self.filter(signal)})"
            return self._named(expression, self._aggregates, "behaviour", "a")
        aggregates = self._limited.setdefault(signal, {})
        return self._named(function, aggregates, f"limited{list(self._limited).index(signal)}", "l")

    def _named(self, expression: str, among: dict[str, str], part: str, letter: str) -> str:
        return f"{part}.{among.setdefault(expression, f'{letter}{len(among)}')}"

    def _note_points(self, signal: Signal, points: int, fading: Fading | None, newest: int | None) -> None:
        gone = fading.gone_after(points // 100) if fading else None
        still = fading.still_after(points // 100) if fading else 0
        self._note(signal, gone=gone, still=still, newest=newest if points else 0)

    def _note(self, signal: Signal, *, gone: int | None, still: int, newest: int | None) -> None:
        """Remember how far back ``signal`` looks. ``gone``: the age at which its points are nothing."""
        if signal.origin is not None and self._restarts:
            self._origins.add(signal.origin)
            if signal.after is not None:
                self._followed.add(signal.origin)
        ends = [age for age in (signal.window, gone) if age is not None]
        if signal.window is not None:
            still = min(signal.window, still) if gone is not None else signal.window
        for type_id in self._ids(signal):
            use = self._uses.setdefault(type_id, _Use())
            use.bounded = use.bounded and bool(ends)
            use.horizon = max(use.horizon, min(ends, default=0))
            use.still = max(use.still, still)
            use.whole = use.whole or bool(signal.where or signal.after)
            every = newest is None or use.newest is None or signal.where or signal.limit or signal.after
            use.newest = None if every else max(use.newest or 0, newest or 0)

    def _ids(self, signal: Signal) -> list[int]:
        return [self._types[key] for key in signal.types]

    def _is(self, ids: Iterable[int], column: str = "kind") -> str:
        among = sorted(ids)
        if len(among) == 1:
            return f"{column} = {self._bind(among[0], 'smallint')}"
        return f"{column} = ANY({self._bind(among, 'smallint[]')})"


def contribution(age: str, points: int, fading: Fading | None, bind: Parameters) -> str:
    """The hundredths an activity of ``age`` seconds earns: computed in double precision, rounded half to even
    (``round`` of a double precision does). Nothing for a null age."""
    if fading is None:
        return f"CASE WHEN {age} IS NOT NULL THEN {bind(points, 'int')} END"
    most = bind(float(points), "float8")
    seconds = bind(float(fading.days * DAY), "float8")
    match fading.kind:
        case "half_life":
            # A power of two that small rounds to nothing anyway; below about −1,070 PostgreSQL would raise.
            return f"round({most} * power(2::float8, greatest(-({age})::float8 / {seconds}, -60)))::int"
        case "linear":
            lost = f"({age})::float8 * {bind(float(fading.percent), 'float8')} / ({seconds} * 100)"
            return f"round({most} * greatest(1 - {lost}, 0))::int"
        case "drop":
            rest = bind(points // 100 * (100 - fading.percent), "int")
            full = bind(points, "int")
            return f"CASE WHEN {age} < {seconds} THEN {full} WHEN {age} >= {seconds} THEN {rest} END"


def _in_earlier(expression: str) -> str:
    """Properties of the activity that came before."""
    return expression.replace("a.properties", "b.properties")


def _in_row(expression: str) -> str:
    """Properties are read where the row is, under the row's own name."""
    return expression.replace("a.properties", "r.properties")
