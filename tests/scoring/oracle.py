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

DIMENSIONS = ("intent", "fit", "engagement")
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
    """A lead as a model sees it: facts under the names that rules use."""

    facts: dict[str, Any] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)


@dataclass
class Verdict:
    """Hundredths of points, and which lines and triggers hold."""

    points: dict[str, int]
    rules: dict[str, int]
    over: dict[str, bool]
    stays: dict[str, bool]
    by_line: dict[str, bool]
    triggers: dict[str, bool]
    blockers: dict[str, bool]

    @property
    def total(self) -> int:
        return sum(self.points.values())


def judge(
    model: dict[str, Any], person: Person, at: datetime, free_mail: frozenset[str] = frozenset()
) -> Verdict:
    look = _Look(person, at, free_mail)
    rules = {rule["key"]: look.rule(rule) for rule in model.get("rules", [])}
    points = {dimension: look.dimension(model, dimension, rules) for dimension in DIMENSIONS}
    triggers = {
        t["key"]: look.holds(t["when"], look.forgotten("triggers")) for t in model.get("triggers", [])
    }
    blockers = {b["key"]: look.holds(b["when"], None) for b in model.get("blockers", [])}
    over, stays, by_line = {}, {}, {}
    for stage in STAGES:
        lines = [line for line in model.get("lines", []) if line["stage"] == stage]
        fired = any(triggers[t["key"]] for t in model.get("triggers", []) if t["stage"] == stage)
        free = not (stage == "sql" and any(blockers.values()))
        by_line[stage] = any(_reached(line, points, 0) for line in lines)
        over[stage] = free and (by_line[stage] or fired)
        stays[stage] = free and (fired or any(_reached(line, points, line.get("leave", 0)) for line in lines))
    return Verdict(points, rules, over, stays, by_line, triggers, blockers)


def _reached(line: dict[str, Any], points: dict[str, int], margin: int) -> bool:
    figures = {**points, "total": sum(points.values())}
    return all(figures[name] >= (least - margin) * 100 for name, least in line["min"].items())


class _Look:
    """One lead at one moment."""

    def __init__(self, person: Person, at: datetime, free_mail: frozenset[str]) -> None:
        self.person = person
        self.at = at
        self.free_mail = free_mail
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

    def dimension(self, model: dict[str, Any], dimension: str, rules: dict[str, int]) -> int:
        together: dict[str | None, int] = defaultdict(int)
        for rule in model.get("rules", []):
            if rule["dimension"] == dimension:
                together[rule.get("group")] += rules[rule["key"]]
        caps = {group["key"]: group["cap"] * 100 for group in model.get("groups", [])}
        total = sum(within(points, caps[group]) if group else points for group, points in together.items())
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
        return within(total + added, model.get("ceilings", {}).get(dimension, 100_000) * 100)

    def rule(self, rule: dict[str, Any]) -> int:
        since = self.forgotten(rule["dimension"])
        when = rule["when"]
        if not self.holds(when, since):
            return 0
        if "activity" not in when or _least(when) == 0:
            return int(rule["points"]) * 100
        acts = self.acts(when, since, rule.get("window_days") or when.get("within_days"))
        if "per" in rule:
            acts = self._limited(acts, rule["per"])
        worth = [self._worth(rule, act) for act in acts]
        if rule.get("count", "once") == "once":
            return int(max(worth, key=abs, default=0))
        return int(within(sum(worth), rule["cap"] * 100) if "cap" in rule else sum(worth))

    def _limited(self, acts: list[Act], per: dict[str, Any]) -> list[Act]:
        """The newest of each calendar period; those without a day share one."""
        periods: dict[Any, list[Act]] = defaultdict(list)
        for act in acts:
            year, week, _ = act.at.isocalendar()
            named = {"day": act.at.date(), "week": (year, week), "month": (act.at.year, act.at.month)}
            periods[act.undated, named[per["period"]]].append(act)
        newest = (sorted(several, key=lambda act: act.at, reverse=True) for several in periods.values())
        return [act for several in newest for act in several[: per["times"]]]

    def _worth(self, rule: dict[str, Any], act: Act) -> int:
        points, decay = int(rule["points"]), rule.get("decay")
        if decay is None or act.undated:
            return points * 100
        age, span = (self.at - act.at) // SECOND, int(decay["days"]) * DAY
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
        ]

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
        return compare(self.fact(when["field"]), when)

    def fact(self, name: str) -> Any:
        facts = self.person.facts
        domain = (facts.get("email") or "").partition("@")[2].lower()
        if name == "email_domain":
            return domain
        if name == "free_mail":
            return domain in self.free_mail if domain else None
        for prefix in ("company.attributes.", "attributes."):
            if name.startswith(prefix):
                return facts.get(prefix.removesuffix("."), {}).get(name.removeprefix(prefix))
        return facts.get(name)


def _least(when: dict[str, Any]) -> int:
    if "exactly" in when:
        return int(when["exactly"])
    return int(when.get("at_least", 0 if "at_most" in when else 1))


def within(points: int, most: int) -> int:
    return max(-most, min(most, points))


# Comparing a stored value


def compare(stored: Any, test: dict[str, Any]) -> bool:
    op: str = test["op"]
    value: Any = test.get("value")
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
