"""Facts of leads and companies in the scoring statement: one column per way a fact is read, tests over them.

Texts are compared by their first 2,000 characters, trimmed and in lower case, so that no value, however
long, makes a rule slow. Numbers in text are numbers when they look like one. Nothing here raises in SQL.
"""

from collections.abc import Callable

from .conditions import Fact
from .fields import Field, Type
from .operators import BETWEEN_WORDS, words_of
from .parameters import Parameters

LONGEST_COMPARED = 2000
_NUMBER = r"^[+-]?[0-9]{1,15}(\.[0-9]{1,15})?$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"

#: Field → the kind of mail domain it asks for.
_MAIL_KINDS = {"free_mail": "free", "throwaway_mail": "throwaway"}

#: Facts kept in history tables, in the order of their columns; the lead's company is kept too.
_LEAD = ("email", "name", "title", "phone", "country", "city", "source", "campaign", "attributes")
_COMPANY = ("name", "domain", "employees", "revenue", "industry", "country", "city", "attributes")


class Facts:
    """Collects what rules ask, then writes the ``facts`` part. ``history_at`` is the moment as of which
    superseded values are read; None reads current rows."""

    def __init__(self, bind: Parameters, history_at: str | None = None) -> None:
        self._bind = bind
        self._history_at = history_at
        self._columns: dict[str, str] = {}
        self._tests: dict[str, str] = {}
        self._fields: dict[str, Field] = {}
        self.raw_columns: dict[str, str] = {}

    def test(self, fact: Fact) -> str:
        """True or false for ``fact``, never null: a test of something unknown is false."""
        self._fields[fact.field.name] = fact.field
        test = compare(fact, self._column, self._bind)
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
        if self._history_at is not None:
            lead, company = self._as_of()
        needs_company = any(field.column.startswith("c.") for field in self._fields.values())
        source = f"who w JOIN {lead}" + (f" LEFT JOIN {company}" if needs_company else "")
        tests = "".join(f", {sql} AS {name}" for sql, name in self._tests.items())
        kept = "".join(f", v.{name}" for name in dict.fromkeys(self.raw_columns.values()))
        return (
            f"SELECT v.n, v.lead_id{kept}{tests}\nFROM (SELECT {', '.join(columns)} FROM {source} OFFSET 0) v"
        )

    def _as_of(self) -> tuple[str, str]:
        """Rows as they were: the first value replaced after the moment held at it, else the current one."""

        def columns(names: tuple[str, ...]) -> str:
            return ", ".join(
                f"CASE WHEN h.pgh_id IS NULL THEN x.{name} ELSE h.{name} END AS {name}" for name in names
            )

        def superseded(table: str) -> str:
            return (
                f"LEFT JOIN LATERAL (SELECT * FROM {table} h WHERE h.pgh_obj_id = x.id"
                f" AND h.pgh_created_at > {self._history_at}"
                " ORDER BY h.pgh_created_at, h.pgh_id LIMIT 1) h ON true"
            )

        lead = (
            f"LATERAL (SELECT x.id, x.created_at, {columns((*_LEAD, 'company_id'))} FROM leads_lead x"
            f" {superseded('leads_leadhistory')} WHERE x.id = w.lead_id) l ON true"
        )
        company = (
            f"LATERAL (SELECT x.id, {columns(_COMPANY)} FROM leads_company x"
            f" {superseded('leads_companyhistory')} WHERE x.id = l.company_id) c ON true"
        )
        return lead, company


def compare(fact: Fact, column: Callable[[str], str], bind: Parameters) -> str:
    """The test of ``fact`` in SQL. ``column`` may move an expression elsewhere and name it."""
    field, op, values = fact.field, fact.op.name, fact.values
    if field.type == Type.BOOLEAN or op in ("is_true", "is_false"):
        return _boolean(column(_truth(field, bind)), op)
    if field.type == Type.DATE or op in ("before", "after"):
        day = column(_day(field, bind))
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
    lowered = [str(value).strip(" ").lower() for value in values]
    escaped = [_escaped(value) for value in lowered]
    text = column(_words(text, bind) if op == "word" else text)
    match op:
        case "is_numeric":
            return f"({text} ~ {bind(_NUMBER, 'text')}) IS TRUE"
        case "eq" | "in":
            return f"({text} = ANY({bind(lowered, 'text[]')})) IS TRUE"
        case "ne" | "not_in":
            return f"({text} <> ALL({bind(lowered, 'text[]')})) IS TRUE"
        case "contains":
            patterns = [f"%{value}%" for value in escaped]
        case "starts":
            patterns = [f"{value}%" for value in escaped]
        case "ends":
            patterns = [f"%{value}" for value in escaped]
        case "like":
            patterns = ["%".join(_escaped(piece) for piece in _pieces(value)) for value in lowered]
        case "word":
            patterns = [f"% {_escaped(words_of(value))} %" for value in lowered]
    return f"({text} LIKE ANY({bind(patterns, 'text[]')})) IS TRUE"


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


def _number(field: Field, bind: Parameters) -> str:
    if field.key is None:
        return f"({field.column})::numeric"
    text = _text(field, bind)
    kind = f"jsonb_typeof({field.column} -> {bind(field.key, 'text')})"
    return (
        f"CASE WHEN {kind} = 'number' THEN ({field.column} -> {bind(field.key, 'text')})::numeric"
        f" WHEN {text} ~ {bind(_NUMBER, 'text')} THEN ({text})::numeric END"
    )


def _day(field: Field, bind: Parameters) -> str:
    """YYYY-MM-DD, which compares as text."""
    if field.key is None:
        return f"to_char({field.column} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
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
