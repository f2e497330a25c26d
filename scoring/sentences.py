"""Conditions and rules in plain words, for the definitions page, the admin and explanations."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from .conditions import Condition, Fact, Group, Happened
from .fields import Field, Type
from .ruleset import Fading, RuleSpec


def of_condition(condition: Condition, labels: Mapping[str, str]) -> str:
    """ "the job title has the word “head” and the lead requested a demo in the last 90 days". ``labels`` maps
    activity type keys to their labels."""
    match condition:
        case Fact():
            return _fact(condition)
        case Happened():
            return f"the lead {_happened(condition, labels)}"
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
    limits = [said + _last(rule.window_days)]
    if rule.limit:
        limits.append(f"at most {_times(rule.limit.times)} a {rule.limit.period}")
    if rule.cap:
        limits.append(f"{rule.cap} points at most")
    if rule.group:
        limits.append(f"{groups[rule.group]} at most together with the rest of “{rule.group}”")
    if rule.fading:
        limits.append(of_fading(rule.fading))
    return sentence("; ".join(limits))


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


def sentence(words: str) -> str:
    """With a capital and a full stop."""
    return f"{words[:1].upper()}{words[1:]}."


def _nested(condition: Condition, labels: Mapping[str, str]) -> str:
    text = of_condition(condition, labels)
    return f"({text})" if isinstance(condition, Group) and len(condition.parts) > 1 else text


def _fact(fact: Fact) -> str:
    if fact.field.type == "boolean" and fact.op.name in ("is_true", "is_false"):
        return fact.field.label if fact.op.name == "is_true" else f"it is not so that {fact.field.label}"
    if fact.op.name == "between":
        low, high = fact.values
        return f"{fact.field.label} is {_value(low)} to {_value(high)}"
    return f"{fact.field.label} {fact.op.words.format(_or(_value(value) for value in fact.values))}"


def _happened(happened: Happened, labels: Mapping[str, str]) -> str:
    did = _or(_lower(labels.get(key, key)) for key in happened.types)
    if happened.where:
        did += f" where {' and '.join(_fact(test) for test in happened.where)}"
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
    return said + _last(happened.within_days)


def _last(days: int | None) -> str:
    return f" in the last {_days(days)}" if days else ""


def _days(days: int) -> str:
    return "day" if days == 1 else f"{days} days"


def _times(times: int) -> str:
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


def _lower(label: str) -> str:
    """ "Requested a demo" → "requested a demo"; "E-mail bounced" and "CRM import" keep their first letter."""
    return label if label[1:2].isupper() or label[1:2] == "-" else label[:1].lower() + label[1:]


def _value(value: str | Decimal) -> str:
    return f"{value:,f}" if isinstance(value, Decimal) else f"“{value}”"


def _or(words: Iterable[str]) -> str:
    several = list(words)
    return " or ".join([", ".join(several[:-1]), several[-1]] if len(several) > 1 else several)
