"""The leads behind a figure of a back-test."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from accounts.permissions import sees_everything
from leads.models import Lead

from .backtest import Backtest, Judged
from .dimensions import HUNDREDTHS

if TYPE_CHECKING:
    from accounts.models import User


class NoSuchCell(LookupError):
    """No figure of a back-test is called that."""


def rows_behind(backtest: Backtest, *, cell: str, user: "User") -> list[Judged]:
    """The rows behind ``cell`` whose leads ``user`` may open, highest score first. Raises NoSuchCell. Up to
    one query, which reads nothing but ids."""
    rows = rows_of(backtest, cell=cell)
    if sees_everything(user):
        return rows
    asked = {row.outcome.lead_id for row in rows}
    seen = set(Lead.objects.visible_to(user).filter(pk__in=asked).values_list("pk", flat=True))
    return [row for row in rows if row.outcome.lead_id in seen]


def with_leads(rows: Sequence[Judged], *, user: "User") -> list[tuple[Lead, Judged]]:
    """The same rows, such as those of one page, with their leads; without those that are gone. One query."""
    leads = Lead.objects.visible_to(user).select_related("company")
    found = leads.in_bulk([row.outcome.lead_id for row in rows])
    return [(found[row.outcome.lead_id], row) for row in rows if row.outcome.lead_id in found]


def rows_of(backtest: Backtest, *, cell: str) -> list[Judged]:
    """The rows behind ``cell``: all, over, good, tp, fp, fn, tn, decile-3, band-2; highest score first. A tie
    that spans two tenths is listed in both. Raises NoSuchCell."""
    rows = sorted(backtest.rows, key=lambda row: (-row.total, row.outcome.lead_id, row.outcome.as_of))
    kind, _, number = cell.partition("-")
    if cell in ("tp", "fp", "fn", "tn"):
        return [row for row in rows if row.cell == cell]
    if cell in ("all", "over", "good"):
        return [row for row in rows if cell == "all" or (row.over if cell == "over" else row.outcome.good)]
    figures = backtest.figures
    if figures is not None and kind == "decile":
        for decile in figures.deciles:
            if str(decile.number) == number:
                return [row for row in rows if decile.low <= row.total / HUNDREDTHS <= decile.high]
    if figures is not None and kind == "band":
        for band in figures.bands:
            if str(band.number) == number:
                return [
                    row
                    for row in rows
                    if (band.low is None or row.total >= band.low * HUNDREDTHS)
                    and (band.high is None or row.total < band.high * HUNDREDTHS)
                ]
    raise NoSuchCell(cell)
