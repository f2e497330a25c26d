"""What each figure means: one definition, for the pages and for docs/metrics.md."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """``key`` is its anchor on the page."""

    key: str
    name: str
    meaning: str


METRICS = (
    Metric("leads", "Leads", "Leads that came: captured, entered or imported. An import may name the day."),
    Metric(
        "mql",
        "MQL",
        "Leads that stood at MQL for the first time, or at a later stage without having been there.",
    ),
    Metric(
        "handed_over",
        "Handed over",
        "Leads that were offered to sales for the first time, by crossing the SQL line or by marketing's"
        " judgement. A handover that was taken back does not count.",
    ),
    Metric(
        "accepted",
        "Accepted",
        "Leads that sales took as a real prospect for the first time. An acceptance that was undone does not"
        " count.",
    ),
    Metric("opportunity", "Opportunity", "Leads of which sales made a deal for the first time."),
    Metric("won", "Won", "Leads that became customers for the first time."),
    Metric(
        "rate",
        "Rate",
        "The leads of a step, of those of the step before it. Beside it stands where the true rate lies 19"
        " times out of 20 (Wilson's interval). Of fewer than 20 leads no rate is shown.",
    ),
    Metric(
        "median",
        "Median time",
        "Half of the leads took no longer from the step before, or from when they came. Leads that passed"
        " both at once are left out.",
    ),
    Metric(
        "slow",
        "Nine of ten within",
        "Of ten leads that took time from the step before, nine took no longer.",
    ),
    Metric(
        "waiting",
        "Waiting now",
        "Leads that stand at the stage before the step, as of now, whenever they came there.",
    ),
    Metric(
        "sent_back",
        "Sent back",
        "Verdicts of sales in the period that rejected a handoff and were not undone. Decided are those and"
        " the acceptances; a lead that was decided twice counts twice.",
    ),
    Metric(
        "accept_rate",
        "Accepted by sales",
        "Of the verdicts of sales in the period that were not undone, those that accepted.",
    ),
    Metric(
        "in_time",
        "Answered in time",
        "Handoffs that had to be answered by a moment in the period: how many had a verdict by then. Pauses"
        " move the moment; handoffs that were taken back do not count.",
    ),
    Metric(
        "handoffs", "Handoffs", "Offers to sales in the period that were not taken back, repeated ones too."
    ),
    Metric(
        "pipeline_from_mqls",
        "Pipeline from MQLs",
        "The amounts of the deals made in the period of leads that were MQLs, or further, before the deal. In"
        " the company's currency (CURRENCY); deals in another one or without an amount are left out and"
        " counted beside it.",
    ),
    Metric(
        "won_from_mqls",
        "Won from MQLs",
        "The amounts of such deals that were won in the period.",
    ),
    Metric(
        "too_broad",
        "Too broad?",
        "Of the handoffs decided in the period whose score at the handover was on the SQL line or up to 3"
        " points above it, in one dimension, those that sales accepted. Fewer than the agreed floor: the line"
        " lets through too much.",
    ),
    Metric(
        "too_strict",
        "Too strict?",
        "Of the leads up to 3 points below the SQL line in one dimension, those handed over all the same in"
        " the period (by marketing's judgement or a trigger) and those that stand there now with marketing:"
        " how many became an opportunity. More than the agreed ceiling: the line keeps back too much.",
    ),
    Metric(
        "agreed",
        "Agreed",
        "The value that a marketer and who leads sales both signed, from the day it holds. Amounts and counts"
        " are agreed for a week; a longer period is held against as many weeks' worth. Close: no more than a"
        " tenth of it short.",
    ),
    Metric(
        "touch",
        "Touch",
        "What brought a lead: first its own source, then each activity of its own that counts and names a"
        " channel (or a utm_source). Touches in a row of one source and campaign are one; coming directly"
        " is none. First touch puts a step down to the lead's own source, last touch to the latest touch"
        " until then, equal parts to all touches until then.",
    ),
    Metric(
        "cost",
        "Cost",
        "What was recorded as spent on these days, in the company's currency. Per lead, MQL and SQL: of"
        " those of the same days. An SQL is an accepted lead. Narrowed by filters, no cost is said.",
    ),
    Metric(
        "pipeline",
        "Pipeline",
        "The amounts of the deals made in these days, in the company's currency, whatever became of them.",
    ),
    Metric(
        "return",
        "Return",
        "The amounts of the deals won in these days, for each unit of money spent in them.",
    ),
    Metric(
        "deal_won",
        "Deals won and lost",
        "Deals closed in these days, whenever they were made; one that was opened again does not count."
        " Won, of closed, has its interval; the median age is of deals that were open for any time.",
    ),
    Metric(
        "passed",
        "Passed in the period",
        "Counts who passed a step in these days, whenever they came. Each lead passes a step once, so that"
        " periods add up; of old leads more may pass a step than came new.",
    ),
    Metric(
        "cohort",
        "Came in the period",
        "Counts who came in these days, and how far they have come until now; some are still on their way.",
    ),
    Metric(
        "period",
        "Period",
        "Whole days until yesterday in the company's time zone (COMPANY_TIME_ZONE), against as many days"
        " before.",
    ),
)
