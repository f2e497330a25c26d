"""Facts of leads and companies in the scoring statement: one column per way a fact is read, tests over them.

Texts are compared by their first 2,000 characters, trimmed and in lower case, so that no value, however
long, makes a rule slow. Numbers in text are numbers when they look like one. Nothing here raises in SQL.
"""

from collections.abc import Callable

from . import countries
from .conditions import Fact, InStage
from .fields import Field, Type
from .operators import BETWEEN_WORDS, lowered, words_of
from .parameters import Parameters

LONGEST_COMPARED = 2000
_NUMBER = r"^[+-]?[0-9]{1,15}(\.[0-9]{1,15})?$"
#: Elements of a list in an attribute that are looked at.
MOST_ELEMENTS = 200
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"

#: Field → the kind of mail domain it asks for.
_MAIL_KINDS = {"free_mail": "free", "throwaway_mail": "throwaway"}

#: Facts kept in history tables, in the order of their columns; the lead's company is kept too.
_LEAD = ("email", "name", "title", "phone", "country", "city", "source", "campaign", "attributes")
_COMPANY = ("name", "domain", "employees", "revenue", "industry", "country", "city", "attributes")


class Facts:
    """Collects what rules ask, then writes the ``facts`` part. With ``history`` superseded values are read,
    as of ``as_of``; else current rows. Days begin in the time zone ``zone``."""

    def __init__(self, bind: Parameters, as_of: str, zone: str, *, history: bool) -> None:
        self._bind = bind
        self._as_of = as_of
        self._zone = zone
        self._history = history
        self._columns: dict[str, str] = {}
        self._tests: dict[str, str] = {}
        self._fields: dict[str, Field] = {}
        self._stages = False
        self._moves: list[str] = []
        self.raw_columns: dict[str, str] = {}

    def test(self, fact: Fact) -> str:
        """True or false for ``fact``, never null: a test of something unknown is false."""
        self._fields[fact.field.name] = fact.field
        if fact.op.moves:
            return self._relative(fact)
        return self._asked(compare(fact, self._column, self._bind, self._zone))

    def stage(self, asked: InStage) -> str:
        """Whether the lead stands in one of the stages, for as long as asked."""
        self._stages = True
        stage, since = ("s.stage", "s.since") if self._history else ("l.stage", "l.stage_at")
        among = f"{self._column(stage)} = ANY({self._bind(asked.stages, 'text[]')})"
        if not asked.for_days:
            return self._asked(f"({among})")
        until = f"make_interval(days => {self._bind(asked.for_days, 'int')})"
        long = self._column(f"({since} <= {self._as_of} - {until})")
        self._moves.append(self._asked(f"({among} AND NOT {long})"))
        return self._asked(f"({among} AND {long})")

    def moves(self) -> list[str]:
        """Conditions under which time alone will change an answer."""
        return self._moves

    def _relative(self, fact: Fact) -> str:
        """A day compared with today. Yesterday is 1 day ago; today is in the last day, and in the next."""
        day = self._column(_day(fact.field, self._bind, self._zone))
        days = int(fact.values[0])
        then = self._column(self._day_from_now(days if fact.op.name == "next_days" else -days))
        today = self._column(self._day_from_now(0))
        younger = f'({day} > {then} COLLATE "C") IS TRUE'
        if fact.op.name == "next_days":
            ahead = f'({day} >= {today} COLLATE "C") IS TRUE'
            self._moves.append(self._asked(f"({ahead})"))
            return self._asked(f'({ahead} AND ({day} < {then} COLLATE "C") IS TRUE)')
        self._moves.append(self._asked(f"({younger})"))
        if fact.op.name == "older_days":
            return self._asked(f'(({day} <= {then} COLLATE "C") IS TRUE)')
        return self._asked(f'({younger} AND ({day} <= {today} COLLATE "C") IS TRUE)')

    def _day_from_now(self, days: int) -> str:
        today = f"({self._as_of} AT TIME ZONE {self._bind(self._zone, 'text')})::date"
        return f"to_char({today} + {self._bind(days, 'int')}, 'YYYY-MM-DD')"

    def _asked(self, test: str) -> str:
        return f"f.{self._tests.setdefault(test, f'q{len(self._tests)}')}"

    def keep_values(self) -> dict[str, str]:
        """Also select the facts asked about, as text: field name → column."""
        for name, field in self._fields.items():
            self.raw_columns[name] = self._column(_raw(field, self._bind)).removeprefix("v.")
        return self.raw_columns

    def _column(self, expression: str) -> str:
        return f"v.{self._columns.setdefault(expression, f'f{len(self._columns)}')}"

    def select(self) -> str:
        columns = ["w.n", "w.lead_id", *(f"{sql} AS {name}" for sql, name in self._columns.items())]
        lead, company = "leads_lead l ON l.id = w.lead_id", "leads_company c ON c.id = l.company_id"
        if self._history:
            lead, company = self._then()
        needs_company = any(field.column.startswith("c.") for field in self._fields.values())
        source = f"who w JOIN {lead}" + (f" LEFT JOIN {company}" if needs_company else "")
        if self._stages and self._history:
            source += f" CROSS JOIN LATERAL ({self._stage_then()}) s"
        tests = "".join(f", {sql} AS {name}" for sql, name in self._tests.items())
        kept = "".join(f", v.{name}" for name in dict.fromkeys(self.raw_columns.values()))
        return (
            f"SELECT v.n, v.lead_id{kept}{tests}\nFROM (SELECT {', '.join(columns)} FROM {source} OFFSET 0) v"
        )

    def _stage_then(self) -> str:
        """Where the lead stood, and since when: after its last change until then, or before its first one
        after, or where it always stood."""
        changes = (
            f"FROM leads_stagechange t WHERE t.lead_id = w.lead_id AND t.at {{}} {self._as_of} ORDER BY t.at"
        )
        last = f"{changes.format('<=')} DESC, t.id DESC LIMIT 1"
        following = f"{changes.format('>')}, t.id LIMIT 1"
        return (
            f"SELECT coalesce((SELECT t.to_stage {last}), (SELECT t.from_stage {following}), l.stage)"
            " AS stage,"
            f" coalesce((SELECT t.at {last}), (SELECT l.created_at {following}), l.stage_at) AS since"
        )

    def _then(self) -> tuple[str, str]:
        """Rows as they were: the first value replaced after the moment held at it, else the current one."""

        def columns(names: tuple[str, ...]) -> str:
            return ", ".join(
                f"CASE WHEN h.pgh_id IS NULL THEN x.{name} ELSE h.{name} END AS {name}" for name in names
            )

        def superseded(table: str) -> str:
            return (
                f"LEFT JOIN LATERAL (SELECT * FROM {table} h WHERE h.pgh_obj_id = x.id"
                f" AND h.pgh_created_at > {self._as_of}"
                " ORDER BY h.pgh_created_at, h.pgh_id LIMIT 1) h ON true"
            )

        found = "".join(
            f", leads_{name}(p.title) AS {name}"
            for name in ("seniority", "department")
            if name in self._fields
        )
        lead = (
            f"LATERAL (SELECT p.*{found} FROM (SELECT x.id, x.created_at, x.stage, x.stage_at,"
            f" {columns((*_LEAD, 'company_id'))} FROM leads_lead x {superseded('leads_leadhistory')}"
            " WHERE x.id = w.lead_id) p) l ON true"
        )
        company = (
            f"LATERAL (SELECT x.id, {columns(_COMPANY)} FROM leads_company x"
            f" {superseded('leads_companyhistory')} WHERE x.id = l.company_id) c ON true"
        )
        return lead, company


def compare(fact: Fact, column: Callable[[str], str], bind: Parameters, zone: str) -> str:
    """The test of ``fact`` in SQL. ``column`` may move an expression elsewhere and name it."""
    field, op, values = fact.field, fact.op.name, fact.values
    if op in ("includes", "includes_all"):
        return _list_test(column(_elements(field, bind)), op, values, bind)
    if op in ("known", "unknown") and field.type == Type.ANY:
        return f"({column(_anything(field, bind))} IS {'NOT ' if op == 'known' else ''}NULL)"
    if op in ("in_region", "not_in_region"):
        codes = sorted(set().union(*(countries.REGIONS[str(region)] for region in values)))
        return _text_test(_text(field, bind), column, op.replace("_region", ""), tuple(codes), bind)
    if field.type == Type.BOOLEAN or op in ("is_true", "is_false"):
        return _boolean(column(_truth(field, bind)), op)
    if field.type == Type.DATE or op in ("before", "after"):
        day = column(_day(field, bind, zone))
        if op in ("known", "unknown"):
            return f"({day} IS {'NOT ' if op == 'known' else ''}NULL)"
        return f'({day} {"<" if op == "before" else ">"} {bind(values[0], "text")} COLLATE "C") IS TRUE'
    numeric = field.type == Type.NUMBER or op in ("gt", "gte", "lt", "lte", "between")
    if numeric or (op in ("eq", "ne", "in", "not_in") and not isinstance(values[0], str)):
        return _number_test(column(_number(field, bind)), op, values, bind)
    if op in ("known", "unknown"):
        return f"({column(_written(field, bind))} IS {'NOT ' if op == 'known' else ''}NULL)"
    return _text_test(_text(field, bind), column, op, values, bind)


def _boolean(truth: str, op: str) -> str:
    match op:
        case "is_true":
            return f"({truth} IS TRUE)"
        case "is_false":
            return f"({truth} IS FALSE)"
        case "known":
            return f"({truth} IS NOT NULL)"
    return f"({truth} IS NULL)"


def _number_test(number: str, op: str, values: tuple[object, ...], bind: Parameters) -> str:
    match op:
        case "known":
            return f"({number} IS NOT NULL)"
        case "unknown":
            return f"({number} IS NULL)"
        case "eq" | "in":
            return f"({number} = ANY({bind(values, 'numeric[]')})) IS TRUE"
        case "ne" | "not_in":
            return f"({number} <> ALL({bind(values, 'numeric[]')})) IS TRUE"
        case "between":
            low, high = values
            return f"({number} BETWEEN {bind(low, 'numeric')} AND {bind(high, 'numeric')}) IS TRUE"
    sign = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[op]
    return f"({number} {sign} {bind(values[0], 'numeric')}) IS TRUE"


def _text_test(
    text: str, column: Callable[[str], str], op: str, values: tuple[object, ...], bind: Parameters
) -> str:
    texts = [lowered(str(value).strip(" ")) for value in values]
    escaped = [_escaped(value) for value in texts]
    text = column(_words(text, bind) if op == "word" else text)
    match op:
        case "is_numeric":
            return f"({text} ~ {bind(_NUMBER, 'text')}) IS TRUE"
        case "eq" | "in":
            return f"({text} = ANY({bind(texts, 'text[]')})) IS TRUE"
        case "ne" | "not_in":
            return f"({text} <> ALL({bind(texts, 'text[]')})) IS TRUE"
        case "contains":
            patterns = [f"%{value}%" for value in escaped]
        case "starts":
            patterns = [f"{value}%" for value in escaped]
        case "ends":
            patterns = [f"%{value}" for value in escaped]
        case "like":
            patterns = ["%".join(_escaped(piece) for piece in _pieces(value)) for value in texts]
        case "word":
            patterns = [f"% {_escaped(words_of(value))} %" for value in texts]
    return f"({text} LIKE ANY({bind(patterns, 'text[]')})) IS TRUE"


def _list_test(elements: str, op: str, values: tuple[object, ...], bind: Parameters) -> str:
    sign = "&&" if op == "includes" else "@>"
    texts = [lowered(str(value).strip(" ")) for value in values]
    return f"({elements} {sign} {bind(texts, 'text[]')}) IS TRUE"


def _words(text: str, bind: Parameters) -> str:
    """One blank between the words, and one at each end."""
    return f"' ' || btrim(regexp_replace({text}, {bind(BETWEEN_WORDS, 'text')}, ' ', 'g'), ' ') || ' '"


def _pieces(pattern: str) -> list[str]:
    """What stands between the wildcards; several in a row are one."""
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    return pattern.split("*")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _raw(field: Field, bind: Parameters) -> str:
    if field.key is not None:
        return f"({field.column} ->> {bind(field.key, 'text')})"
    if field.name == "email_domain":
        return "split_part(l.email, '@', 2)"
    return f"({field.column})::text"


def _text(field: Field, bind: Parameters) -> str:
    """In lower case; null when empty."""
    return f"lower({_written(field, bind)})"


def _written(field: Field, bind: Parameters) -> str:
    """Trimmed; null when empty. Of JSON only texts, numbers, true and false are texts, and only those may be
    longer than what is compared."""
    column = _raw(field, bind)
    if field.key is not None:
        kind = f"jsonb_typeof({field.column} -> {bind(field.key, 'text')})"
        column = (
            f"left(CASE WHEN {kind} IN ('string', 'number', 'boolean') THEN {column} END, {LONGEST_COMPARED})"
        )
    return f"nullif(btrim({column}, ' '), '')"


def _elements(field: Field, bind: Parameters) -> str:
    """The texts in a list, as rules read texts; a single value is a list of one."""
    value = f"({field.column} -> {bind(field.key, 'text')})"
    several = f"CASE WHEN jsonb_typeof({value}) = 'array' THEN {value} ELSE jsonb_build_array({value}) END"
    return (
        f"ARRAY(SELECT nullif(lower(btrim(left(e.v #>> '{{}}', {LONGEST_COMPARED}), ' ')), '')"
        f" FROM (SELECT v FROM jsonb_array_elements({several}) AS v LIMIT {MOST_ELEMENTS}) e"
        " WHERE jsonb_typeof(e.v) IN ('string', 'number', 'boolean'))"
    )


def _anything(field: Field, bind: Parameters) -> str:
    """What is stored, if anything: a text, a number, yes or no, or a list that is not empty."""
    value = f"({field.column} -> {bind(field.key, 'text')})"
    return (
        f"CASE WHEN jsonb_typeof({value}) = 'array' THEN nullif({value}, '[]'::jsonb)::text"
        f" ELSE {_written(field, bind)} END"
    )


def _number(field: Field, bind: Parameters) -> str:
    if field.key is None:
        return f"({field.column})::numeric"
    text = _text(field, bind)
    kind = f"jsonb_typeof({field.column} -> {bind(field.key, 'text')})"
    return (
        f"CASE WHEN {kind} = 'number' THEN ({field.column} -> {bind(field.key, 'text')})::numeric"
        f" WHEN {text} ~ {bind(_NUMBER, 'text')} THEN ({text})::numeric END"
    )


def _day(field: Field, bind: Parameters, zone: str) -> str:
    """YYYY-MM-DD, which compares as text."""
    if field.key is None:
        return f"to_char({field.column} AT TIME ZONE {bind(zone, 'text')}, 'YYYY-MM-DD')"
    text = _text(field, bind)
    return f"CASE WHEN {text} ~ {bind(_DAY, 'text')} THEN left({text}, 10) END"


def _truth(field: Field, bind: Parameters) -> str:
    if field.name in _MAIL_KINDS:
        domain = "nullif(lower(split_part(l.email, '@', 2)), '')"
        return (
            f"CASE WHEN {domain} IS NOT NULL THEN EXISTS (SELECT 1 FROM scoring_maildomain d"
            f" WHERE d.domain = {domain} AND d.kind = '{_MAIL_KINDS[field.name]}') END"
        )
    text = _text(field, bind)
    return (
        f"CASE WHEN {text} IN ('true', 'yes', 'y', 'on', '1') THEN true"
        f" WHEN {text} IN ('false', 'no', 'n', 'off', '0') THEN false END"
    )
