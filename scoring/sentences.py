"""Conditions and rules in plain words, for the definitions page, the admin and explanations."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from leads.stages import Stage

from . import countries
from .conditions import Colleagues, Condition, Fact, Group, Happened, InStage
from .fields import Field, Type
from .ruleset import BlockerSpec, Fading, RuleSpec, TriggerSpec


def of_condition(condition: Condition, labels: Mapping[str, str]) -> str:
    """ "the job title has the word “head” and the lead requested a demo in the last 90 days". ``labels`` maps
    activity type keys to their labels."""
    match condition:
        case Fact():
            return _fact(condition)
        case Happened():
            return f"the lead {_happened(condition, labels)}"
        case Colleagues():
            return _colleagues(condition, labels)
        case InStage(stages=stages, for_days=days):
            said = f"the lead is at {or_(Stage(stage).label for stage in stages)}"
            return f"{said} for {_several(days, 'day')} or longer" if days else said
        case Group(how="none", parts=parts):
            inner = [_nested(part, labels) for part in parts]
            return (
                f"it is not so that {inner[0]}" if len(inner) == 1 else f"none of these: {'; '.join(inner)}"
            )
        case Group(how=how, parts=parts):
            return f" {'and' if how == 'all' else 'or'} ".join(
                _nested(part, labels) if len(parts) > 1 else of_condition(part, labels) for part in parts
            )


def of_rule(rule: RuleSpec, groups: Mapping[str, int], labels: Mapping[str, str]) -> str:
    """When a rule gives its points: "Each time the lead viewed pricing; 12 points at most; halves every 30
    days." """
    said = f"{'each time' if rule.each else 'when'} {of_condition(rule.when, labels)}"
    limits = [said + last(rule.window_days) + _unless(rule, labels)]
    limits += [f"{_several(tier.points, 'point')} from {_times(tier.times)} on" for tier in rule.tiers]
    if rule.mismatch:
        limits.append(f"{_several(rule.mismatch, 'point')} when known and not so")
    if rule.limit:
        period = "in all" if rule.limit.period == "ever" else f"a {rule.limit.period}"
        limits.append(f"at most {_times(rule.limit.times)} {period}")
    if rule.cap:
        limits.append(f"{rule.cap} point{'' if rule.cap == 1 else 's'} at most")
    if rule.group:
        limits.append(f"{groups[rule.group]} at most together with the rest of “{group_named(rule.group)}”")
    if rule.fading:
        limits.append(of_fading(rule.fading))
    return sentence("; ".join(limits))


def of_part(part: TriggerSpec | BlockerSpec, labels: Mapping[str, str]) -> str:
    """When a trigger or a blocker holds."""
    return sentence(of_condition(part.when, labels) + _unless(part, labels))


def of_fading(fading: Fading) -> str:
    """ "halves every 30 days"."""
    days, share = _days(fading.days), f"{fading.percent} %"
    match fading.kind:
        case "half_life":
            return f"halves every {days}"
        case "linear":
            return f"loses {share} every {days}"
        case "drop":
            return f"drops by {share} after {days}"


def name_of(field: Field) -> str:
    """ "Job title": the field as a heading."""
    if field.type == Type.BOOLEAN:
        return "E-mail address"
    return sentence(field.label.removeprefix("the ")).removesuffix(".")


def group_named(key: str) -> str:
    """ "company size": a group is called by its key, as people read it."""
    return key.replace("-", " ").replace("_", " ")


def sentence(words: str) -> str:
    """With a capital and a full stop."""
    return f"{words[:1].upper()}{words[1:]}."


def _unless(part: RuleSpec | TriggerSpec | BlockerSpec, labels: Mapping[str, str]) -> str:
    return f", unless {of_condition(part.unless, labels)}" if part.unless is not None else ""


def _nested(condition: Condition, labels: Mapping[str, str]) -> str:
    text = of_condition(condition, labels)
    return f"({text})" if isinstance(condition, Group) and len(condition.parts) > 1 else text


def _fact(fact: Fact) -> str:
    if fact.field.type == "boolean" and fact.op.name in ("is_true", "is_false"):
        return fact.field.label if fact.op.name == "is_true" else f"it is not so that {fact.field.label}"
    if fact.op.name == "between":
        low, high = fact.values
        return f"{fact.field.label} is {_value(low)} to {_value(high)}"
    if fact.op.moves and fact.values[0] == Decimal(1):
        when = {"last_days": "is today", "older_days": "is yesterday or earlier", "next_days": "is today"}
        return f"{fact.field.label} {when[fact.op.name]}"
    many = _and if fact.op.name == "includes_all" else or_
    return f"{fact.field.label} {fact.op.words.format(many(_said(fact, value) for value in fact.values))}"


def _said(fact: Fact, value: str | Decimal) -> str:
    """Countries and what the product itself finds by their names, other texts in quotes."""
    if isinstance(value, str) and fact.op.takes == "region":
        return f"the {value}" if value in _WITH_ARTICLE else value
    if isinstance(value, str) and fact.field.type == Type.COUNTRY:
        return countries.name_of(value)
    if isinstance(value, str) and fact.field.type == Type.CHOICE:
        return CHOICES.get(value, value)
    return _value(value)


_WITH_ARTICLE = frozenset(
    ["Americas", "Baltics", "DACH", "EEA", "EU", "GCC", "Nordics", "Middle East", "UK and Ireland"]
)
#: How the levels and departments that the product finds in job titles are said.
CHOICES = {
    "founder": "founder or owner",
    "c_level": "C-level",
    "vp": "vice president",
    "head": "head",
    "director": "director",
    "manager": "manager",
    "senior": "senior",
    "staff": "staff",
    "student": "student or trainee",
    "hr": "human resources",
    "legal": "legal",
    "purchasing": "purchasing",
    "support": "support",
    "marketing": "marketing",
    "sales": "sales",
    "product": "product",
    "engineering": "engineering",
    "it": "IT",
    "finance": "finance",
    "operations": "operations",
    "general": "general management",
}


def _happened(happened: Happened, labels: Mapping[str, str]) -> str:
    did = _did(happened.types, happened.where, labels)
    least, most = happened.at_least, happened.at_most
    if most == 0:
        said = f"never {did}"
    elif most is not None and least == most:
        said = f"{did} exactly {_times(most)}"
    elif most is not None and least > 0:
        said = f"{did} {least} to {_times(most)}"
    elif most is not None:
        said = f"{did} at most {_times(most)}"
    elif least > 1:
        said = f"{did} {_times(least)} or more"
    else:
        said = did
    return said + last(happened.within_days) + _after(happened, labels)


def _after(happened: Happened, labels: Mapping[str, str]) -> str:
    if happened.after is None:
        return ""
    before = _did(happened.after.types, happened.after.where, labels)
    return f", each within {_span(happened.after.within_minutes)} after the lead {before}"


def _colleagues(asked: Colleagues, labels: Mapping[str, str]) -> str:
    who = "another person" if asked.at_least == 1 else f"{asked.at_least} or more other people"
    return f"{who} of the company {_did(asked.types, asked.where, labels)}{last(asked.within_days)}"


def _did(types: Iterable[str], where: Iterable[Fact], labels: Mapping[str, str]) -> str:
    did = or_(_act(labels.get(key, key)) for key in types)
    tests = [_fact(test) for test in where]
    return f"{did} where {_and(tests)}" if tests else did


def _act(label: str) -> str:
    """ "requested a demo", as most labels are; "had “Page view”" for one that does not say what somebody
    did."""
    first = label.partition(" ")[0].lower()
    if first.isalpha() and (first.endswith("ed") or first in _DID) and first not in _NO_DEED:
        return lower(label)
    return f"had “{label.replace('_', ' ')}”"


#: First words that say what somebody did, and one that only looks like it.
_DID = frozenset(
    ["saw", "was", "met", "did", "had", "sent", "read", "made", "took", "gave", "got", "went", "came", "left",
     "bought", "spoke", "wrote", "told", "held", "ran", "became", "began", "built", "chose", "found", "kept",
     "paid", "sold", "set", "put", "won", "lost", "rang", "sought", "spent", "swiped"]
)  # fmt: skip
_NO_DEED = frozenset(["feed", "need", "speed", "embed", "seed"])


def _span(minutes: int) -> str:
    """ "2 hours": in the largest unit that needs no fraction."""
    for unit, size in (("day", 24 * 60), ("hour", 60)):
        if minutes % size == 0:
            return _several(minutes // size, unit)
    return _several(minutes, "minute")


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if abs(count) == 1 else 's'}"


def last(days: int | None) -> str:
    return f" in the last {_days(days)}" if days else ""


def _days(days: int) -> str:
    return "day" if days == 1 else f"{days} days"


def _times(times: int) -> str:
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


def lower(label: str) -> str:
    """ "Requested a demo" → "requested a demo"; "E-mail bounced" and "CRM import" keep their first letter."""
    return label if label[1:2].isupper() or label[1:2] == "-" else label[:1].lower() + label[1:]


def _value(value: str | Decimal) -> str:
    return f"{value:,f}" if isinstance(value, Decimal) else f"“{value}”"


def or_(words: Iterable[str]) -> str:
    return _listed(words, " or ")


def _and(words: Iterable[str]) -> str:
    return _listed(words, " and ")


def _listed(words: Iterable[str], last: str) -> str:
    several = list(words)
    return last.join([", ".join(several[:-1]), several[-1]] if len(several) > 1 else several)
