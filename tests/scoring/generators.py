"""Models, leads and moments that hypothesis invents: small on purpose, and full of edges.

Ages are whole days give or take a second or a microsecond, so that windows, half-lives and limits are met
exactly on their boundaries.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from scoring.conditions import parse
from scoring.contradictions import clash_in
from scoring.limits import impossible_line, impossible_values
from tests.scoring.oracle import DIMENSIONS, GRADES, Act, Lists, Person, Word

NOW = datetime(2026, 11, 17, 10, 36, 12, 345678, tzinfo=UTC)
TYPES = ["page_view", "pricing_page_view", "demo_request", "email_opened"]
LISTS = Lists(
    free=frozenset({"gmail.com", "web.de"}),
    throwaway=frozenset({"10mail.org"}),
    regions={"DACH": {"DE", "AT", "CH", "LI"}, "Benelux": {"BE", "NL", "LU"}, "North America": {"US", "CA"}},
)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"]

_DAYS = [0, 1, 2, 7, 14, 28, 29, 30, 31, 60, 90, 400]
_EDGES = [timedelta(0), timedelta(seconds=1), timedelta(microseconds=1), timedelta(hours=11)]

#: From NOW back to midnight in UTC, Berlin, New York and Kiritimati, and to the change of clocks in Berlin.
_MIDNIGHTS = [NOW - datetime(2026, 11, 17, hour, tzinfo=UTC) for hour in (0, 5, 10)] + [
    NOW - datetime(2026, 11, 16, 23, tzinfo=UTC),
    NOW - datetime(2026, 10, 25, 1, tzinfo=UTC),
]

ages = st.one_of(
    st.builds(
        lambda days, edge, sign: timedelta(days=days) + sign * edge,
        st.sampled_from(_DAYS),
        st.sampled_from(_EDGES),
        st.sampled_from([-1, 1]),
    ),
    st.builds(
        lambda midnight, days, edge: midnight + timedelta(days=days) + edge,
        st.sampled_from(_MIDNIGHTS),
        st.sampled_from([0, 1, 7]),
        st.sampled_from([timedelta(0), timedelta(microseconds=1), timedelta(minutes=1)]),
    ),
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
_stored: list[Any] = [
    *_texts, *_numbers, True, False, None, {"a": 1}, [], ["a"], ["HVAC", " Head ", 20, None, ["ops"]], "100",
    " 20 ", "false", "2026-11-16T23:59", "2026-11-18", "2026-12-17",
]  # fmt: skip
#: What is in those titles.
_ROLES = {
    "Head of Ops": ("head", "operations"),
    "head-of-ops": ("head", "operations"),
    "VP, Sales": ("vp", "sales"),
    "  Intern ": ("student", ""),
    "50% owner": ("founder", "general"),
    "Director (EMEA)": ("director", ""),
}

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
    if "r" in kinds:
        ways.append(
            st.fixed_dictionaries(
                {
                    "op": st.sampled_from(["last_days", "older_days", "next_days"]),
                    "value": st.sampled_from([1, 2, 7, 30, 400]),
                }
            )
        )
    if "l" in kinds:
        ways.append(
            st.fixed_dictionaries(
                {"op": st.sampled_from(["includes", "includes_all"]), "value": _values(_needle)}
            )
        )
    if "b" in kinds:
        ways.append(st.sampled_from([{"op": "is_true"}, {"op": "is_false"}]))
    return st.one_of(ways).map(lambda test: {**naming, **test})


def _among(names: list[str], values: list[str], operators: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    one = st.sampled_from(values)
    return st.builds(
        lambda name, op, several: (
            {"field": name, "op": op, "value": several if "n" in op else several[0]}
            if op not in ("known", "unknown", "ne")
            else {"field": name, "op": op, **({"value": several[0]} if op == "ne" else {})}
        ),
        st.sampled_from(names),
        st.sampled_from(operators),
        _values(one),
    )


_equal = ["eq", "ne", "in", "not_in", "known", "unknown"]
_countries = _among(["country", "company.country"], ["DE", "US", "NL", "GB"], _equal)
_regions = _among(["country", "company.country"], [*LISTS.regions], ["in_region", "not_in_region"])
_roles = st.one_of(
    _among(["seniority"], ["head", "vp", "student", "staff", "founder"], _equal),
    _among(["department"], ["operations", "sales", "general"], _equal),
)

facts_tests = st.one_of(
    *[_test({"field": name}, "t") for name in _TEXT_FIELDS],
    *[_test({"field": name}, "n") for name in _NUMBER_FIELDS],
    *[_test({"field": name}, "tndbrl") for name in _ANY_FIELDS],
    _test({"field": "free_mail"}, "b"),
    _test({"field": "throwaway_mail"}, "b"),
    _test({"field": "created_on"}, "dr"),
    _countries,
    _regions,
    _roles,
)
_properties = st.one_of(*[_test({"property": name}, "tndbl") for name in ("page", "minutes")])
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
    if draw(st.integers(0, 3)) == 0:
        test["after"] = {
            "activity": draw(_types),
            "within_minutes": draw(st.sampled_from([1, 660, 1440, 10080])),
        }
        if draw(st.integers(0, 3)) == 0:
            test["after"]["where"] = [draw(_properties)]
    return test


@st.composite
def colleague_tests(draw: st.DrawFn) -> dict[str, Any]:
    test: dict[str, Any] = {"colleagues": draw(_types), "within_days": draw(st.sampled_from([1, 7, 30]))}
    if draw(st.booleans()):
        test["at_least"] = draw(st.integers(1, 2))
    if draw(st.integers(0, 3)) == 0:
        test["where"] = [draw(_properties)]
    return test


stage_tests = st.builds(
    lambda stages, days: {"stage": stages, **({} if days is None else {"for_days": days})},
    st.lists(st.sampled_from(["lead", "mql", "sql"]), min_size=1, max_size=2, unique=True),
    st.sampled_from([None, 0, 1, 7, 30]),
)


def _nested(leaves: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        leaves,
        lambda parts: st.builds(
            lambda how, several: {how: several},
            st.sampled_from(["all", "any", "none"]),
            st.lists(parts, min_size=1, max_size=3),
        ),
        max_leaves=5,
    )


only_facts = _nested(facts_tests)
conditions = _nested(st.one_of(facts_tests, activity_tests(), colleague_tests(), stage_tests))
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
def rules(draw: st.DrawFn, key: str, groups: dict[str, str], graded: bool = False) -> dict[str, Any]:
    """``groups``: key → the one dimension its rules are about. ``graded``: fit is a grade."""
    asked = st.one_of(activity_tests(), activity_tests(), conditions)
    unless = draw(conditions) if draw(st.integers(0, 3)) == 0 else None
    excepted = {} if unless is None else {"unless": unless}
    when = draw(asked.filter(lambda when: _may_hold({"when": when, **excepted})))
    group = draw(st.sampled_from([None, None, *groups]))
    dimension = groups[group] if group else draw(st.sampled_from(DIMENSIONS))
    points = st.integers(-12, 12) if graded and dimension == "fit" else _points
    rule: dict[str, Any] = {"key": key, "label": f"Rule {key}", "when": when, "points": draw(points)}
    rule["dimension"] = dimension
    if group:
        rule["group"] = group
    rule |= excepted
    if draw(st.integers(0, 9)) == 0:
        rule["on"] = False
    if _asks_facts(when) and draw(st.booleans()):
        rule["mismatch"] = draw(points)
    if _needs_activity(when) and (shrinks := draw(fading)):
        rule["decay"] = shrinks
    if "activity" not in when or _least(when) == 0:
        return rule
    if "within_days" not in when and (days := draw(_window)):
        rule["window_days"] = days
    rule["count"] = draw(st.sampled_from(["once", "each", "each", "tiers"]))
    if rule["count"] == "each" and (cap := draw(st.sampled_from([None, 1, 5, 30, 1000]))):
        rule["cap"] = cap
    if rule["count"] == "tiers":
        rule.pop("decay", None)
        del rule["points"]
        times = draw(st.lists(st.sampled_from([1, 2, 3, 5]), min_size=1, max_size=3, unique=True))
        rule["tiers"] = [{"times": n, "points": draw(_points)} for n in sorted(times)]
    if rule["count"] != "once" and draw(st.integers(0, 3)) == 0:
        rule["per"] = {
            "times": draw(st.integers(1, 2)),
            "period": draw(st.sampled_from(["day", "week", "month", "ever"])),
        }
    return rule


def _least(when: dict[str, Any]) -> int:
    return int(when.get("exactly", when.get("at_least", 0 if "at_most" in when else 1)))


def _needs_activity(when: dict[str, Any]) -> bool:
    if "activity" in when:
        return _least(when) > 0
    return any(map(_needs_activity, when.get("all", []))) or (
        "any" in when and all(map(_needs_activity, when["any"]))
    )


def _asks_facts(when: dict[str, Any]) -> bool:
    return "field" in when or any(
        _asks_facts(part) for how in ("all", "any", "none") for part in when.get(how, [])
    )


_stages = st.sampled_from(["mql", "sql"])


@st.composite
def models(draw: st.DrawFn) -> dict[str, Any]:
    groups = draw(st.dictionaries(st.sampled_from(["g1", "g2"]), st.sampled_from(DIMENSIONS), max_size=2))
    ceilings = draw(st.dictionaries(st.sampled_from(DIMENSIONS), st.sampled_from([1, 20, 45]), max_size=3))
    count = draw(st.integers(1, 6))
    graded = draw(st.integers(0, 4)) == 0
    if graded:
        ceilings.pop("fit", None)
    model: dict[str, Any] = {
        "model": "generated",
        "ceilings": ceilings,
        "groups": [{"key": key, "cap": draw(st.sampled_from([1, 12, 60]))} for key in groups],
        "rules": [draw(rules(f"r{n}", groups, graded)) for n in range(count)],
        "lines": draw(st.lists(_lines(graded, ceilings), max_size=3)),
        "triggers": [
            {"key": f"t{n}", "label": "Trigger", "stage": draw(_stages), **draw(_asked.filter(_may_hold))}
            for n in range(draw(st.integers(0, 2)))
        ],
        "blockers": [
            {"key": f"b{n}", "label": "Blocker", **draw(_asked.filter(_may_hold))}
            for n in range(draw(st.integers(0, 1)))
        ],
    }
    if len(groups) == 2 and len(set(groups.values())) == 1 and draw(st.booleans()):
        model["groups"][0]["within"] = model["groups"][1]["key"]
    if graded:
        model["grades"] = {"from": draw(st.sampled_from(GRADES))}
    if draw(st.booleans()):
        model["time_zone"] = draw(st.sampled_from(ZONES))
    if draw(st.integers(0, 4)) == 0:
        model["applies_to"] = draw(only_facts)
    return model


_asked = st.builds(
    lambda when, unless, on: {
        "when": when,
        **({} if unless is None else {"unless": unless}),
        **({} if on else {"on": False}),
    },
    conditions,
    st.one_of(st.none(), st.none(), conditions),
    st.sampled_from([True] * 9 + [False]),
)


def _may_hold(asked: dict[str, Any]) -> bool:
    """What nobody can meet is refused; ``test_contradictions`` and ``test_limits`` are about what that is."""
    if impossible_values(asked["when"], "$"):
        return False
    unless = parse(asked["unless"]) if "unless" in asked else None
    return clash_in(parse(asked["when"]), unless) is None


@st.composite
def _lines(draw: st.DrawFn, graded: bool, ceilings: dict[str, int]) -> dict[str, Any]:
    """Where somebody may come over, and may leave again."""
    line: dict[str, Any] = {"stage": draw(_stages), "leave": draw(st.sampled_from([0, 3, 10]))}
    named = draw(st.lists(st.sampled_from([*DIMENSIONS, "total"]), min_size=1, max_size=2, unique=True))
    line["min"] = {name: draw(st.sampled_from([-5, 0, 3, 10, 20])) for name in named}
    if graded and "fit" in named:
        line["min"]["fit"] = draw(st.one_of(st.sampled_from(GRADES), st.integers(0, 12)))
    if draw(st.booleans()):
        line["cool_down_days"] = draw(st.sampled_from([0, 1, 30]))
    for path, _ in impossible_line(line, ceilings, graded=graded, path="$"):
        line["leave"] = 0
        if path != "$.leave":
            line["min"][path.rpartition(".")[2]] = 1
    return line


# Leads


@st.composite
def acts(draw: st.DrawFn) -> Act:
    rare = draw(st.integers(0, 9))
    properties = draw(st.dictionaries(st.sampled_from(["page", "minutes"]), stored, max_size=2))
    return Act(
        draw(st.sampled_from(TYPES)),
        draw(_ahead) if rare == 2 else NOW - draw(ages),
        properties,
        undated=rare == 0,
        voided=rare == 1,
    )


#: Slips of the pen, farther ahead than an age in seconds can say.
_ahead = st.sampled_from([datetime(2206, 5, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)])


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
    domain = draw(st.sampled_from(["gmail.com", "Web.DE", "10mail.org", "firm.example"]))
    title = draw(texts)
    seniority, department = _ROLES.get(title, ("staff" if title.strip(" ") else "", ""))
    found: dict[str, Any] = {
        "email": draw(st.sampled_from([None, f"{local}@{domain}"])),
        "name": draw(texts)[:200],
        "title": title[:200],
        "seniority": seniority,
        "department": department,
        "country": draw(st.sampled_from(["", "DE", "us", "NL"])),
        "source": draw(texts)[:64],
        "attributes": draw(st.dictionaries(st.just("size"), stored, max_size=1)),
        "created_on": NOW - draw(ages),
    }
    if draw(st.booleans()):
        found |= {
            "company.name": draw(texts)[:200],
            "company.industry": draw(texts)[:120],
            "company.country": draw(st.sampled_from(["", "DE", "gb"])),
            "company.employees": draw(st.sampled_from([None, 0, 1, 20, 99, 100, 500, 12345])),
            "company.revenue": draw(st.sampled_from([None, 100, 100.5, 12345])),
            "company.attributes": draw(st.dictionaries(st.just("tier"), stored, max_size=1)),
        }
    return found


@st.composite
def _people(draw: st.DrawFn) -> Person:
    person = Person(
        draw(facts()),
        draw(st.lists(acts(), max_size=12)),
        draw(st.lists(words(), max_size=3)),
        stage=draw(st.sampled_from(["lead", "mql", "sql"])),
        stage_at=NOW - draw(ages),
    )
    if "company.name" in person.facts:
        others = draw(st.lists(st.lists(acts(), max_size=3), max_size=3))
        person.colleagues = [Person({"name": "Colleague"}, did) for did in others]
    return person


people = _people()
