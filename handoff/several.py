"""One thing done with several leads, each by itself; what did not work is said with the reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import OperationalError

from leads.lifecycle import MoveRefused, StageConflict
from leads.models import Lead
from leads.retrying import DEADLOCK, retrying

from . import answering, judging, undoing
from .disputes import NothingToDispute

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: So many with one press.
MOST_AT_ONCE = 200
#: What a verb says when it does not do it; the message is for people.
REFUSALS = (
    PermissionDenied,
    StageConflict,
    MoveRefused,
    NothingToDispute,
    judging.NoteNeeded,
    judging.JudgementStands,
    answering.NothingToAnswer,
    answering.AnswerRefused,
    answering.AlreadyAnswered,
    *undoing.REFUSALS,
)


@dataclass(slots=True)
class Done:
    """What became of each: ``done``, and those that were not, with the reason."""

    done: list[Lead] = field(default_factory=list)
    failed: list[tuple[Lead, str]] = field(default_factory=list)


def each(leads: "QuerySet[Lead]", ids: Sequence[str], verb: Callable[[Lead], object]) -> Done:
    """Do ``verb`` with those of ``leads`` that were chosen by public id, in the order of their keys, each in
    a transaction of its own that begins again after a deadlock; those beyond ``MOST_AT_ONCE`` fail, and so
    does one whose deadlock does not end. Safe to repeat if ``verb`` is."""
    result = Done()
    chosen = list(leads.filter(public_id__in=list(ids)).order_by("pk"))
    for number, lead in enumerate(chosen):
        if number >= MOST_AT_ONCE:
            result.failed.append((lead, f"{MOST_AT_ONCE} at once are the most."))
            continue
        try:
            retrying(partial(verb, lead))
        except REFUSALS as refusal:
            result.failed.append((lead, str(refusal)))
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in DEADLOCK:
                raise
            result.failed.append((lead, "Somebody else is changing it at the moment: try again."))
        else:
            result.done.append(lead)
    return result
