"""When time alone takes a lead under the SQL line, and which points it loses by then."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from leads.models import Lead

from .compiling import Asked, Statement
from .dimensions import SALES_STAGE
from .models import ModelVersion
from .statement import Row, compiled, scores

#: How far ahead it is worth looking, and how exactly.
HORIZON = timedelta(days=400)
EXACT = timedelta(minutes=1)
#: How many moments are looked at first, and how many each time after that.
_SPREAD, _CLOSER = 20, 8


@dataclass(frozen=True, slots=True)
class Fall:
    """``at`` is the first moment, to the minute, at which the lead is under the line if nothing else happens;
    ``leaves_at`` when it is below the leave-margin as well, None if it stays above that; ``because`` names
    the rules, or the trigger, that fade by then, the largest first."""

    at: str
    leaves_at: str | None
    because: tuple[str, ...]


def when_under(*, version: ModelVersion, lead: Lead, at: datetime) -> Fall | None:
    """For a lead that is over the line at ``at``; None when it stays over for ``HORIZON``. Looks at moments
    ahead, close by first, and then between the last one over and the first one under."""
    statement = compiled(version, asked=Asked.MOMENTS, long_histories=True)
    look = _Look(statement, lead, at)
    moment = look.first(f"{SALES_STAGE}_over")
    if moment is None:
        return None
    left = look.first(f"{SALES_STAGE}_stays")
    return Fall(_iso(moment), _iso(left) if left else None, _because(statement, lead, at, moment))


class _Look:
    """One lead at moments ahead: some spread over all of the time, then ever closer ones."""

    def __init__(self, statement: Statement, lead: Lead, at: datetime) -> None:
        self.statement, self.lead, self.at = statement, lead, at
        self.ahead = self._rows([at + HORIZON * (n / _SPREAD) ** 2 for n in range(1, _SPREAD + 1)])

    def first(self, column: str) -> datetime | None:
        """The first moment at which ``column`` is false."""
        over, rows = self.at, self.ahead
        while True:
            under = None
            for moment, row in rows:
                if not row[column]:
                    under = moment
                    break
                over = moment
            if under is None or under - over <= EXACT:
                return under
            closer = [over + (under - over) * (n / _CLOSER) for n in range(1, _CLOSER)]
            rows = [*self._rows(closer), (under, {column: False})]

    def _rows(self, moments: list[datetime]) -> list[tuple[datetime, Row]]:
        rows = scores(self.statement, ids=[self.lead.pk] * len(moments), moments=moments)
        return list(zip(moments, rows, strict=True))


def _because(statement: Statement, lead: Lead, at: datetime, moment: datetime) -> tuple[str, ...]:
    """The labels of what is worth less by ``moment`` in a dimension that is short then."""
    now, then = scores(statement, ids=[lead.pk] * 2, moments=[at, moment])
    ruleset = statement.ruleset
    if not now[f"{SALES_STAGE}_line"]:
        fired = set(now[f"{SALES_STAGE}_triggers"]) - set(then[f"{SALES_STAGE}_triggers"])
        return tuple(trigger.label for trigger in ruleset.triggers if trigger.key in fired)
    short = {
        name
        for line in ruleset.lines
        if line.stage == SALES_STAGE
        for name, least in line.minimums.items()
        if then[name] < least * 100
    }
    lost = _lost(now, then)
    fading = [
        (lost[n], rule.label)
        for n, rule in enumerate(ruleset.rules)
        if lost[n] > 0 and (rule.dimension in short or "total" in short)
    ]
    return tuple(label for _, label in sorted(fading, key=lambda it: -it[0])[:2])


def _lost(now: Row, then: Row) -> dict[int, int]:
    return {int(key[1:]): now[key] - then[key] for key in now if key[:1] == "r" and key[1:].isdigit()}


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
