"""What a learned model takes the place of, said before anybody applies it. Pure, apart from ``supposed``."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from . import redrafting
from .learning import Learned
from .models import ModelVersion
from .proposals import counted
from .ruleset import Ruleset
from .stored import activity_types, read


def dropped(live: Mapping[str, Any], learned: Mapping[str, Any]) -> list[str]:
    """Sentences about what stands in the live version's file and not in the learned one."""
    rules = [rule for rule in live["rules"] if rule.get("on", True)]
    said = []
    if rules:
        said.append(f"All {counted(len(rules), 'rule')} of the live version go; {_come(learned)}.")
    for key, what in (("decay", "fade"), ("cap", "have a cap"), ("per", "count so often a period")):
        if count := sum(bool(rule.get(key)) for rule in rules):
            said.append(f"{counted(count, 'rule')} that {_s(count, what)}: nothing of that is learned.")
    if ceilings := live.get("ceilings"):
        named = ", ".join(f"{name} {most}" for name, most in ceilings.items() if most)
        said.append(f"The ceilings go: {named}.")
    if groups := live.get("groups"):
        said.append(f"{counted(len(groups), 'group')} with a shared cap {_s(len(groups), 'go')}.")
    if "grades" in live:
        said.append("Fit is points again, not a grade.")
    if live.get("lines"):
        said.append(
            "The lines are drawn anew, so that as many decided leads stand over them as do now; their leave"
            " margins and cool-downs go."
        )
    return said


def kept(live: Mapping[str, Any], learned: Mapping[str, Any]) -> list[str]:
    """Sentences about what the learned file takes over."""
    said = []
    for key, noun in (("triggers", "trigger"), ("blockers", "blocker")):
        if count := len(learned.get(key, [])):
            said.append(f"{counted(count, noun)} of the live version {_s(count, 'stay')}.")
    if "applies_to" in learned:
        said.append("Whom the model is for stays.")
    if learned.get("time_zone") and learned.get("time_zone") == live.get("time_zone"):
        said.append(f"Its time zone stays: {learned['time_zone']}.")
    return said


def _come(learned: Mapping[str, Any]) -> str:
    count = len(learned["rules"])
    return f"{counted(count, 'learned one')} {_s(count, 'come')}"


def _s(count: int, words: str) -> str:
    """ "1 rule fades", "2 rules fade"."""
    verb, _, rest = words.partition(" ")
    if count == 1:
        verb = {"have": "has", "go": "goes"}.get(verb, f"{verb}s")
    return f"{verb} {rest}".rstrip()


def supposed(learned: Learned, live: ModelVersion | None) -> Ruleset:
    """What the draft of ``learned`` would be. Nothing stays stored. Raises ModelFileError as drafting it
    would."""
    with transaction.atomic():
        made = redrafting.made_of(learned.data or {}, live, None)
        ruleset = read(made, activity_types())
        transaction.set_rollback(True)
    return ruleset
