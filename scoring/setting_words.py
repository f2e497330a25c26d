"""The settings of a rule, a group or a trigger in words, for what changed in them. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .sentences import group_named


def _points_of(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        words = ["gives points in steps" if each is None else gives(each) for each in (after, before)]
        return f"{words[0]} (before: {words[1]})"
    if (before < 0) == (after < 0):
        return f"{gives(after)} instead of {abs(before)}"
    return f"{gives(after)} instead of {_taking(before)}"


def gives(number: int) -> str:
    return f"{'takes' if number < 0 else 'gives'} {points(abs(number))}"


def _taking(number: int) -> str:
    return f"{'taking' if number < 0 else 'giving'} {abs(number)}"


def points(number: int) -> str:
    return "1 point" if number == 1 else f"{number:,} points"


def days(number: int) -> str:
    return "1 day" if number == 1 else f"{number:,} days"


def counts(count: str) -> str:
    return {"once": "counts once", "each": "counts each time", "tiers": "counts by how often it happened"}[
        count
    ]


def steps(tiers: Sequence[Mapping[str, int]] | None) -> str:
    if not tiers:
        return "has no steps"
    return "gives " + ", ".join(f"{tier['points']} from {_times(tier['times'])} on" for tier in tiers)


def _times(times: int) -> str:
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


def limit(per: Mapping[str, Any] | None) -> str:
    if not per:
        return "counts however often it happens"
    ever = per["period"] == "ever"
    return f"counts at most {_times(per['times'])}{' ever' if ever else ' a ' + per['period']}"


def fading(decay: Mapping[str, Any] | None) -> str:
    if not decay:
        return "does not fade"
    share = decay.get("percent", 100)
    match decay["kind"]:
        case "half_life":
            return f"halves every {days(decay['days'])}"
        case "linear" if share == 100:
            return f"fades out in {days(decay['days'])}"
        case "linear":
            return f"loses {share} % every {days(decay['days'])}"
    return f"drops by {share} % after {days(decay['days'])}"


def _either(words: Callable[[Any], str]) -> Callable[[Any, Any], str]:
    return lambda before, after: f"{words(after)} (before: {words(before)})"


#: key → what to say about (before, after) of it, after the part's name.
SAID_OF: dict[str, Callable[[Any, Any], str]] = {
    "label": lambda _, after: f"is called “{after}” now",
    "dimension": lambda before, after: f"counts for {after} instead of {before}",
    "stage": lambda before, after: f"leads to {after.upper()} instead of {before.upper()}",
    "points": _points_of,
    "mismatch": _either(
        lambda each: (
            "does nothing when it does not match" if each is None else f"{gives(each)} when it does not match"
        )
    ),
    "count": _either(counts),
    "tiers": _either(steps),
    "cap": lambda before, after: (
        f"gives or takes at most {points(after)} instead of {before}"
        if before and after
        else f"gives or takes at most {points(after)} (before: no limit)"
        if after
        else f"has no limit of its own (before: {points(before)})"
    ),
    "per": _either(limit),
    "window_days": _either(lambda each: f"counts for {days(each)}" if each else "counts however old it is"),
    "decay": _either(fading),
    "group": _either(
        lambda key: f"shares the limit of the group “{group_named(key)}”" if key else "is in no group"
    ),
    "within": _either(
        lambda key: f"is part of the group “{group_named(key)}”" if key else "is part of no larger group"
    ),
    "on": lambda _, after: f"is {'on' if after else 'off'} now",
}
