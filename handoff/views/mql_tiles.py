"""The strip on top of the marketing queue: how the phases stand, who came and went, and what sales did."""

from dataclasses import dataclass

from django.urls import reverse

from handoff.flows import PERIODS, Figures, Standing
from leads.phase_flow import Flow
from leads.stages import Phase, Stage, sql_stages

_DOES = {Phase.AWARENESS: "learning", Phase.CONSIDERATION: "comparing", Phase.DECISION: "choosing"}
#: What is said although it is nought.
_ALWAYS = {
    Phase.AWARENESS: (Flow.IN, Flow.ON, Flow.LAPSED),
    Phase.CONSIDERATION: (Flow.IN, Flow.ON, Flow.LAPSED),
    Phase.DECISION: (Flow.IN, Flow.HANDED),
}
_SAID = {
    Flow.IN: "+{:,} in",
    Flow.ON: "{:,} moved on",
    Flow.HANDED: "{:,} handed over",
    Flow.LAPSED: "{:,} lapsed",
    Flow.BACK: "{:,} went back",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure in words, and the leads behind it; no address for nought."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One box of the strip: how many are there, who came and went, and for how long they stay."""

    key: str
    label: str
    does: str
    count: int
    flows: list[Figure]
    when: str
    stay: str
    rest: list[Figure]
    url: str
    current: bool


def tiles_of(standing: dict[str, Standing], figures: Figures, only: str) -> list[Tile]:
    tiles = [
        Tile(
            key=phase,
            label=phase.label,
            does=_DOES[phase],
            count=standing[phase].count,
            flows=_flows(phase, figures),
            when=PERIODS[figures.period],
            stay=f"median {standing[phase].median_days} days here",
            rest=[],
            url="?" if only == phase else f"?phase={phase}",
            current=only == phase,
        )
        for phase in Phase
    ]
    handed = figures.sales
    tiles.append(
        Tile(
            key="sales",
            label="Sales",
            does="SQLs, over the line" if Stage.HANDED_OVER in sql_stages() else "over the line",
            count=handed["all"],
            flows=[
                _figure(f"{handed['accepted']:,} accepted", "sales-accepted", figures, handed["accepted"])
            ],
            when=PERIODS[figures.period],
            stay="",
            rest=[
                _figure(f"{handed['back']:,} came back", "sales-back", figures, handed["back"]),
                _figure(f"{handed['open']:,} undecided", "sales-open", figures, handed["open"]),
            ],
            url=_leads("sales-all", figures.period),
            current=False,
        )
    )
    return tiles


def _flows(phase: Phase, figures: Figures) -> list[Figure]:
    counted = {flow: figures.flows.get((phase.value, flow.value), 0) for flow in Flow}
    return [
        _figure(words.format(counted[flow]), f"{phase}-{flow}", figures, counted[flow])
        for flow, words in _SAID.items()
        if counted[flow] or flow in _ALWAYS[phase]
    ]


def _figure(text: str, key: str, figures: Figures, count: int) -> Figure:
    return Figure(text, _leads(key, figures.period) if count else "")


def _leads(key: str, period: str) -> str:
    return f"{reverse('handoff:leads')}?flow={key}-{period}"
