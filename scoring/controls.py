"""What a rule's form offers: activities by category, facts by whom they are about, operators in plain words,
and values that leads have. Made ready for the templates, which only draw it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leads.models import ActivityType
from leads.stages import Stage

from . import control_names, countries, kinds, posting, sentences
from .fields import FIELDS, Type
from .kinds import Node
from .operators import OPERATORS, Takes
from .statement import run

Choice = tuple[str, str]
Grouped = list[tuple[str, list[Choice]]]

#: Operator → what it is called between a fact and its value. The rest say their own sentence.
_NAMES = {
    "eq": "is", "ne": "is known and is not", "in": "is one of", "not_in": "is known and is none of",
    "gt": "is over", "gte": "is at least", "lt": "is under", "lte": "is at most", "between": "is between",
    "last_days": "is in the last days", "older_days": "is longer ago than days",
    "next_days": "is in the next days", "in_region": "is in the region",
    "not_in_region": "is known and not in the region", "like": "looks like (* for any text)",
    "word": "has the word", "includes_all": "includes all of",
}  # fmt: skip
_ABOUT_MAIL = {
    "free_mail": "E-mail from a free provider",
    "throwaway_mail": "E-mail from a throw-away provider",
}
JOINS = {"all": "and", "any": "or", "none": "nor"}
HOWS = [("all", "all of these"), ("any", "any of these"), ("none", "none of these")]
#: Of so many of the newest leads and activities the values are offered.
_SAMPLE = 3000
_MOST_VALUES = 60


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to choose from. ``values``: field → values that leads have; ``keys``: what attributes are
    called, ``properties`` what those of activities are called."""

    labels: Mapping[str, str] = field(default_factory=dict)
    activities: Grouped = field(default_factory=list)
    values: Mapping[str, list[str]] = field(default_factory=dict)
    keys: Mapping[str, list[str]] = field(default_factory=dict)
    properties: list[str] = field(default_factory=list)

    @property
    def datalists(self) -> list[tuple[str, list[str]]]:
        """Id → values, of everything that the page's inputs may suggest."""
        lists = [(f"known-{_slug(name)}", values) for name, values in self.values.items() if values]
        lists += [(f"known-{_slug(name)}", keys) for name, keys in self.keys.items()]
        countries_named = [name for _, name in countries.choices()]
        return [*lists, ("known-property", self.properties), ("known-country", countries_named)]


def labels() -> Known:
    """What activities are called and nothing else: enough for sentences. One query."""
    return Known(labels=dict(ActivityType.objects.values_list("key", "label")))


def known() -> Known:
    """Two queries, over a sample of the newest rows."""
    types = list(ActivityType.objects.order_by("id").values_list("key", "label", "category"))
    categories = dict(ActivityType.Category.choices)
    found: dict[str, list[str]] = {}
    for row in run(_KNOWN, {"sample": _SAMPLE, "most": _MOST_VALUES}):
        found.setdefault(row["what"], []).append(row["value"])
    return Known(
        labels={key: label for key, label, _ in types},
        activities=[
            (
                f"Did: {label.lower() if label != 'E-mail' else label}",
                [(k, said) for k, said, c in types if c == code],
            )
            for code, label in categories.items()
            if any(c == code for _, _, c in types)
        ],
        values={
            name: found.get(name, [])
            for name in ("source", "campaign", "city", "company.industry", "company.city")
        },
        keys={name: found.get(name, []) for name in ("attributes", "company.attributes")},
        properties=found.get("property", []),
    )


_KNOWN = """
WITH l AS MATERIALIZED (
  SELECT source, campaign, city, attributes FROM leads_lead ORDER BY id DESC LIMIT %(sample)s::int
),
c AS MATERIALIZED (
  SELECT industry, city, attributes FROM leads_company ORDER BY id DESC LIMIT %(sample)s::int
),
a AS MATERIALIZED (
  SELECT properties FROM leads_activity ORDER BY id DESC LIMIT %(sample)s::int
),
found AS (
  SELECT 'source' AS what, source::text AS value FROM l
  UNION ALL SELECT 'campaign', campaign FROM l
  UNION ALL SELECT 'city', city FROM l
  UNION ALL SELECT 'company.industry', industry FROM c
  UNION ALL SELECT 'company.city', city FROM c
  UNION ALL SELECT 'attributes', key FROM l,
    jsonb_object_keys(CASE jsonb_typeof(l.attributes) WHEN 'object' THEN l.attributes ELSE '{}' END) key
  UNION ALL SELECT 'company.attributes', key FROM c,
    jsonb_object_keys(CASE jsonb_typeof(c.attributes) WHEN 'object' THEN c.attributes ELSE '{}' END) key
  UNION ALL SELECT 'property', key FROM a,
    jsonb_object_keys(CASE jsonb_typeof(a.properties) WHEN 'object' THEN a.properties ELSE '{}' END) key
),
counted AS (
  SELECT what, value, row_number() OVER (PARTITION BY what ORDER BY count(*) DESC, value) AS n
  FROM found WHERE value <> '' GROUP BY what, value
)
SELECT what, value FROM counted WHERE n <= %(most)s::int ORDER BY what, value
"""


def facts() -> Grouped:
    """Every fact to ask about, by whom it is about."""
    lead = [(f"field:{name}", _label(name)) for name in FIELDS if not name.startswith("company.")]
    company = [(f"field:{name}", _label(name)) for name in FIELDS if name.startswith("company.")]
    return [
        ("Lead", [*lead, ("field:attributes", "Another attribute…")]),
        ("Company", [*company, ("field:company.attributes", "Another attribute of the company…")]),
    ]


def _label(name: str) -> str:
    return _ABOUT_MAIL.get(name) or sentences.name_of(FIELDS[name])


# One condition, ready to draw


def drawn(
    root: Node, name: str, known: Known, errors: Mapping[str, str], *, facts_only: bool = False
) -> dict[str, Any]:
    """``root`` and all below it for ``scoring/_condition.html``."""
    return _Drawing(known, errors, facts_only).node(root, name, "")


class _Drawing:
    def __init__(self, known: Known, errors: Mapping[str, str], facts_only: bool) -> None:
        self.known, self.errors = known, errors
        self.whats: Grouped = facts()
        if not facts_only:
            did = [
                (label, [(f"did:{key}", said) for key, said in types]) for label, types in known.activities
            ]
            others = [("colleagues", "Colleagues at the company…"), ("stage", "Stage")]
            self.whats = [*did, ("Account and stage", others), *self.whats]
        self.types: Grouped = known.activities

    def node(self, node: Node, name: str, joined: str) -> dict[str, Any]:
        """``joined``: the word between it and the one before it."""
        view: dict[str, Any] = {
            "name": name,
            "kind": node.kind,
            "join": joined,
            "values": node.values,
            "said": control_names.place_of(name),
            "errors": self.errors,
        }
        match node.kind:
            case "group":
                how = node.get("how") or "all"
                view |= {"how": how, "hows": HOWS}
                view["parts"] = [
                    self.node(part, f"{name}-{n}", JOINS.get(how, "and") if n else "")
                    for n, part in enumerate(node.parts)
                ]
                return view
            case "json":
                return view
        view["whats"] = _with(self.whats, node.get("what"))
        if node.kind in ("field", "property"):
            view |= self._comparison(node, name)
        if node.kind in ("activity", "colleagues", "after"):
            view |= self._activities(node)
        view["where"] = [self.node(test, f"{name}-where-{n}", "") for n, test in enumerate(node.where)]
        if node.after is not None:
            view["after"] = self.node(node.after, f"{name}-after", "")
        if node.kind == "stage":
            chosen = node.lists.get("stage", [])
            view["stages"] = [(value, label, value in chosen) for value, label in Stage.choices]
        return view

    def _activities(self, node: Node) -> dict[str, Any]:
        chosen = node.lists.get("type", [])
        return {
            "types": [(key, _with(self.types, key)) for key in chosen],
            "more_types": self.types,
            "first_type": node.kind != "activity" and not chosen,
            "hows": list(kinds.TIMES.items()),
            "how": node.get("how") or "least",
            "units": list(kinds.UNITS),
        }

    def _comparison(self, node: Node, name: str) -> dict[str, Any]:
        operator = OPERATORS.get(node.get("op"))
        takes = operator.takes if operator else Takes.ONE
        type_ = kinds.type_of(node)
        about = node.get("what").removeprefix("field:")
        view: dict[str, Any] = {
            "ops": [(op, _op_name(op, type_)) for op in posting.operators_for(node)],
            "op": node.get("op"),
            "is_attribute": about in ("attributes", "company.attributes"),
            "key_list": f"known-{_slug(about)}",
            "takes": _input(takes, type_, node),
            "value_list": "",
            "rows": min(8, max(1, node.values.get("value", "").count("\n") + 1)),
            "asks_numbers": type_ == Type.ANY and takes in (Takes.ONE, Takes.SOME)
            and not node.get("op").startswith("includes"),
        }  # fmt: skip
        if type_ == Type.COUNTRY:
            view["value_list"] = "known-country"
        elif self.known.values.get(about):
            view["value_list"] = f"known-{_slug(about)}"
        if kinds.is_chosen(node):
            chosen = [value.strip().lower() for value in node.lists.get("chosen", [])]
            offered = _choices(node, takes)
            view["chosen"] = [(value, label, value.lower() in chosen) for value, label in offered]
        elif type_ == Type.CHOICE and takes == Takes.ONE:
            view["choices"] = _with([("", _choices(node, takes))], node.values.get("value", ""))[0][1]
        return view


def _input(takes: Takes, type_: Type, node: Node) -> str:
    """The kind of input a value needs: none, choice, boxes, lines, pair, number, days, date or text."""
    if kinds.is_chosen(node):
        return "boxes"
    match takes:
        case Takes.NOTHING:
            return "none"
        case Takes.PAIR | Takes.NUMBER | Takes.DATE | Takes.DAYS:
            return takes.value
        case Takes.SOME | Takes.TEXT | Takes.REGION:
            return "lines"
    if type_ == Type.CHOICE:
        return "choice"
    return "number" if kinds.read_as_numbers(node) else "text"


def _choices(node: Node, takes: Takes) -> list[Choice]:
    if takes == Takes.REGION:
        return [(name, name) for name in countries.REGIONS]
    about = kinds.field_of(node)
    return [
        (value, _capital(sentences.CHOICES.get(value, value))) for value in (about.choices if about else ())
    ]


def _op_name(op: str, type_: Type) -> str:
    if type_ == Type.BOOLEAN and op in ("is_true", "is_false"):
        return "yes" if op == "is_true" else "no"
    return _NAMES.get(op) or OPERATORS[op].words.removesuffix(" {}")


def _with(grouped: Sequence[tuple[str, list[Choice]]], value: str) -> Grouped:
    """``grouped``, and ``value`` too when nothing of it has it: an activity type that is gone."""
    if not value or any(value == key for _, choices in grouped for key, _ in choices):
        return list(grouped)
    return [*grouped, ("No longer there", [(value, value.removeprefix("did:"))])]


def _slug(name: str) -> str:
    return name.replace(".", "-")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
