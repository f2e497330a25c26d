"""What would make a lead an SQL: the cheapest ``ways`` over the line, or what stands against it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from leads.models import Lead

from . import falling
from .compiling import Statement
from .dimensions import SALES_STAGE
from .models import ModelVersion
from .statement import compiled, plan_once
from .ways import Search, Way


@dataclass(frozen=True, slots=True)
class NextSteps:
    """``state`` is where the lead stands: "under" the line, with the cheapest ``ways`` over it; "over", with
    ``falls`` saying when time alone takes it under, and ways that would keep it over then; "blocked",
    whatever it does, by ``blocked_by``; "no_line" when the version has none; "not_for_it" when the version
    does not score such leads."""

    state: Literal["under", "over", "blocked", "no_line", "not_for_it"]
    ways: tuple[Way, ...] = ()
    falls: "falling.Fall | None" = None
    blocked_by: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self, dict_factory=_plain)


def next_steps(*, lead: Lead, at: datetime, version: ModelVersion | None = None) -> NextSteps:
    """What would take ``lead`` over the SQL line of ``version`` (the live one by default) as of ``at``, with
    the facts of today. Writes nothing. Raises ModelVersion.DoesNotExist before the first publish. Two to some
    twenty statements; for one page, not for lists."""
    version = version or ModelVersion.objects.live()
    statement = compiled(version)
    if not _reaches_sales(statement):
        return NextSteps("no_line")
    with transaction.atomic(savepoint=False):
        plan_once()
        search = Search(statement, lead, at)
        base = search.base
        if base is None:
            return NextSteps("no_line")
        if not base["applies"]:
            return NextSteps("not_for_it")
        if base["blocked"]:
            held = [blocker.label for n, blocker in enumerate(statement.ruleset.blockers) if base[f"k{n}"]]
            return NextSteps("blocked", blocked_by=tuple(held))
        if not base[f"{SALES_STAGE}_over"]:
            return NextSteps("under", search.ways())
        fall = falling.when_under(version=version, lead=lead, at=at)
        then = datetime.fromisoformat(fall.at) if fall else None
        return NextSteps("over", search.at_another(then).ways() if then else (), fall)


def _reaches_sales(statement: Statement) -> bool:
    ruleset = statement.ruleset
    stages = [line.stage for line in ruleset.lines] + [trigger.stage for trigger in ruleset.triggers]
    return SALES_STAGE in stages


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in pairs}
