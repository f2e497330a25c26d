"""What a score should be, in plain Python: read a model file, look at one lead, add up.

Written from ``docs/scoring.md`` alone and slow on purpose; it shares no code with the product. The scoring
statement must agree with it on every generated model, lead and moment.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

DIMENSIONS = ("intent", "fit", "engagement")
GRADES = ["F", "D-", "D", "D+", "C-", "C", "C+", "B-", "B", "B+", "A-", "A", "A+"]
STAGES = ("mql", "sql")
DAY = 86_400
SECOND = timedelta(seconds=1)


@dataclass
class Act:
    """Something a lead did."""

    type: str
    at: datetime
    properties: dict[str, Any] = field(default_factory=dict)
    undated: bool = False
    voided: bool = False


@dataclass
class Word:
    """Somebody's word on a score: restart, set or add."""

    kind: str
    dimensions: list[str]
    at: datetime
    points: int | None = None
    expires_at: datetime | None = None
    voided: bool = False


@dataclass
class Person:
    """A lead as a model sees it: facts under the names that rules use, where it stands since when, and
    whoever else works at its company."""

    facts: dict[str, Any] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    stage: str = "lead"
    stage_at: datetime | None = None
    colleagues: list["Person"] = field(default_factory=list)


@dataclass
class Verdict:
    """Hundredths of points, and which lines and triggers hold."""

    points: dict[str, int]
    rules: dict[str, int]
    applies: bool
    over: dict[str, bool]
    stays: dict[str, bool]
    by_line: dict[str, bool]
    triggers: dict[str, bool]
    blockers: dict[str, bool]
    cools: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.points.values())


@dataclass(frozen=True)
class Lists:
    """Domains of mail addresses that say nothing, and the regions that a country is in."""

    free: frozenset[str] = frozenset()
    throwaway: frozenset[str] = frozenset()
    regions: dict[str, set[str]] = field(default_factory=dict)


def judge(model: dict[str, Any], person: Person, at: datetime, lists: Lists = Lists()) -> Verdict:
    look = _Look(person, at, lists, ZoneInfo(model.get("time_zone", "UTC")))
    on = [rule for rule in model.get("rules", []) if rule.get("on", True)]
    rules = {rule["key"]: look.rule(rule) for rule in on}
    points = {dimension: look.dimension(model, dimension, on, rules) for dimension in DIMENSIONS}
    triggers = {
        t["key"]: look.part(t, look.forgotten("triggers"))
        for t in model.get("triggers", [])
        if t.get("on", True)
    }
    blockers = {b["key"]: look.part(b, None) for b in model.get("blockers", []) if b.get("on", True)}
    applies = "applies_to" not in model or look.holds(model["applies_to"], None)
    over, stays, by_line, cools = {}, {}, {}, {}
    for stage in STAGES:
        lines = [line for line in model.get("lines", []) if line["stage"] == stage]
        fired = any(triggers.get(t["key"], False) for t in model.get("triggers", []) if t["stage"] == stage)
        free = applies and not (stage == "sql" and any(blockers.values()))
        by_line[stage] = any(_reached(line, points, 0) for line in lines)
        over[stage] = free and (by_line[stage] or fired)
        stays[stage] = free and (fired or any(_reached(line, points, line.get("leave", 0)) for line in lines))
        waits = [line.get("cool_down_days", 0) for line in lines if _reached(line, points, 0)]
        cools[stage] = 0 if fired else min(waits, default=0)
    return Verdict(points, rules, applies, over, stays, by_line, triggers, blockers, cools)


def _reached(line: dict[str, Any], points: dict[str, int], margin: int) -> bool:
    figures = {**points, "total": sum(points.values())}
    return all(figures[name] >= (_third(least) - margin) * 100 for name, least in line["min"].items())


def _third(least: int | str) -> int:
    return GRADES.index(least) if isinstance(least, str) else least


class _Look:
    """One lead at one moment."""

    def __init__(self, person: Person, at: datetime, lists: Lists, zone: ZoneInfo) -> None:
        self.person = person
        self.at = at
        self.lists = lists
        self.zone = zone
        self.words = [
            word
            for word in person.words
            if not word.voided and word.at <= at and (word.expires_at is None or word.expires_at > at)
        ]

    def forgotten(self, dimension: str) -> datetime | None:
        """What happened before this does not count; triggers forget with any dimension."""
        restarts = [
            word.at
            for word in self.words
            if word.kind == "restart" and (dimension == "triggers" or dimension in word.dimensions)
        ]
        return max(restarts, default=None)

    def dimension(
        self, model: dict[str, Any], dimension: str, on: list[dict[str, Any]], rules: dict[str, int]
    ) -> int:
        mine = [rule for rule in on if rule["dimension"] == dimension]
        groups = model.get("groups", [])

        def group(key: str) -> int:
            given = sum(rules[rule["key"]] for rule in mine if rule.get("group") == key)
            given += sum(group(inner["key"]) for inner in groups if inner.get("within") == key)
            return within(given, next(one["cap"] for one in groups if one["key"] == key) * 100)

        total = sum(rules[rule["key"]] for rule in mine if "group" not in rule)
        total += sum(group(one["key"]) for one in groups if "within" not in one)
        graded = dimension == "fit" and "grades" in model
        if graded:
            total += GRADES.index(model["grades"]["from"]) * 100
        spoken = [word for word in self.words if dimension in word.dimensions]
        # Sorted by time; the order of two words of the same moment is the order in which they were given.
        spoken.sort(key=lambda word: word.at)
        for word in spoken:
            if word.kind == "set":
                total = (word.points or 0) * 100
        added = 0
        for word in spoken:
            if word.kind == "set":
                added = 0
            elif word.kind == "add":
                added += (word.points or 0) * 100
        if graded:
            return max(0, min(1200, total + added))
        return within(total + added, model.get("ceilings", {}).get(dimension, 100_000) * 100)

    def rule(self, rule: dict[str, Any]) -> int:
        since = self.forgotten(rule["dimension"])
        when = rule["when"]
        if "unless" in rule and self.holds(rule["unless"], since):
            return 0
        if not self.holds(when, since):
            known = all(compare(self.fact(name), {"op": "known"}) for name in _facts(when))
            return int(rule["mismatch"]) * 100 if known and rule.get("mismatch") else 0
        if "activity" not in when or _least(when) == 0:
            if "decay" not in rule:
                return int(rule["points"]) * 100
            newest = min(self._making(when, since), key=self._age)
            return self._worth(rule, newest)
        acts = self.acts(when, since, rule.get("window_days") or when.get("within_days"))
        if "per" in rule:
            acts = self._limited(acts, rule["per"])
        if "tiers" in rule:
            reached = [tier["points"] for tier in rule["tiers"] if len(acts) >= tier["times"]]
            return int(reached[-1] if reached else 0) * 100
        worth = [self._worth(rule, act) for act in acts]
        if rule.get("count", "once") == "once":
            return int(max(worth, key=abs, default=0))
        return int(within(sum(worth), rule["cap"] * 100) if "cap" in rule else sum(worth))

    def _limited(self, acts: list[Act], per: dict[str, Any]) -> list[Act]:
        """The newest of each calendar period; those without a day share one."""
        periods: dict[Any, list[Act]] = defaultdict(list)
        for act in acts:
            if per["period"] == "ever":
                periods["ever"].append(act)
                continue
            here = act.at.astimezone(self.zone)
            year, week, _ = here.isocalendar()
            named = {"day": here.date(), "week": (year, week), "month": (here.year, here.month)}
            periods[act.undated, named[per["period"]]].append(act)
        newest = (sorted(several, key=self._age) for several in periods.values())
        return [act for several in newest for act in several[: per["times"]]]

    def _age(self, act: Act) -> int:
        """Whole seconds; none for what has no day."""
        return 0 if act.undated else (self.at - act.at) // SECOND

    def _making(self, when: dict[str, Any], since: datetime | None) -> list[Act]:
        """The activities by which a condition holds."""
        if not self.holds(when, since):
            return []
        for how in ("all", "any"):
            if how in when:
                return [act for part in when[how] for act in self._making(part, since)]
        if "activity" in when and _least(when) > 0:
            return self.acts(when, since, when.get("within_days"))
        return []

    def _worth(self, rule: dict[str, Any], act: Act) -> int:
        points, decay = int(rule["points"]), rule.get("decay")
        if decay is None or act.undated:
            return points * 100
        age, span = self._age(act), int(decay["days"]) * DAY
        if decay["kind"] == "half_life":
            return round(points * 100 * float(2.0 ** (-age / span)))
        percent = int(decay.get("percent", 100))
        if decay["kind"] == "linear":
            return round(points * 100 * max(0.0, 1 - age * percent / (span * 100)))
        return points * 100 if age < span else points * (100 - percent)

    def acts(self, test: dict[str, Any], since: datetime | None, days: int | None) -> list[Act]:
        return [
            act
            for act in self.person.acts
            if act.type in test["activity"]
            and not act.voided
            and act.at <= self.at
            and (since is None or act.at >= since)
            and (act.undated or days is None or act.at > self.at - timedelta(days=days))
            and all(compare(act.properties.get(t["property"]), t) for t in test.get("where", []))
            and ("after" not in test or self._follows(act, test["after"], since))
        ]

    def _follows(self, act: Act, after: dict[str, Any], since: datetime | None) -> bool:
        return not act.undated and any(
            other is not act
            and not other.undated
            and not other.voided
            and other.type in after["activity"]
            and timedelta(0) <= act.at - other.at < timedelta(minutes=after["within_minutes"])
            and (since is None or other.at >= since)
            and all(compare(other.properties.get(t["property"]), t) for t in after.get("where", []))
            for other in self.person.acts
        )

    def part(self, part: dict[str, Any], since: datetime | None) -> bool:
        return self.holds(part["when"], since) and not (
            "unless" in part and self.holds(part["unless"], since)
        )

    def holds(self, when: dict[str, Any], since: datetime | None) -> bool:
        if "all" in when:
            return all(self.holds(part, since) for part in when["all"])
        if "any" in when:
            return any(self.holds(part, since) for part in when["any"])
        if "none" in when:
            return not any(self.holds(part, since) for part in when["none"])
        if "activity" in when:
            times = len(self.acts(when, since, when.get("within_days")))
            most = when.get("exactly", when.get("at_most"))
            return times >= _least(when) and (most is None or times <= most)
        if "colleagues" in when:
            test = {**when, "activity": when["colleagues"]}
            active = [
                other
                for other in self.person.colleagues
                if _Look(other, self.at, self.lists, self.zone).acts(test, since, when["within_days"])
            ]
            return len(active) >= int(when.get("at_least", 1))
        if "stage" in when:
            since_then = self.person.stage_at or self.at
            long = since_then <= self.at - timedelta(days=when.get("for_days", 0))
            return self.person.stage in when["stage"] and (long or not when.get("for_days"))
        if when["op"] in ("in_region", "not_in_region"):
            country = _text(self.fact(when["field"]))
            named = when["value"] if isinstance(when["value"], list) else [when["value"]]
            inside = any((country or "").upper() in self.lists.regions[name] for name in named)
            return country is not None and inside == (when["op"] == "in_region")
        if when["op"] in ("last_days", "older_days", "next_days"):
            return self._near(self._day(when["field"]), when["op"], when["value"])
        if when["field"] == "created_on":
            return compare(self._day("created_on"), when)
        return compare(self.fact(when["field"]), when)

    def _day(self, name: str) -> str | None:
        """YYYY-MM-DD of a date, or of whatever text begins like one."""
        text = _text(self.fact(name))
        if name == "created_on" and isinstance(self.fact(name), datetime):
            text = self.fact(name).astimezone(self.zone).date().isoformat()
        return text[:10] if text and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None

    def _near(self, day: str | None, op: str, days: int) -> bool:
        if day is None:
            return False
        today = self.at.astimezone(self.zone).date()
        ago, ahead = (today + timedelta(days=sign * days) for sign in (-1, 1))
        if op == "last_days":
            return ago.isoformat() < day <= today.isoformat()
        if op == "older_days":
            return day <= ago.isoformat()
        return today.isoformat() <= day < ahead.isoformat()

    def fact(self, name: str) -> Any:
        facts = self.person.facts
        domain = (facts.get("email") or "").partition("@")[2].lower()
        if name == "email_domain":
            return domain
        if name in ("free_mail", "throwaway_mail"):
            known = self.lists.free if name == "free_mail" else self.lists.throwaway
            return domain in known if domain else None
        for prefix in ("company.attributes.", "attributes."):
            if name.startswith(prefix):
                return facts.get(prefix.removesuffix("."), {}).get(name.removeprefix(prefix))
        return facts.get(name)


def _least(when: dict[str, Any]) -> int:
    if "exactly" in when:
        return int(when["exactly"])
    return int(when.get("at_least", 0 if "at_most" in when else 1))


def _facts(when: dict[str, Any]) -> list[str]:
    """The fields a condition asks about."""
    parts = [part for how in ("all", "any", "none") for part in when.get(how, [])]
    return [name for part in parts for name in _facts(part)] + ([when["field"]] if "field" in when else [])


def within(points: int, most: int) -> int:
    return max(-most, min(most, points))


# Comparing a stored value


def compare(stored: Any, test: dict[str, Any]) -> bool:
    op: str = test["op"]
    value: Any = test.get("value")
    if isinstance(stored, list) and op in ("known", "unknown"):
        return bool(stored) == (op == "known")
    if op in ("includes", "includes_all"):
        stored_all = [_text(one) for one in (stored[:200] if isinstance(stored, list) else [stored])]
        found = [v.strip(" ").lower() in stored_all for v in value]
        return any(found) if op == "includes" else all(found)
    text = _text(stored)
    if op in ("known", "unknown"):
        return (text is not None) == (op == "known")
    if text is None:
        return False
    if op == "is_numeric":
        return _number(text) is not None
    if op in ("is_true", "is_false"):
        truths = {"is_true": ("true", "yes", "y", "on", "1"), "is_false": ("false", "no", "n", "off", "0")}
        return text in truths[op]
    if op in ("before", "after"):
        day = text[:10] if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
        return day is not None and (day < value if op == "before" else day > value)
    values = value if isinstance(value, list) else [value]
    if op == "between" or not isinstance(values[0], str):
        return _compare_number(_number(text), op, [Decimal(str(v)) for v in values])
    wanted = [v.strip(" ").lower() for v in values]
    if op in ("eq", "in", "ne", "not_in"):
        return (text in wanted) == (op in ("eq", "in"))
    return any(_matches(text, op, v) for v in wanted)


def _compare_number(number: Decimal | None, op: str, values: list[Decimal]) -> bool:
    if number is None:
        return False
    first = values[0]
    return {
        "eq": number in values,
        "in": number in values,
        "ne": number not in values,
        "not_in": number not in values,
        "gt": number > first,
        "gte": number >= first,
        "lt": number < first,
        "lte": number <= first,
        "between": first <= number <= values[-1],
    }[op]


def _matches(text: str, op: str, value: str) -> bool:
    if op == "contains":
        return value in text
    if op == "starts":
        return text.startswith(value)
    if op == "ends":
        return text.endswith(value)
    if op == "word":
        return f" {_words(value)} " in f" {_words(text)} "
    return (
        re.fullmatch(".*".join(re.escape(piece) for piece in value.split("*")), text, re.DOTALL) is not None
    )


def _words(text: str) -> str:
    """Words with one blank between them; whatever is no letter or digit separates."""
    return " ".join("".join(c if c.isalnum() else " " for c in text).split())


def _text(stored: Any) -> str | None:
    """As rules read it: trimmed, lower case, the first 2,000 characters; None for what is unknown."""
    if stored is None or isinstance(stored, dict | list):
        return None
    text = {True: "true", False: "false"}[stored] if isinstance(stored, bool) else str(stored)
    return text[:2000].strip(" ").lower() or None


def _number(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", text) else None
