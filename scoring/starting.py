"""Starter models: what comes with the product to begin with, and a draft made from one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from . import sentences
from .conditions import parse
from .model_file import STARTERS, load, starter
from .models import ModelVersion, ScoringModel
from .parts import key_for

if TYPE_CHECKING:
    from accounts.models import User

#: File → what it is called and what it is for. A starter that is not here shows what it contains.
_ABOUT = {
    "default": (
        "Intent, fit and engagement",
        "Three numbers that are never mixed: who they are, what they read, what they ask for. The SQL line "
        "asks for intent and fit; a demo request together with the comparison guide is enough whatever the "
        "fit. For most companies that sell to companies.",
    ),
    "gitlab_2018": (
        "One number, one line",
        "A published model of a software company: every signal adds to one total, and a line on the total "
        "hands a lead over. For teams that come from such a tool and want to begin where they are.",
    ),
    "pardot": (
        "Score and grade",
        "The defaults of Account Engagement (Pardot): points for what somebody does, a letter from F to A+ "
        "for who they are. The profile behind the grade has five criteria to make your own. For teams that "
        "come from there.",
    ),
    "marketo": (
        "One number, as Marketo scores its own",
        "Published points for pages, e-mails, webinars, visits and downloads. For teams that come from "
        "there.",
    ),
    "b2b": (
        "A common template, mid-market",
        "Staff, revenue and seniority, what was asked for and read, and points against for what speaks "
        "against it; an MQL from 65 on. For those who want many signals and one number.",
    ),
    "b2b_enterprise": (
        "A common template, enterprise",
        "The same with what large companies show; an MQL from 75 on. To stand beside the mid-market one, as "
        "a model of its own.",
    ),
}


@dataclass(frozen=True, slots=True)
class Starter:
    """One model to begin with. ``counts``: how many rules, triggers and blockers it has, in words;
    ``whom``: which leads it scores, "" for all."""

    name: str
    title: str
    about: str
    counts: str
    whom: str


def names() -> list[str]:
    """What ``start`` takes, the usual one first."""
    found = sorted(path.stem for path in STARTERS.glob("*.json"))
    return sorted(found, key=lambda name: (name != "default", name))


def offered() -> list[Starter]:
    """Every starter, the usual one first."""
    return [_starter(name) for name in names()]


def _starter(name: str) -> Starter:
    data = starter(name)
    title, about = _ABOUT.get(name, (name.replace("_", " ").capitalize(), ""))
    counts = [
        _several(len(data.get(kind, [])), kind[:-1]) for kind in ("rules", "lines", "triggers", "blockers")
    ]
    whom = data.get("applies_to")
    asked = sentences.of_condition(parse(whom, facts_only=True), {}) if whom else ""
    return Starter(name, title, about, ", ".join(said for said in counts if said), asked)


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}" if count else ""


def start(*, name: str, model: ScoringModel, by: "User") -> ModelVersion:
    """A draft that says what the starter ``name`` says, as the next version of ``model``. Raises
    ModelFileError when an activity type that it asks about is gone."""
    return load(data={**starter(name), "model": model.key}, by=by)


@transaction.atomic
def begin(*, name: str, called: str, by: "User") -> ModelVersion:
    """The same as the first draft of a new model, which scores beside the others once that is published."""
    taken = list(ScoringModel.objects.values_list("key", flat=True))
    model = ScoringModel.objects.create(key=key_for(called, taken, otherwise="model"), name=called)
    return start(name=name, model=model, by=by)
