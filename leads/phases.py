"""When leads entered their buying phases: a history that follows the lead, whoever writes its phase.

A row trigger of the leads keeps it: ORM, ``update()``, the statements that advance phases, plain SQL. It runs
for leads whose phase or its moment changed and costs the others nothing. The newest row always says the phase
and the moment that the lead says. A phase that is put back to an earlier moment, because what had brought it
does not count, never was: later rows go. The first phase has no row, since it began when the lead came.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pgtrigger
from django.db import connection, transaction

from .stages import Phase

if TYPE_CHECKING:
    from accounts.models import User

    from .models import Lead, PhaseChange

#: What a transaction says of the phases it writes: who decided, from where, and that a merge looks after
#: the history by itself.
_BY, _CAUSE, _AS_TOLD = "handoff.phase_by", "handoff.phase_cause", "handoff.phases_as_told"

_KEEP = """
IF current_setting('handoff.phases_as_told', true) = 'on' THEN
  RETURN NULL;
END IF;
WITH gone AS (
  DELETE FROM leads_phasechange WHERE lead_id = NEW.id AND at > NEW.phase_at
  RETURNING id, at, from_phase
)
SELECT from_phase INTO was FROM gone ORDER BY at, id LIMIT 1;
was := coalesce(was, OLD.phase);
IF was <> NEW.phase THEN
  INSERT INTO leads_phasechange (lead_id, from_phase, to_phase, at, by_id, cause)
  VALUES (NEW.id, was, NEW.phase, NEW.phase_at, nullif(current_setting('handoff.phase_by', true), '')::bigint,
    coalesce(nullif(current_setting('handoff.phase_cause', true), ''), 'activity'));
ELSE
  UPDATE leads_phasechange SET at = NEW.phase_at
  WHERE at <> NEW.phase_at AND id = (
    SELECT id FROM leads_phasechange WHERE lead_id = NEW.id ORDER BY at DESC, id DESC LIMIT 1
  );
END IF;
RETURN NULL;
"""


def kept() -> pgtrigger.Trigger:
    """The trigger of the leads that keeps the history of their phases."""
    return pgtrigger.Trigger(
        name="lead_updated_phases",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange("phase", "phase_at"),
        declare=[("was", "text")],
        func=_KEEP,
    )


@contextmanager
def decided(*, cause: str, by: "User | None") -> Iterator[None]:
    """Phases written meanwhile were changed for ``cause`` by ``by``. A transaction of its own."""
    with _said({_CAUSE: cause, _BY: str(by.pk) if by else ""}):
        yield


@contextmanager
def as_told() -> Iterator[None]:
    """Phases written meanwhile leave the history alone: a merge moves its rows. A transaction of its own."""
    with _said({_AS_TOLD: "on"}):
        yield


@contextmanager
def _said(settings: dict[str, str]) -> Iterator[None]:
    with transaction.atomic():
        _say(settings)
        yield
        _say(dict.fromkeys(settings, ""))


def _say(settings: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        calls = ", ".join("set_config(%s, %s, true)" for _ in settings)
        cursor.execute(f"SELECT {calls}", [text for pair in settings.items() for text in pair])


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in one phase: from when until when (None: still there) and for how many whole days."""

    phase: Phase
    entered_at: datetime
    left_at: datetime | None
    days: int


def stays(lead: "Lead", changes: Sequence["PhaseChange"], at: datetime) -> list[Stay]:
    """The phases that ``lead`` has been in, in order, the last one until ``at``. ``changes`` are all of its
    own, oldest first."""
    if not changes:
        return [Stay(Phase(lead.phase), lead.phase_at, None, lead.days_in_phase(at))]
    entered = [(changes[0].from_phase, min(lead.created_at, changes[0].at))]
    entered += [(change.to_phase, change.at) for change in changes]
    left = [moment for _, moment in entered[1:]]
    return [
        Stay(Phase(phase), came, gone, ((gone or at) - came).days)
        for (phase, came), gone in zip(entered, [*left, None], strict=True)
    ]
