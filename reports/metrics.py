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
