"""What one version says otherwise than another, in words. Pure: two model files in, sentences out."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from . import sentences
from .conditions import ConditionError, parse
from .dimensions import Dimension
from .setting_words import SAID_OF, counts, days, fading, gives, limit, points, steps

File = Mapping[str, Any]
How = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: "“Under 20 staff” takes 12 points instead of 8." ``part`` is the key of the model file
    that it is in; ``before`` and ``after`` are what conditions and whole parts said, "" where there was
    none."""

    part: str
    how: How
    text: str
    before: str = ""
    after: str = ""


#: In this order; ``TITLES`` names them.
PARTS = ("model", "ceilings", "groups", "rules", "lines", "triggers", "blockers")
TITLES = {
    "model": "The model",
    "ceilings": "Ceilings",
    "groups": "Groups",
    "rules": "Rules",
    "lines": "Lines",
    "triggers": "Triggers",
    "blockers": "Blockers",
}


def between(before: File, after: File, *, labels: Mapping[str, str]) -> list[Change]:
    """Everything that ``after`` says otherwise than ``before``, in the order of ``PARTS``; [] when they say
    the same. Both are model files that were checked; ``labels`` are those of the activity types."""
    said = _Said(labels)
    changes = list(_top(before, after, said))
    changes += _ceilings(before.get("ceilings", {}), after.get("ceilings", {}))
    changes += _keyed("groups", before, after, said)
    changes += _keyed("rules", before, after, said)
    changes += _lines(before.get("lines", []), after.get("lines", []))
    changes += _keyed("triggers", before, after, said)
    changes += _keyed("blockers", before, after, said)
    return changes


# The whole model


def _top(before: File, after: File, said: "_Said") -> Iterator[Change]:
    plain = {
        "time_zone": ("UTC", "Days, weeks and months begin by the clock of {}"),
        "model": (None, "It is a version of the model “{}”"),
    }
    for key, (default, text) in plain.items():
        old, new = before.get(key, default), after.get(key, default)
        if old != new:
            yield _changed("model", f"{text.format(new)} instead of {old}.")
    if not said.same(before.get("applies_to"), after.get("applies_to")):
        yield said.condition(
            "model", "It scores other leads", before.get("applies_to"), after.get("applies_to"), "every lead"
        )
    old, new = (file.get("grades", {}).get("from") for file in (before, after))
    if old != new:
        words = [f"is a grade that starts at {grade}" if grade else "is in points" for grade in (new, old)]
        yield _changed("model", f"Fit {words[0]} (before: {words[1]}).")
    known = {*plain, "applies_to", "grades", *PARTS}
    for key in _others(before, after, known):
        yield from _otherwise("model", "The model", key, before, after)


def _ceilings(before: Mapping[str, int | None], after: Mapping[str, int | None]) -> Iterator[Change]:
    for dimension in Dimension:
        old, new = before.get(dimension.value), after.get(dimension.value)
        if old != new:
            yield _changed(
                "ceilings", _most(f"{dimension.label} reaches", f"{dimension.label} has", old, new)
            )


def _most(reaches: str, has: str, old: int | None, new: int | None) -> str:
    if old is None:
        return f"{reaches} at most {points(new or 0)} (before: no ceiling)."
    if new is None:
        return f"{has} no ceiling (before: {points(old)})."
    return f"{reaches} at most {points(new)} instead of {old}."


# Parts with a key: groups, rules, triggers, blockers


def _keyed(part: str, before: File, after: File, said: "_Said") -> Iterator[Change]:
    """Parts are the same by their key. Those of ``after`` in its order, then what is gone."""
    old = {each["key"]: each for each in before.get(part, [])}
    new = {each["key"]: each for each in after.get(part, [])}
    for key, each in new.items():
        if key not in old:
            yield Change(part, "added", f"{_name(each)} is new.", after=said.whole(part, each))
        else:
            yield from _part(part, old[key], each, said)
    for key, each in old.items():
        if key not in new:
            yield Change(part, "removed", f"{_name(each)} is gone.", before=said.whole(part, each))
    both = [[key for key in file if key in old and key in new] for file in (old, new)]
    if both[0] != both[1]:
        yield _changed(part, f"{TITLES[part]} stand in another order; it changes no score.")


def _part(part: str, old: File, new: File, said: "_Said") -> Iterator[Change]:
    for key in _others(old, new, {"key"}):
        before, after = (_DEFAULTS.get(key) if key not in file else file[key] for file in (old, new))
        if key in ("when", "unless"):
            if not said.same(before, after):
                yield said.condition(part, f"{_name(new)} {_ASKS[key]}", before, after, _NO_CONDITION[key])
        elif key not in SAID_OF:
            yield from _otherwise(part, _name(new), key, old, new)
        elif _plain(key, before) != _plain(key, after):
            name = _name(old if key == "label" else new)
            yield _changed(part, f"{name} {SAID_OF[key](before, after)}.")


_ASKS = {"when": "asks for something else", "unless": "has another exception"}
_NO_CONDITION = {"when": "", "unless": "no exception"}
#: What a setting is when a file leaves it out.
_DEFAULTS = {"count": "once", "on": True, "leave": 0, "cool_down_days": 0}


def _plain(key: str, value: Any) -> Any:
    """As it counts: fading that loses all of it may say so or not."""
    if key == "decay" and value and value["kind"] != "half_life":
        return {"percent": 100, **value}
    return value


# Lines


def _lines(named_before: Sequence[File], named_after: Sequence[File]) -> Iterator[Change]:
    """Lines have no key: of each stage, what is the same goes first, and the rest are compared in order."""
    before, after = (
        [{name: value for name, value in line.items() if name != "key"} for line in lines]
        for lines in (named_before, named_after)
    )
    for stage in dict.fromkeys(line["stage"] for line in (*after, *before)):
        old = [line for line in before if line["stage"] == stage]
        new = [line for line in after if line["stage"] == stage]
        several = max(len(old), len(new)) > 1
        for line in list(new):
            twin = next((each for each in old if _line_key(each) == _line_key(line)), None)
            if twin is not None:
                old.remove(twin)
                new.remove(line)
        for was, line in zip(old, new, strict=False):
            yield from _line(f"{'One' if several else 'The'} {stage.upper()} line", was, line)
        for line in new[len(old) :]:
            yield Change("lines", "added", f"There is a new {stage.upper()} line.", after=_asks(line))
        for line in old[len(new) :]:
            yield Change("lines", "removed", f"The {stage.upper()} line is gone.", before=_asks(line))


def _line_key(line: File) -> dict[str, Any]:
    return {"leave": 0, "cool_down_days": 0, **line}


def _line(name: str, old: File, new: File) -> Iterator[Change]:
    for key in (*Dimension.values, "total"):
        was, asks = old["min"].get(key), new["min"].get(key)
        if was == asks:
            continue
        if was is None:
            yield _changed("lines", f"{name} asks for {key} {asks}, too.")
        elif asks is None:
            yield _changed("lines", f"{name} no longer asks for {key} (before: {was}).")
        else:
            yield _changed("lines", f"{name} asks for {key} {asks} instead of {was}.")
    was, leaves = old.get("leave", 0), new.get("leave", 0)
    if was != leaves:
        yield _changed("lines", f"{name} is left {points(leaves)} below it instead of {was}.")
    was, rests = old.get("cool_down_days", 0), new.get("cool_down_days", 0)
    if was != rests:
        yield _changed("lines", f"{name} makes no other crossing for {days(rests)} instead of {was}.")
    for key in _others(old, new, {"stage", "min", "leave", "cool_down_days"}):
        yield from _otherwise("lines", name, key, old, new)


def _asks(line: File) -> str:
    minimums = [
        f"{key} {line['min'][key]} or more" for key in (*Dimension.values, "total") if key in line["min"]
    ]
    said = sentences.sentence(" and ".join(minimums))
    if line.get("leave"):
        said += f" A lead leaves it {points(line['leave'])} below."
    if line.get("cool_down_days"):
        said += f" After a crossing it makes no other for {days(line['cool_down_days'])}."
    return said


# What they share


class _Said:
    """Conditions and whole parts in words."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = labels

    def same(self, before: Any, after: Any) -> bool:
        """Whether two conditions ask the same, however they are written down."""
        if before == after:
            return True
        if before is None or after is None:
            return False
        try:
            return parse(before) == parse(after)
        except ConditionError:
            return False

    def condition(self, part: str, text: str, before: Any, after: Any, none: str) -> Change:
        words = [none if each is None else self.words(each) for each in (before, after)]
        if words[0] == words[1]:
            words = [_raw(each) for each in (before, after)]
        return Change(part, "changed", f"{text}.", *(sentences.sentence(each) for each in words))

    def words(self, condition: Any) -> str:
        try:
            return sentences.of_condition(parse(condition), self.labels)
        except ConditionError:
            return f"what cannot be read any more: {_raw(condition)}"

    def whole(self, part: str, each: File) -> str:
        """What a part says that is new or gone."""
        said = [f"when {self.words(each['when'])}"] if "when" in each else []
        if each.get("unless") is not None:
            said.append(f"unless {self.words(each['unless'])}")
        if "stage" in each:
            said.append(f"leads to {each['stage'].upper()}")
        if "points" in each:
            said.append(f"{gives(each['points'])} of {each['dimension']}")
        if part == "groups":
            said.append(f"at most {points(each['cap'])} together")
        words: dict[str, Callable[[Any], str]] = {
            "tiers": steps,
            "mismatch": lambda each: f"{gives(each)} when it does not match",
            "count": counts,
            "cap": lambda cap: f"at most {points(cap)}",
            "per": limit,
            "window_days": lambda each: f"counts for {days(each)}",
            "decay": fading,
            "group": lambda key: f"in the group “{sentences.group_named(key)}”",
            "within": lambda key: f"in the group “{sentences.group_named(key)}”",
        }
        said += [
            say(each[key])
            for key, say in words.items()
            if each.get(key) and each[key] != _DEFAULTS.get(key) and not (part == "groups" and key == "cap")
        ]
        if not each.get("on", True):
            said.append("off")
        return sentences.sentence("; ".join(said))


def _name(each: File) -> str:
    return f"“{each['label']}”" if "label" in each else f"The group “{sentences.group_named(each['key'])}”"


def _others(old: File, new: File, known: set[str]) -> list[str]:
    """The keys of both, those of ``known`` aside, in the order they stand in."""
    return [key for key in {**new, **old} if key not in known]


def _changed(part: str, text: str) -> Change:
    return Change(part, "changed", text)


def _otherwise(part: str, name: str, key: str, old: File, new: File) -> Iterator[Change]:
    """For a key that has no words of its own yet: better plain than silent."""
    if old.get(key) != new.get(key):
        text = f"{name} says {_raw(new.get(key))} for “{key}” (before: {_raw(old.get(key))})."
        yield _changed(part, text)


def _raw(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
