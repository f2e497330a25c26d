"""Marketing answers what sales sent back: it does what it says, once, and can be taken back."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import BusinessCalendar, Holiday, Team
from handoff import answering, decisions, disputes, judging, pipeline, returns
from handoff.answering import AlreadyAnswered, AnswerRefused, AnswerStands, NothingToAnswer
from handoff.models import Handoff, ReturnAnswer, Verdict
from handoff.permissions import NotYours
from handoff.returns import WorkingDays
from leads import lifecycle
from leads.models import StageChange
from leads.stages import Stage
from tests.factories import NOW, marketer, rep
from tests.factories import lead as make_lead
from tests.handoff.factories import offered, reason

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WARM = (NOW + 60 * DAY).date()


@pytest.fixture
def back() -> Verdict:
    sol = rep()
    return decisions.reject(handoff=offered(to=sol), by=sol, reason=reason(), at=NOW)


def warm(verdict: Verdict, by, at=NOW + HOUR, **fields) -> ReturnAnswer:
    return answering.answer(
        verdict=verdict, by=by, at=at, **{"kind": "keep_warm", "warm_until": WARM, **fields}
    )


def test_an_answer_is_kept_once_and_said_again_changes_nothing(back: Verdict):
    mara = marketer()
    first = warm(back, mara)
    assert warm(back, mara, at=NOW + 2 * HOUR) == first
    assert ReturnAnswer.objects.get().at == NOW + HOUR


def test_only_marketing_answers(back: Verdict):
    with pytest.raises(NotYours):
        warm(back, back.by)


def test_who_comes_second_hears_who_was_first_unless_they_saw_it(back: Verdict):
    mara, mia = marketer(), marketer("Mia Marker")
    first = warm(back, mara)
    with pytest.raises(AlreadyAnswered, match="Mara Marker answered this on"):
        warm(back, mia, kind="other", warm_until=None, note="A partner sees them.")
    second = warm(back, mia, kind="other", warm_until=None, note="A partner sees them.", instead_of=first)
    assert ReturnAnswer.objects.holding().get() == second


def test_closing_closes_and_taking_it_back_makes_an_mql_again(back: Verdict):
    mara, lead = marketer(), back.handoff.lead
    made = warm(back, mara, kind="close", warm_until=None, note="Bought elsewhere.")
    lead.refresh_from_db()
    assert lead.stage == Stage.CLOSED
    answering.undo(answer=made, by=mara, at=NOW + HOUR + timedelta(minutes=9))
    answering.undo(answer=made, by=mara, at=NOW + HOUR + timedelta(minutes=9))
    lead.refresh_from_db()
    assert (lead.stage, lead.stage_reason) == (Stage.MQL, "timing")
    assert not ReturnAnswer.objects.holding().exists()


def test_closing_by_judgement_is_an_answer_and_taken_back_with_it(back: Verdict):
    mara, lead = marketer(), back.handoff.lead
    before = warm(back, mara)
    judging.judge(lead=lead, to=Stage.CLOSED, by=mara, note="Bought elsewhere.", at=NOW + 2 * HOUR)
    closed = ReturnAnswer.objects.holding().get()
    assert (closed.verdict, closed.kind, closed.note) == (back, "close", "Bought elsewhere.")
    judging.take_back(lead=lead, by=mara, at=NOW + 2 * HOUR)
    assert ReturnAnswer.objects.holding().get() == before


def test_an_answer_that_closed_is_taken_back_from_the_lead_page_as_well(back: Verdict):
    mara, lead = marketer(), back.handoff.lead
    warm(back, mara, kind="close", warm_until=None, note="Bought elsewhere.")
    assert ReturnAnswer.objects.count() == 1
    judging.take_back(lead=lead, by=mara, at=NOW + HOUR)
    assert list(returns.to_answer(mara, NOW + HOUR)) == [back.handoff]
    assert not ReturnAnswer.objects.holding().exists()


def test_making_it_a_lead_again_is_an_answer_and_taken_back_with_it_from_either_side(back: Verdict):
    mara, lead = marketer(), back.handoff.lead
    for undone_from in ("the lead", "the answer"):
        judging.judge(lead=lead, to=Stage.LEAD, by=mara, note="A student after all.", at=NOW + HOUR)
        made = ReturnAnswer.objects.holding().get()
        assert (made.verdict, made.kind, made.note) == (back, "other", "A student after all."), undone_from
        assert returns.judged(NOW - DAY, NOW + DAY, at=NOW + 10 * DAY) == {back.pk: True}
        if undone_from == "the lead":
            judging.take_back(lead=lead, by=mara, at=NOW + HOUR)
        else:
            answering.undo(answer=made, by=mara, at=NOW + HOUR)
        lead.refresh_from_db()
        assert lead.stage == Stage.MQL, undone_from
        assert list(returns.to_answer(mara, NOW + HOUR)) == [back.handoff], undone_from


def test_undoing_an_answer_takes_no_later_judgement_back(back: Verdict):
    mara, lead = marketer(), back.handoff.lead
    judging.judge(lead=lead, to=Stage.CLOSED, by=mara, note="Bought elsewhere.", at=NOW + HOUR)
    closed = ReturnAnswer.objects.holding().get()
    soon = NOW + HOUR + timedelta(minutes=1)
    judging.judge(lead=lead, to=Stage.MQL, by=mara, note="They called again.", at=soon)
    with pytest.raises(answering.AnswerStands):
        answering.undo(answer=closed, by=mara, at=soon)
    lead.refresh_from_db()
    assert lead.stage == Stage.MQL


def test_what_closed_a_lead_that_never_came_back_is_no_answer():
    petra, mara = make_lead(stage=Stage.MQL), marketer()
    judging.judge(lead=petra, to=Stage.CLOSED, by=mara, note="A student.", at=NOW)
    judging.take_back(lead=petra, by=mara, at=NOW)
    assert not ReturnAnswer.objects.exists()


@pytest.mark.parametrize("kind", [ReturnAnswer.Kind.HAND_OVER, ReturnAnswer.Kind.OTHER])
def test_what_was_offered_again_and_withdrawn_since_is_not_answered(back: Verdict, kind: str):
    mara, lead = marketer(), back.handoff.lead
    lead.refresh_from_db()
    change = lifecycle.move(lead=lead, to=Stage.HANDED_OVER, at=NOW, cause=StageChange.Cause.CROSSING)
    Handoff.objects.create(
        lead=lead, cycle=2, status="withdrawn", stage_change=change, evidence={}, offered_at=NOW,
        due_at=NOW, decided_at=NOW, allowed_minutes=60,
    )  # fmt: skip
    lifecycle.move(lead=lead, to=Stage.MQL, at=NOW, cause=StageChange.Cause.UNDO)
    with pytest.raises(NothingToAnswer):
        warm(back, mara, kind=kind, warm_until=None, note="Budget is there.")
    lead.refresh_from_db()
    assert lead.stage == Stage.MQL


def test_handing_over_again_is_the_answer_from_wherever_it_is_pressed(back: Verdict):
    mara, lead = marketer(), back.handoff.lead
    handoff = pipeline.hand_over(lead=lead, by=mara, note="Budget is there.", at=NOW + HOUR)
    answer = ReturnAnswer.objects.holding().get(verdict=back)
    assert (answer.kind, answer.note, handoff.cycle) == ("hand_over", "Budget is there.", 2)
    answering.undo(answer=answer, by=mara, at=NOW + HOUR)
    lead.refresh_from_db()
    assert lead.stage == Stage.MQL, "nobody in sales was on it"
    assert list(returns.to_answer(mara, NOW + HOUR)) == [back.handoff], "it waits as before"

    again = pipeline.hand_over(lead=lead, by=mara, note="Budget is there.", at=NOW + 2 * HOUR)
    Handoff.objects.filter(pk=again.pk).update(first_touch_at=NOW + 2 * HOUR)
    said = ReturnAnswer.objects.holding().get(verdict=back)
    with pytest.raises(AnswerStands, match="Sales has the lead"):
        answering.undo(answer=said, by=mara, at=NOW + 2 * HOUR)


def test_a_dispute_by_marketing_is_an_answer(back: Verdict):
    mara = marketer()
    disputes.dispute(verdict=back, by=mara, note="She asked for an offer.", at=NOW + HOUR)
    assert ReturnAnswer.objects.holding().get().kind == "dispute"
    made = warm(back, mara, kind="dispute", warm_until=None, note="She asked for an offer.")
    assert ReturnAnswer.objects.get() == made


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({"warm_until": None}, "Choose a day after today"),
        ({"warm_until": NOW.date()}, "Choose a day after today"),
        ({"warm_until": date(2040, 1, 1)}, "The latest day is"),
        ({"kind": "other", "warm_until": None}, "Say in a sentence"),
    ],
)
def test_what_is_missing_is_said(back: Verdict, given_, why: str):
    with pytest.raises(AnswerRefused, match=why):
        warm(back, marketer(), **given_)
    assert not ReturnAnswer.objects.exists()


def test_what_has_gone_on_is_not_answered(back: Verdict):
    mara = marketer()
    decisions.undo(handoff=back.handoff, by=back.by, at=NOW + timedelta(minutes=1))
    with pytest.raises(NothingToAnswer):
        warm(back, mara)


def test_an_answer_is_ones_own_to_take_back_for_ten_minutes(back: Verdict):
    mara = marketer()
    made = warm(back, mara)
    with pytest.raises(AnswerStands, match="only Mara"):
        answering.undo(answer=made, by=marketer("Mia Marker"), at=NOW + HOUR)
    with pytest.raises(AnswerStands, match="10 minutes"):
        answering.undo(answer=made, by=mara, at=NOW + 2 * HOUR)


def test_once_the_day_is_over_until_which_it_is_kept_warm_it_is_asked_again(back: Verdict):
    mara = marketer()
    warm(back, mara)
    assert list(returns.to_answer(mara, NOW + DAY)) == []
    assert list(returns.to_answer(mara, NOW + 61 * DAY)) == [back.handoff]
    again = warm(back, mara, at=NOW + 61 * DAY, warm_until=WARM + 30 * DAY)
    assert ReturnAnswer.objects.holding().get() == again


# In time


def working(holidays: set[date] = frozenset(), zone: str = "Europe/Berlin") -> WorkingDays:  # type: ignore[assignment]
    return WorkingDays(holidays, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("back_on", "due_on"),
    [
        (date(2026, 11, 17), date(2026, 11, 19)),  # Tuesday: Wednesday, Thursday
        (date(2026, 11, 19), date(2026, 11, 23)),  # Thursday: Friday, Monday
        (date(2026, 11, 20), date(2026, 11, 24)),  # Friday: Monday, Tuesday
        (date(2026, 11, 21), date(2026, 11, 24)),  # Saturday
        (date(2026, 12, 23), date(2026, 12, 28)),  # Christmas is a Friday in 2026
    ],
)
def test_two_working_days_skip_weekends_and_holidays(back_on: date, due_on: date):
    zone = ZoneInfo("Europe/Berlin")
    due = working({date(2026, 12, 25)}).due_at(datetime.combine(back_on, time(12), zone))
    assert due == datetime.combine(due_on + DAY, time(), zone)


@given(st.integers(0, 365 * 24))
def test_a_later_return_is_never_due_earlier(hours: int):
    moment = NOW + hours * HOUR
    days = working({date(2026, 5, 1)})
    assert moment < days.due_at(moment) <= days.due_at(moment + DAY)


def test_a_holiday_counts_when_every_team_keeps_it():
    dach, nordics = (BusinessCalendar.objects.create(name=name) for name in ("DACH", "Nordics"))
    for calendar in (dach, nordics):
        Team.objects.create(name=calendar.name, calendar=calendar)
    for calendar, day in ((dach, 5), (dach, 6), (nordics, 6)):
        Holiday.objects.create(calendar=calendar, on=date(2026, 1, day), name="Day off")
    days = WorkingDays.around(datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")), NOW)
    assert set(days.holidays) == {date(2026, 1, 6)}


def test_answered_of_returned_within_two_working_days():
    """NOW is a Tuesday: due by Thursday's end."""
    sol, mara = rep(), marketer()

    def sent_back() -> Verdict:
        return decisions.reject(handoff=offered(to=sol), by=sol, reason=reason(), at=NOW)

    in_time, late, unanswered, undone, went_on = (sent_back() for _ in range(5))
    warm(in_time, mara)
    warm(late, mara, at=NOW + 4 * DAY)
    answering.undo(answer=warm(undone, mara, at=NOW + HOUR), by=mara, at=NOW + HOUR)
    lead = went_on.handoff.lead
    lead.refresh_from_db()
    StageChange.objects.create(
        lead=lead, from_stage="mql", to_stage="handed_over", at=NOW + DAY, cause="crossing"
    )
    span = (NOW - DAY, NOW + DAY)

    assert answering.answered_in_time(*span, at=NOW + 10 * DAY) == (1, 4)
    assert answering.answered_in_time(*span, at=NOW + DAY) == (1, 2), (
        "who is still within the time is not due"
    )
    # A handover that was taken back took it nowhere: it was there to be answered all the time.
    StageChange.objects.create(
        lead=lead, from_stage="handed_over", to_stage="mql", at=NOW + DAY, cause="voided", reason="taken_back"
    )
    assert answering.answered_in_time(*span, at=NOW + 10 * DAY) == (1, 5)
    assert answering.answered_in_time(NOW + DAY, NOW + 2 * DAY) == (0, 0)
    assert unanswered.handoff.status == Handoff.Status.REJECTED
