"""Models, leads and moments that hypothesis invents: small on purpose, and full of edges.

Ages are whole days give or take a second or a microsecond, so that windows, half-lives and limits are met
exactly on their boundaries.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.scoring.oracle import DIMENSIONS, Act, Person, Word

NOW = datetime(2026, 11, 17, 10, 36, 12, 345678, tzinfo=UTC)
TYPES = ["page_view", "pricing_page_view", "demo_request", "email_opened"]
FREE_MAIL = frozenset({"gmail.com", "web.de"})

_DAYS = [0, 1, 2, 7, 14, 28, 29, 30, 31, 60, 90, 400]
_EDGES = [timedelta(0), timedelta(seconds=1), timedelta(microseconds=1), timedelta(hours=11)]

ages = st.builds(
    lambda days, edge, sign: timedelta(days=days) + sign * edge,
    st.sampled_from(_DAYS),
    st.sampled_from(_EDGES),
    st.sampled_from([-1, 1]),
)
moments = st.builds(
    lambda age: NOW - age, st.sampled_from([timedelta(days=d) for d in (0, 0, 1, 15, 30, 45)])
)

_texts = [
    "Head of Ops",
    "VP, Sales",
    "head-of-ops",
    "  Intern ",
    "",
    " ",
    "12345",
    "-3.50",
    "50% owner",
    "a_b",
    "Überkopf Straße",
    "back\\slash",
    "Director (EMEA)",
    "x" * 2100 + "end",
    "2026-03-01",
    "yes",
    "HVAC",
]
_needles = [
    "head",
    "VP",
    "vp sales",
    "ops",
    "Intern",
    "50%",
    "_",
    "a_b",
    "straße",
    "\\",
    "12345",
    "h*o*ps",
    "*",
    "end",
    "über*",
    "HVAC",
    "emea",
    "of o",
]
_numbers = [-3.5, 0, 1, 20, 99, 100, 100.5, 500, 12345]
_stored: list[Any] = [*_texts, *_numbers, True, False, None, {"a": 1}, ["a"], "100", " 20 ", "false"]

texts = st.sampled_from(_texts)
stored = st.sampled_from(_stored)
_needle = st.sampled_from(_needles)
_number = st.sampled_from(_numbers)
_day = st.sampled_from(["2026-03-01", "2026-11-17", "2026-10-18", "1999-12-31"])

_TEXT_FIELDS = ["email", "email_domain", "name", "title", "source", "company.name", "company.industry"]
_NUMBER_FIELDS = ["company.employees", "company.revenue"]
_ANY_FIELDS = ["attributes.size", "company.attributes.tier"]


def _values(one: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(one, min_size=1, max_size=3)


def _test(naming: dict[str, Any], kinds: str) -> st.SearchStrategy[dict[str, Any]]:
    """A comparison of what ``naming`` names; ``kinds`` says how: t(ext), n(umber), d(ay), b(oolean)."""
    ways: list[st.SearchStrategy[dict[str, Any]]] = [st.sampled_from([{"op": "known"}, {"op": "unknown"}])]
    if "t" in kinds:
        ways += [
            st.fixed_dictionaries({"op": st.sampled_from(["eq", "ne"]), "value": _needle}),
            st.fixed_dictionaries({"op": st.sampled_from(["in", "not_in"]), "value": _values(_needle)}),
            st.fixed_dictionaries(
                {"op": st.sampled_from(["contains", "starts", "ends", "like"]), "value": _values(_needle)}
            ),
            st.fixed_dictionaries(
                {
                    "op": st.just("word"),
                    "value": st.sampled_from(["head", "VP", "vp sales", "of o", "emea", "straße"]),
                }
            ),
            st.just({"op": "is_numeric"}),
        ]
    if "n" in kinds:
        ways += [
            st.fixed_dictionaries(
                {"op": st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]), "value": _number}
            ),
            st.fixed_dictionaries({"op": st.sampled_from(["in", "not_in"]), "value": _values(_number)}),
            st.builds(lambda a, b: {"op": "between", "value": sorted([a, b])}, _number, _number),
        ]
    if "d" in kinds:
        ways.append(st.fixed_dictionaries({"op": st.sampled_from(["before", "after"]), "value": _day}))
    if "b" in kinds:
        ways.append(st.sampled_from([{"op": "is_true"}, {"op": "is_false"}]))
    return st.one_of(ways).map(lambda test: {**naming, **test})


facts_tests = st.one_of(
    *[_test({"field": name}, "t") for name in _TEXT_FIELDS],
    *[_test({"field": name}, "n") for name in _NUMBER_FIELDS],
    *[_test({"field": name}, "tndb") for name in _ANY_FIELDS],
    _test({"field": "free_mail"}, "b"),
    _test({"field": "created_on"}, "d"),
)
_properties = st.one_of(*[_test({"property": name}, "tndb") for name in ("page", "minutes")])
_times = st.sampled_from(
    [
        {},
        {},
        {"at_least": 1},
        {"at_least": 2},
        {"at_least": 3},
        {"exactly": 1},
        {"exactly": 0},
        {"at_most": 1},
        {"at_least": 1, "at_most": 2},
        {"at_most": 0},
    ]
)
_types = st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True)
_window = st.sampled_from([None, None, 1, 7, 30, 90])


@st.composite
def activity_tests(draw: st.DrawFn) -> dict[str, Any]:
    test: dict[str, Any] = {"activity": draw(_types), **draw(_times)}
    if days := draw(_window):
        test["within_days"] = days
    if draw(st.integers(0, 3)) == 0:
        test["where"] = draw(st.lists(_properties, min_size=1, max_size=2))
    return test


conditions = st.recursive(
    st.one_of(facts_tests, activity_tests()),
    lambda parts: st.builds(
        lambda how, several: {how: several},
        st.sampled_from(["all", "any", "none"]),
        st.lists(parts, min_size=1, max_size=3),
    ),
    max_leaves=5,
)

_points = st.sampled_from([-200, -25, -3, -1, 0, 1, 3, 7, 10, 25, 200])
decay = st.one_of(
    st.builds(lambda days: {"kind": "half_life", "days": days}, st.sampled_from([1, 7, 14, 30])),
    st.builds(
        lambda kind, days, percent: {"kind": kind, "days": days, "percent": percent},
        st.sampled_from(["linear", "drop"]),
        st.sampled_from([1, 14, 30]),
        st.sampled_from([5, 33, 50, 100]),
    ),
)
fading = st.one_of(st.none(), decay)


@st.composite
def rules(draw: st.DrawFn, key: str, groups: dict[str, str]) -> dict[str, Any]:
    """``groups``: key → the one dimension its rules are about."""
    when = draw(st.one_of(activity_tests(), activity_tests(), conditions))
    rule: dict[str, Any] = {"key": key, "label": f"Rule {key}", "when": when, "points": draw(_points)}
    group = draw(st.sampled_from([None, None, *groups]))
    rule["dimension"] = groups[group] if group else draw(st.sampled_from(DIMENSIONS))
    if group:
        rule["group"] = group
    least = when.get("exactly", when.get("at_least", 0 if "at_most" in when else 1))
    if "activity" not in when or least == 0:
        return rule
    if "within_days" not in when and (days := draw(_window)):
        rule["window_days"] = days
    if shrinks := draw(fading):
        rule["decay"] = shrinks
    if draw(st.booleans()):
        rule["count"] = "each"
        if cap := draw(st.sampled_from([None, 1, 5, 30, 1000])):
            rule["cap"] = cap
        if draw(st.integers(0, 3)) == 0:
            rule["per"] = {
                "times": draw(st.integers(1, 2)),
                "period": draw(st.sampled_from(["day", "week", "month"])),
            }
    return rule


_stages = st.sampled_from(["mql", "sql"])


@st.composite
def models(draw: st.DrawFn) -> dict[str, Any]:
    groups = draw(st.dictionaries(st.sampled_from(["g1", "g2"]), st.sampled_from(DIMENSIONS), max_size=2))
    ceilings = draw(st.dictionaries(st.sampled_from(DIMENSIONS), st.sampled_from([1, 20, 45]), max_size=3))
    count = draw(st.integers(1, 6))
    return {
        "model": "generated",
        "ceilings": ceilings,
        "groups": [{"key": key, "cap": draw(st.sampled_from([1, 12, 60]))} for key in groups],
        "rules": [draw(rules(f"r{n}", groups)) for n in range(count)],
        "lines": draw(st.lists(_lines, max_size=3)),
        "triggers": [
            {"key": f"t{n}", "label": "Trigger", "stage": draw(_stages), "when": draw(conditions)}
            for n in range(draw(st.integers(0, 2)))
        ],
        "blockers": [
            {"key": f"b{n}", "label": "Blocker", "when": draw(conditions)}
            for n in range(draw(st.integers(0, 1)))
        ],
    }


_lines = st.builds(
    lambda stage, least, leave: {"stage": stage, "min": least, "leave": leave},
    _stages,
    st.dictionaries(
        st.sampled_from([*DIMENSIONS, "total"]), st.sampled_from([-5, 0, 3, 10, 20]), min_size=1, max_size=2
    ),
    st.sampled_from([0, 3, 10]),
)


# Leads


@st.composite
def acts(draw: st.DrawFn) -> Act:
    rare = draw(st.integers(0, 9))
    properties = draw(st.dictionaries(st.sampled_from(["page", "minutes"]), stored, max_size=2))
    return Act(
        draw(st.sampled_from(TYPES)), NOW - draw(ages), properties, undated=rare == 0, voided=rare == 1
    )


@st.composite
def words(draw: st.DrawFn) -> Word:
    kind = draw(st.sampled_from(["restart", "restart", "set", "add", "add"]))
    at = NOW - draw(ages)
    lasting = draw(st.sampled_from([None, None, timedelta(days=1), timedelta(days=20)]))
    return Word(
        kind=kind,
        dimensions=draw(st.lists(st.sampled_from(DIMENSIONS), min_size=1, max_size=3, unique=True)),
        at=at,
        points=None if kind == "restart" else draw(_points),
        expires_at=at + lasting if lasting else None,
        voided=draw(st.integers(0, 5)) == 0,
    )


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    """Facts under the names that rules use; without company facts the lead has no company."""
    local = draw(st.sampled_from(["ada", "Ada.L", "x"]))
    found: dict[str, Any] = {
        "email": draw(
            st.sampled_from([None, f"{local}@gmail.com", f"{local}@Web.DE", f"{local}@firm.example"])
        ),
        "name": draw(texts)[:200],
        "title": draw(texts)[:200],
        "source": draw(texts)[:64],
        "attributes": draw(st.dictionaries(st.just("size"), stored, max_size=1)),
        "created_on": draw(st.sampled_from(["2026-11-17", "2026-03-01", "2020-01-01"])),
    }
    if draw(st.booleans()):
        found |= {
            "company.name": draw(texts)[:200],
            "company.industry": draw(texts)[:120],
            "company.employees": draw(st.sampled_from([None, 0, 1, 20, 99, 100, 500, 12345])),
            "company.revenue": draw(st.sampled_from([None, 100, 100.5, 12345])),
            "company.attributes": draw(st.dictionaries(st.just("tier"), stored, max_size=1)),
        }
    return found


people = st.builds(Person, facts(), st.lists(acts(), max_size=12), st.lists(words(), max_size=3))
