"""What the page of a back-test shows: each figure with its words, its bar and the way to its leads."""

from dataclasses import dataclass
from datetime import datetime

from leads.models import Lead
from scoring import backtest_words, outcomes
from scoring.backtest import Backtest, Figures, Judged
from scoring.dimensions import HUNDREDTHS, Dimension
from scoring.intervals import Figure, Share


@dataclass(frozen=True, slots=True)
class Tile:
    """A share: its name, what it counts, how sure it is, and its leads."""

    label: str
    share: Share
    about: str
    url: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of leads with what became of them. ``width`` is the share in percent of the widest, and ``mark``
    is where the average stands."""

    label: str
    points: str
    share: Share
    lift: Figure | None
    width: int
    url: str

    @property
    def good(self) -> str:
        """Whole leads: "about 10" where a tie is shared between rows."""
        return _whole(self.share.k)

    @property
    def leads(self) -> str:
        return _whole(self.share.n)


def _whole(leads: float) -> str:
    return f"{leads:,.0f}" if float(leads).is_integer() else f"about {leads:,.0f}"


@dataclass(frozen=True, slots=True)
class Ranking:
    """How well one dimension ranks; None where it is the same for all."""

    label: str
    css: str
    figure: Figure | None
    width: int


@dataclass(frozen=True, slots=True)
class Cell:
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Page:
    """A back-test with figures, ready to be drawn."""

    good: str
    bad: str
    all_url: str
    tiles: tuple[Tile, ...]
    rankings: tuple[Ranking, ...]
    deciles: tuple[Bar, ...]
    bands: tuple[Bar, ...]
    by_band: str
    all_over: bool
    cells: dict[str, Cell]


_CSS = {"intent": "int", "fit": "fit", "engagement": "eng", "total": "yes"}


def page_of(tested: Backtest, leads_url: str) -> Page | None:
    """None when there are too few outcomes for figures. ``leads_url`` lists leads, but for its cell."""
    figures = tested.figures
    if figures is None:
        return None
    good, bad = outcomes.GOOD[tested.outcome], outcomes.BAD[tested.outcome]

    def url(cell: str) -> str:
        return f"{leads_url}&cell={cell}" if not leads_url.endswith("?") else f"{leads_url}cell={cell}"

    most = max([decile.good.rate for decile in figures.deciles] + [band.good.rate for band in figures.bands])
    return Page(
        good=good,
        bad=bad,
        all_url=url("all"),
        tiles=(
            Tile("Precision", figures.precision, f"of those over the line {good}", url("over")),
            Tile("Reach", figures.recall, f"of all {good} were over the line", url("good")),
            Tile("Accuracy", figures.accuracy, "of all were on the right side of it", url("all")),
            Tile("Conversion", figures.conversion, f"of all {good}, whatever the score", url("good")),
        ),
        rankings=_rankings(figures),
        deciles=tuple(
            Bar(
                label=str(decile.number),
                points=_points(decile.low, decile.high),
                share=decile.good,
                lift=decile.lift,
                width=_width(decile.good.rate, most),
                url=url(f"decile-{decile.number}"),
            )
            for decile in figures.deciles
        ),
        bands=tuple(
            Bar(
                label=band.label,
                points="",
                share=band.good,
                lift=None,
                width=_width(band.good.rate, most),
                url=url(f"band-{band.number}"),
            )
            for band in reversed(figures.bands)
        ),
        by_band=backtest_words.of_bands(figures),
        all_over=figures.all_over,
        cells={cell: Cell(count, url(cell)) for cell, count in figures.confusion.items()},
    )


def _rankings(figures: Figures) -> tuple[Ranking, ...]:
    """With the intervals that the verdict goes by, so that table and words never disagree."""
    areas = {"total": figures.auc["total"], **figures.alone}
    labels = {"total": "Total", **{one.value: one.label for one in Dimension}}
    return tuple(
        Ranking(labels[name], _CSS[name], area, round(100 * area.value) if area else 0)
        for name, area in areas.items()
    )


def _points(low: float, high: float) -> str:
    return f"{high:.0f}" if f"{low:.0f}" == f"{high:.0f}" else f"{high:.0f} to {low:.0f}"


def _width(rate: float, most: float) -> int:
    return round(100 * rate / most) if most else 0


_TITLES = {
    "all": "All decided leads",
    "over": "Over the SQL line",
    "tp": "Over the line and {good}",
    "fp": "Over the line and {bad}",
    "fn": "Under the line and {good}",
    "tn": "Under the line and {bad}",
}


def title_of(tested: Backtest, cell: str) -> str:
    """ "Over the line and sent back", "Tenth 3 of ten", "Total 10 to 19"."""
    good, bad = outcomes.GOOD[tested.outcome], outcomes.BAD[tested.outcome]
    if cell == "good":
        return good.capitalize()
    if cell in _TITLES:
        return _TITLES[cell].format(good=good, bad=bad)
    kind, _, number = cell.partition("-")
    if kind == "decile":
        return f"Tenth {number} of ten, best scores first"
    bands = tested.figures.bands if tested.figures else ()
    return next((f"Total {band.label}" for band in bands if str(band.number) == number), "Leads")


@dataclass(frozen=True, slots=True)
class LeadRow:
    lead: Lead
    total: int
    dimensions: tuple[tuple[str, int], ...]
    over: bool
    good: bool
    became: str
    at: datetime


def lead_row(lead: Lead, row: Judged, tested: Backtest) -> LeadRow:
    became = outcomes.GOOD[tested.outcome] if row.outcome.good else outcomes.BAD[tested.outcome]
    if row.outcome.reason:
        became += f": {outcomes.said(row.outcome.reason)}"
    points = (("Intent", row.intent), ("fit", row.fit), ("engagement", row.engagement))
    return LeadRow(
        lead=lead,
        total=round(row.total / HUNDREDTHS),
        dimensions=tuple((name, round(value / HUNDREDTHS)) for name, value in points),
        over=row.over,
        good=row.outcome.good,
        became=became,
        at=row.outcome.at,
    )
