"""Starter models: what comes with the product to begin with, and a draft made from one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .model_file import STARTERS, load, starter
from .models import ModelVersion

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
        "The same for companies of more than 1,000 staff; an MQL from 75 on. To stand beside the "
        "mid-market one.",
    ),
}


@dataclass(frozen=True, slots=True)
class Starter:
    """One model to begin with. ``counts``: how many rules, triggers and blockers it has, in words."""

    name: str
    title: str
    about: str
    counts: str


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
    return Starter(name, title, about, ", ".join(said for said in counts if said))


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}" if count else ""


def start(*, name: str, model_key: str, by: "User") -> ModelVersion:
    """A draft that says what the starter ``name`` says, as the next version of the model ``model_key``; of
    the starter's own for "". Raises ModelFileError when an activity type that it asks about is gone."""
    data = starter(name)
    return load(data={**data, "model": model_key or data["model"]}, by=by)
