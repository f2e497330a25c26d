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
        "answered_in_time",
        "Answered in time",
        "Handoffs that had to be answered by a moment in the period: how many had a verdict by then. Pauses"
        " move the moment; handoffs that were taken back do not count.",
    ),
    Metric(
        "returns_answered",
        "Answered rejections",
        "Leads that sales sent back to marketing in the period: how many marketing answered within two"
        " working days of the company. Those still within their time do not count yet, nor those that went"
        " on by themselves before it was over.",
    ),
    Metric(
        "handoffs", "Handoffs", "Offers to sales in the period that were not taken back, repeated ones too."
    ),
    Metric(
        "pipeline_from_mqls",
        "Pipeline from MQLs",
        "The amounts of the deals made in the period of leads that were MQLs, or further, before the deal. In"
        " the company's currency; deals in another one or without an amount are left out and"
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
        " lets through too much. Fit is of rules that measure it as the live ones do: in points, or in"
        " grades.",
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
        " those of the same days; in total, of the sources that have costs. An SQL is an accepted lead."
        " Narrowed by filters, no cost is said.",
    ),
    Metric(
        "pipeline",
        "Pipeline",
        "The amounts of the deals made in these days, in the company's currency, whatever became of them.",
    ),
    Metric(
        "return",
        "Return",
        "The amounts of the deals won in these days, for each unit of money spent in them. In total, of the"
        " deals from sources that have costs; a source without costs has no return.",
    ),
    Metric(
        "deal_won",
        "Deals won and lost",
        "Deals closed in these days, whenever they were made; one that was opened again does not count."
        " Won, of closed, has its interval; a won deal on average is of those with an amount in the"
        " company's currency; the median age is of deals that were open for any time.",
    ),
    Metric(
        "first_touch",
        "First touch",
        "Business time from the offer of a handoff to the first contact that sales logged, in the hours of"
        " the team's calendar as it is today, without pauses. Handoffs offered in the period, those taken"
        " back left out.",
    ),
    Metric(
        "in_time",
        "In time",
        "Done by the due time that was agreed when the handoff was offered, of what was done or came due."
        " What is not due yet is not judged; what sales sent back in time without a contact needed none.",
    ),
    Metric("overdue", "Overdue now", "Handoffs without an answer past their due time, as of now."),
    Metric(
        "over_the_line",
        "Over the SQL line, not with sales",
        "Leads that stand over the line of a model now while marketing has them or they are closed, by"
        " the first reason that holds; since when they stand there.",
    ),
    Metric(
        "orphans",
        "On nobody's list",
        "Handed over without an open handoff that a rep or a pool has; accepted without an owner or an"
        " open task of somebody who works here; or an opportunity without an open deal. It must be 0:"
        " leads and MQLs are marketing's, customers and closed leads need nobody.",
    ),
    Metric(
        "too_early",
        "Too early, too late",
        "Handoffs offered in the period: too early by a marketer's hand while the lead was under the SQL"
        " line of the rules of that moment, too late more than a day after it had crossed. Those taken"
        " back are left out.",
    ),
    Metric(
        "marked",
        "Marked as MQL",
        "Leads that marketing's criteria, or a marketer, made an MQL before sales had them. What sales"
        " sends back stands at MQL again and is not marked by it; who went straight to sales was not.",
    ),
    Metric(
        "not_qualified",
        "Handed over and not qualified",
        "Of the leads marked as MQL in the period, those that were handed over and never became an"
        " opportunity, by where they stand now.",
    ),
    Metric(
        "lift",
        "Times as often",
        "The rate of customers among leads that were marked as MQL, as a multiple of the rate among those"
        " never marked, with its interval (Katz). Of leads that came in a year, each with as many days as"
        " nine of ten customers took; a customer counts within these days. With fewer than 20 leads or 5"
        " customers on either side nothing is said.",
    ),
    Metric(
        "alignment",
        "Alignment",
        "Verdicts of the period that were not undone: of what sales accepted, how much had been marked as"
        " MQL before the handoff; and of the MQLs that were decided, how much sales accepted.",
    ),
    Metric(
        "forecast",
        "Forecast",
        "What is won until a day, from how many stand at each stage now and what share of those who stood"
        " there was won within as many days, in up to eight stretches of the last two years; and as many"
        " newcomers as then. Amounts are those of open deals, else drawn from past wins. It lies between"
        " the two ends nine times out of ten. Stages where fewer than 20 stood in the past add nothing.",
    ),
    Metric(
        "backtest",
        "Last quarter foreseen",
        "The same forecast as of the start of last quarter, from what was known then, beside the deals"
        " that were won in the quarter.",
    ),
    Metric(
        "rule_rate",
        "Rule quality",
        "Verdicts of the period that were not undone, on handoffs for which a rule of the live version"
        " gave or took points by the evidence of then: the share accepted, and how many times the share of"
        " the rest that is, with its interval (Katz). With fewer than 20 on either side nothing is said.",
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
        "Whole days until yesterday in the company's time zone, against as many days before.",
    ),
)
