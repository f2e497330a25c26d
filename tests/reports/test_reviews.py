"""The weekly review: prepared on its day, frozen, talked through, signed by both sides, closed for good."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Q
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from handoff import decisions, disputes, returns
from handoff.models import Dispute, ReturnAnswer, Verdict
from leads.models import Lead, Opportunity
from notifications.models import Notification
from reports import agreeing
from reports.key_figures import series
from reports.measures import Measure
from reports.models import Review, ReviewProposal, Todo
from reports.periods import weeks_until
from reports.reviews import (
    closing,
    days,
    deciding,
    disagreements,
    freezing,
    minutes,
    notes,
    numbers,
    preparing,
    proposals,
)
from reports.reviews.holding import Closed
from scoring import publishing
from scoring.models import ModelVersion, Publication
from tests import factories as make
from tests.reports.meetings import IN_THE_WEEK, TUESDAY, checked, deal, offered, prepared, sent_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def sol(db: None) -> User:
    return make.rep()


@pytest.fixture
def mara(db: None) -> User:
    return make.marketer()


@pytest.fixture
def max_(db: None) -> User:
    return make.manager()


# Prepared


def test_S1_21_it_is_prepared_on_its_day_for_the_last_whole_week_and_once(sol: User, mara: User) -> None:
    sent_back(sol)
    monday = TUESDAY - timedelta(days=1)
    assert preparing.prepare_due(at=monday) == []

    (review,) = preparing.prepare_due(at=datetime(2026, 11, 17, 0, 5, tzinfo=UTC))
    assert preparing.prepare_due(at=TUESDAY) == []

    assert (review.first, review.last) == (date(2026, 11, 9), date(2026, 11, 15))
    assert review.meets_at == datetime(2026, 11, 17, 11, tzinfo=UTC)
    told = Notification.objects.filter(kind="review").values_list("recipient", flat=True)
    assert list(told) == [mara.pk]
    with pytest.raises(preparing.Prepared):
        preparing.prepare(kind="weekly", at=TUESDAY, by=mara)
    with pytest.raises(preparing.NotYours):
        preparing.prepare(kind="weekly", at=TUESDAY + timedelta(days=7), by=sol)


def test_S1_21_who_comes_is_told_of_one_prepared_by_hand_but_for_who_did_it(
    sol: User, mara: User, max_: User
) -> None:
    sent_back(sol)
    review = prepared(by=mara)
    preparing.prepare_due(at=TUESDAY)
    told = Notification.objects.filter(key=f"review:{review.public_id}:prepared")
    assert [each.recipient for each in told] == [max_]


def test_S1_21_a_review_that_nobody_could_be_told_of_is_not_there_and_prepared_again(
    sol: User, mara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_back(sol)

    def killed(**_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(preparing, "notify_all", killed)
        with pytest.raises(KeyboardInterrupt):
            preparing.prepare_due(at=TUESDAY)
    assert not Review.objects.exists()
    preparing.prepare_due(at=TUESDAY)
    assert Notification.objects.filter(kind="review", recipient=mara).count() == 1


def test_S1_21_a_company_that_hands_nothing_over_is_not_asked_to_meet(mara: User) -> None:
    assert preparing.prepare_due(at=TUESDAY) == []
    assert preparing.prepare(kind="weekly", at=TUESDAY, by=mara).figures["reasons"]["decided"] == 0


@pytest.mark.parametrize(
    ("starts", "day", "first", "meets"),
    [
        ("monday", "tuesday", date(2026, 11, 9), date(2026, 11, 17)),
        ("sunday", "tuesday", date(2026, 11, 8), date(2026, 11, 17)),
        ("saturday", "monday", date(2026, 11, 7), date(2026, 11, 16)),
        ("monday", "monday", date(2026, 11, 9), date(2026, 11, 16)),
        ("monday", "friday", date(2026, 11, 9), date(2026, 11, 20)),
    ],
)
def test_S1_21_the_company_says_when_its_weeks_begin_and_when_it_meets(
    settings: Settings, starts: str, day: str, first: date, meets: date
) -> None:
    settings.WEEK_STARTS_ON, settings.REVIEW_DAY, settings.REVIEW_HOUR = starts, day, 15
    settings.COMPANY_TIME_ZONE = "Europe/Berlin"
    of = days.period("weekly", at=TUESDAY)
    assert of.first == first
    assert days.meets_at("weekly", of).date() == meets
    assert days.meets_at("weekly", of).astimezone(UTC).hour == 14
    assert days.is_due("weekly", at=TUESDAY) == (meets <= date(2026, 11, 17))


# The figures


def test_S1_24_S1_34_pipeline_and_closed_business_come_first_with_what_was_agreed(
    sol: User, mara: User, max_: User
) -> None:
    agree(Measure.ACCEPTED, 50, mara, max_)
    sent_back(sol)
    lead = sent_back(sol, name="Ada").handoff.lead
    Opportunity.objects.create(lead=lead, amount=Decimal(9_000), created_at=IN_THE_WEEK + timedelta(hours=9))
    review = prepared()

    found = {one["measure"]: one for one in review.figures["numbers"]}
    assert list(found)[:2] == ["pipeline", "won"]
    assert len(found["pipeline"]["weeks"]) == 12
    raw = sum(deal.amount or 0 for deal in Opportunity.objects.filter(created_at__gte=review_start(review)))
    assert found["pipeline"]["weeks"][-1]["value"] == float(raw) == 9_000
    assert found["accepted"]["weeks"][-1]["value"] == 0
    assert found["pipeline"]["state"] is None


def test_S1_24_a_share_of_too_few_is_neither_met_nor_missed_and_says_of_how_many(
    sol: User, mara: User, max_: User
) -> None:
    agree(Measure.ACCEPTED, 50, mara, max_)
    for number in range(19):
        sent_back(sol, name=f"Lead {number}")
    few = accepted(prepared())
    assert (few["weeks"][-1]["n"], few["weeks"][-1]["k"], few["state"]) == (19, 0, None)
    assert numbers.in_words(few).endswith(
        "Accepted by sales: 0% (of 19), the week before –, agreed 50%: too few to say"
    )
    sent_back(sol, name="One more")
    Review.objects.all().delete()
    enough = accepted(prepared())
    assert (enough["weeks"][-1]["n"], enough["state"], enough["change"]) == (20, "missed", None)


def accepted(review: Review) -> Any:
    return next(one for one in minutes.thawed(review.figures)["numbers"] if one["measure"] == "accepted")


def test_S1_24_deals_that_no_amount_counts_are_said_beside_the_pipeline(sol: User) -> None:
    for amount, currency in ((9_000, "EUR"), (7_000, "USD"), (None, "")):
        deal_of(sent_back(sol, name=f"Ada {currency}"), amount, currency)
    pipeline = minutes.thawed(prepared().figures)["numbers"][0]
    assert (pipeline["weeks"][-1]["n"], pipeline["weeks"][-1]["left_out"]) == (3, 2)
    said = numbers.in_words(pipeline)
    assert "(1 deal; 2 deals left out: another currency, or no amount)" in said


def deal_of(verdict: Verdict, amount: int | None, currency: str) -> None:
    """The lead was an MQL, and is a deal in the week after all."""
    at = IN_THE_WEEK + timedelta(hours=9)
    Opportunity.objects.create(lead=verdict.handoff.lead, amount=amount, currency=currency, created_at=at)


def review_start(review: Review) -> datetime:
    return datetime.combine(review.first, datetime.min.time(), UTC)


def agree(measure: Measure, value: int, mara: User, max_: User) -> None:
    at = TUESDAY - timedelta(days=60)
    made = agreeing.propose(
        measure=measure, value=Decimal(value), holds_from=at.date(), by=mara, side="marketing", at=at
    )
    agreeing.sign(agreed=made, by=max_, side="sales", at=at)


def test_S1_21_reasons_are_counted_with_the_average_of_four_weeks_and_where_from(sol: User) -> None:
    for source in ("paid search", "paid search", "partners"):
        sent_back(sol, source=source)
    for weeks in (1, 2):
        sent_back(sol, at=IN_THE_WEEK - timedelta(weeks=weeks))
    sent_back(sol, "timing", at=IN_THE_WEEK - timedelta(weeks=4))  # before the four
    found = prepared().figures["reasons"]
    (line,) = found["lines"]
    assert (line["code"], line["count"], line["average"]) == ("too_small", 3, 1.2)
    assert line["sources"] == [["paid search", 2], ["partners", 1]]
    raw = Verdict.objects.filter(Q(kind="reject"), at__date__range=("2026-11-09", "2026-11-15")).count()
    assert found["sent_back"] == raw == 3


def test_S1_21_a_source_is_one_beside_a_reason_however_it_is_spelled(sol: User) -> None:
    for source in ("Paid Search", "paid search", "paid_search", "paid search", "partners", "partners"):
        sent_back(sol, source=source)
    (line,) = prepared().figures["reasons"]["lines"]
    assert line["sources"] == [["paid search", 4], ["partners", 2]]


def test_S1_21_a_week_is_counted_with_as_few_questions_as_the_docstrings_say(
    sol: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for weeks in range(12):
        sent_back(sol, at=IN_THE_WEEK - timedelta(weeks=weeks))
    decisions.accept(handoff=offered(sol), by=sol, at=IN_THE_WEEK)
    week = days.period("weekly", at=TUESDAY)
    with django_assert_num_queries(3):
        found = freezing.reasons(week)
    assert (found["decided"], found["sent_back"]) == (2, 1)
    twelve = weeks_until(TUESDAY, numbers.WEEKS)
    with django_assert_num_queries(6):
        told = series(Measure.RETURNS, leads=Lead.objects.all(), periods=twelve)
    apart = [returns.answered_in_time(each.start, each.end) for each in twelve]
    assert [(one.k, one.n) for one in told] == apart
    assert sum(n for _, n in apart) > 5


def test_S1_21_what_is_entered_later_does_not_change_the_frozen_figures(sol: User) -> None:
    sent_back(sol)
    review = prepared()
    frozen = Review.objects.get(pk=review.pk).figures
    sent_back(sol, "timing", name="Later")
    deal(sol)
    Verdict.objects.filter(reason__code="too_small").update(at=IN_THE_WEEK - timedelta(days=30))
    assert Review.objects.get(pk=review.pk).figures == frozen


# Leads to talk about


def test_S1_21_it_talks_of_disputed_leads_first_then_of_surprises_both_ways(sol: User, mara: User) -> None:
    sent_back(sol, name="Low", total=12.0)
    high = sent_back(sol, name="Viktor Hansson", total=83.0)
    disputed = sent_back(sol, name="Gareth Lloyd", at=IN_THE_WEEK - timedelta(days=20))
    disputes.dispute(verdict=disputed, by=mara, note="He asked twice.", at=TUESDAY)
    found = deal(sol)
    give_crossings()
    talks = list(prepared().talks.order_by("position"))
    assert [(talk.why, str(talk.lead)) for talk in talks] == [
        ("disputed", "Gareth Lloyd"),
        ("rejected", str(high.handoff.lead)),
        ("found", str(found.lead)),
        ("rejected", "Low"),
    ]
    assert [talk.total for talk in talks] == [None, 83, None, 12]


def give_crossings() -> None:
    """Every handoff with points came by a crossing."""
    from handoff.models import Handoff
    from scoring.models import Crossing

    live = ModelVersion.objects.live()
    for handoff in Handoff.objects.exclude(evidence={}).filter(crossing=None):
        handoff.crossing = Crossing.objects.create(
            lead=handoff.lead, model=live.model, version=live, stage="sql", cycle=1, at=handoff.offered_at,
            fit=0, engagement=0, intent=0, total=0,
        )  # fmt: skip
        handoff.save(update_fields=["crossing"])


def test_S1_21_both_sides_settle_a_lead_with_a_click_each_and_the_outcome_is_a_fact(
    sol: User, mara: User, max_: User
) -> None:
    verdict = sent_back(sol, total=83.0)
    give_crossings()
    (talk,) = prepared().talks.all()
    disagreements.say(talk=talk, by=mara, side="marketing", said="unclear", at=TUESDAY)
    assert not Dispute.objects.exists()
    disagreements.say(talk=talk, by=mara, side="marketing", said="yes", at=TUESDAY)
    with pytest.raises(disagreements.NotYours):
        disagreements.say(talk=talk, by=mara, side="sales", said="yes", at=TUESDAY)
    disagreements.say(talk=talk, by=max_, side="sales", said="yes", at=TUESDAY)

    dispute = Dispute.objects.get(verdict=verdict)
    assert (dispute.was_sql, dispute.settled_at) == (True, TUESDAY)
    said = minutes.read(talk.review)["talks"][str(talk.public_id)]
    assert said["settled"] == "yes"
    with pytest.raises(disagreements.Settled):
        disagreements.say(talk=talk, by=max_, side="sales", said="no", at=TUESDAY)


@pytest.mark.parametrize("said", ["yes", "no"])
def test_S1_21_a_word_in_the_review_is_not_marketings_answer_to_the_return(
    sol: User, mara: User, said: str
) -> None:
    warm, waiting = sent_back(sol, total=83.0), sent_back(sol, name="Low", total=12.0)
    give_crossings()
    warm_until = TUESDAY.date() + timedelta(days=30)
    kept = returns.note_answer(verdict=warm, kind="keep_warm", by=mara, at=TUESDAY, warm_until=warm_until)
    span = (IN_THE_WEEK - timedelta(days=1), TUESDAY)
    before = returns.answered_in_time(*span, at=TUESDAY + timedelta(days=30))
    for talk in prepared().talks.all():
        disagreements.say(talk=talk, by=mara, side="marketing", said=said, at=TUESDAY)

    assert Dispute.objects.filter(verdict__in=[warm, waiting]).count() == 2
    assert list(ReturnAnswer.objects.all()) == list(ReturnAnswer.objects.holding()) == [kept]
    assert returns.answered_in_time(*span, at=TUESDAY + timedelta(days=30)) == before


def test_S1_21_a_manager_speaks_of_the_leads_of_their_teams_only(sol: User, mara: User) -> None:
    sent_back(sol, total=83.0)
    give_crossings()
    (talk,) = prepared().talks.all()
    nora = make.manager("Nora North", make.team("Nordics"))
    with pytest.raises(disagreements.NotYours):
        disagreements.say(talk=talk, by=nora, side="sales", said="no", at=TUESDAY)
    review = talk.review
    assert talk.lead.name not in notes.text(review, reader=nora)
    assert talk.lead.name in notes.text(review, reader=mara)


# Proposals


def test_S1_21_what_both_sides_sign_is_live_at_once_and_says_so(sol: User, mara: User, max_: User) -> None:
    offered(sol)
    version = checked(mara)
    review = prepared()
    proposal = review.proposals.get()
    (line,) = proposal.price["lines"]
    assert (line["dimension"], line["before"], line["after"]) == ("intent", 20, 22)
    assert proposal.price["title"] == "intent line 22"

    proposals.sign(proposal=proposal, by=mara, side="marketing", at=TUESDAY)
    version.refresh_from_db()
    assert version.state == "checked"
    proposals.sign(proposal=proposal, by=max_, side="sales", at=TUESDAY)
    version.refresh_from_db()
    assert version.state == "published"
    assert ModelVersion.objects.live() == version
    log = Publication.objects.filter(version=version).get()
    assert log.reason == (
        "Agreed in the weekly review of 9 to 15 November 2026 by Mara Marker for marketing and Max Manager"
        " for sales."
    )
    with pytest.raises(proposals.Gone, match="went live already"):
        proposals.sign(proposal=proposal, by=max_, side="sales", at=TUESDAY)


def test_S1_21_one_person_never_signs_for_both_and_a_rep_for_none(sol: User, mara: User) -> None:
    offered(sol)
    checked(mara)
    proposal, ada = prepared().proposals.get(), make.admin()
    with pytest.raises(proposals.NotYours):
        proposals.sign(proposal=proposal, by=sol, side="sales", at=TUESDAY)
    proposals.sign(proposal=proposal, by=ada, side="sales", at=TUESDAY)
    with pytest.raises(proposals.Gone, match="somebody else signs"):
        proposals.sign(proposal=proposal, by=ada, side="marketing", at=TUESDAY)


def test_S1_21_a_price_that_was_worked_out_against_other_rules_is_not_signed_live(
    sol: User, mara: User, max_: User
) -> None:
    offered(sol)
    first, second = checked(mara), checked(mara, intent=25)
    review = prepared()
    of = {one.version_id: one for one in review.proposals.all()}
    proposals.sign(proposal=of[second.pk], by=mara, side="marketing", at=TUESDAY)
    for by, side in ((mara, "marketing"), (max_, "sales")):
        proposals.sign(proposal=of[first.pk], by=by, side=side, at=TUESDAY)
    with pytest.raises(proposals.Gone, match="went live meanwhile"):
        proposals.sign(proposal=of[second.pk], by=max_, side="sales", at=TUESDAY)
    assert not second.sign_offs.filter(side="sales").exists()  # nothing was signed either

    preparing.prepare_due(at=TUESDAY + timedelta(minutes=5))
    anew = review.proposals.get(version=second)
    (line,) = anew.price["lines"]
    assert (anew.over, line["before"], line["after"]) == (first.number, 22, 25)
    proposals.sign(proposal=anew, by=max_, side="sales", at=TUESDAY + timedelta(minutes=6))
    assert ModelVersion.objects.live() == second


def test_S1_21_what_both_signed_elsewhere_is_made_live_in_the_review_by_either(
    sol: User, mara: User, max_: User
) -> None:
    offered(sol)
    version = checked(mara)
    review = prepared()
    proposal = review.proposals.get()
    publishing.sign(version=version, side="marketing", by=mara, at=TUESDAY)
    with pytest.raises(proposals.Gone, match="sales signs it"):
        proposals.make_live(proposal=proposal, by=mara, at=TUESDAY)
    publishing.sign(version=version, side="sales", by=max_, at=TUESDAY)
    with pytest.raises(proposals.NotYours):
        proposals.make_live(proposal=proposal, by=sol, at=TUESDAY)
    proposals.make_live(proposal=proposal, by=max_, at=TUESDAY)
    assert ModelVersion.objects.live() == version
    log = Publication.objects.get(version=version)
    assert "by Mara Marker for marketing and Max Manager for sales" in log.reason
    with pytest.raises(proposals.Gone, match="went live already"):
        proposals.make_live(proposal=proposal, by=max_, at=TUESDAY)


def test_S1_21_not_yet_says_why_and_is_gone_once_the_side_signs(sol: User, mara: User, max_: User) -> None:
    offered(sol)
    checked(mara)
    review = prepared()
    proposal = review.proposals.get()
    proposals.not_yet(proposal=proposal, by=max_, side="sales", note="After the fair.", at=TUESDAY)
    proposals.not_yet(proposal=proposal, by=max_, side="sales", note="After the fair.", at=TUESDAY)
    assert proposal.not_yet.count() == 1
    assert minutes.read(review)["proposals"][0]["not_yet"]["sales"]["note"] == "After the fair."
    proposals.sign(proposal=proposal, by=max_, side="sales", at=TUESDAY)
    assert minutes.read(review)["proposals"][0]["not_yet"] == {}


def test_S1_21_what_is_checked_later_comes_on_the_open_review_with_its_price(sol: User, mara: User) -> None:
    offered(sol)
    review = prepared()
    version = checked(mara)
    later = TUESDAY + timedelta(minutes=9)
    preparing.prepare_due(at=later)
    preparing.prepare_due(at=later)
    assert [one.version for one in ReviewProposal.objects.filter(review=review)] == [version]


# Written down, and closed


def test_S1_21_marketing_answers_each_reason_and_who_was_faster_is_said(sol: User, mara: User) -> None:
    sent_back(sol)
    review = prepared()

    def answer(text: str, by: User, instead_of: str = "") -> Any:
        return deciding.answer(
            review=review, about="too_small", text=text, by=by, at=TUESDAY, instead_of=instead_of
        )

    answer("Stop the ad group", mara)
    answer("Stop the ad group", mara)
    with pytest.raises(deciding.SaidMeanwhile, match="Mara Marker answered meanwhile"):
        answer("Nothing", make.admin())
    answer("Stop two ad groups", mara, instead_of="Stop the ad group")
    assert [each.text for each in review.answers.all()] == ["Stop two ad groups"]
    with pytest.raises(deciding.NotYours):
        answer("Sell more", make.manager())


def test_S1_21_open_to_dos_come_again_until_they_are_done(sol: User, mara: User, max_: User) -> None:
    offered(sol)
    first = prepared()
    todo = deciding.add(
        review=first, text="Ask staff size", owner="marketing", due_on=None, by=mara, at=TUESDAY
    )
    done = deciding.add(review=first, text="Call sooner", owner="sales", due_on=None, by=max_, at=TUESDAY)
    deciding.tick_off(todo=done, done=True, by=max_, at=TUESDAY)
    close(first, mara, max_)
    second = prepared(at=TUESDAY + timedelta(days=7))
    assert [one["text"] for one in minutes.of(second)["todos"]] == ["Ask staff size"]

    deciding.tick_off(todo=todo, done=True, by=mara, at=TUESDAY + timedelta(days=8))
    first.refresh_from_db()
    assert [bool(one["done_at"]) for one in minutes.of(first)["todos"]] == [False, True]  # as it was closed
    assert [bool(one["done_at"]) for one in minutes.of(second)["todos"]] == [True]


def test_S1_21_a_to_do_that_was_opened_again_beside_its_like_is_not_written_a_third_time(
    sol: User, mara: User
) -> None:
    offered(sol)
    review = prepared()

    def add() -> Todo:
        return deciding.add(
            review=review, text="Ask staff size", owner="both", due_on=None, by=mara, at=TUESDAY
        )

    first = add()
    deciding.tick_off(todo=first, done=True, by=mara, at=TUESDAY)
    second = add()
    assert second != first
    deciding.tick_off(todo=first, done=False, by=mara, at=TUESDAY)
    assert add() in (first, second)
    assert Todo.objects.count() == 2


def close(review: Review, mara: User, max_: User, at: datetime = TUESDAY) -> None:
    closing.sign_off(review=review, by=mara, side="marketing", at=at)
    closing.sign_off(review=review, by=max_, side="sales", at=at)


def test_S1_21_two_signatures_close_it_and_nothing_changes_any_more(
    sol: User, mara: User, max_: User
) -> None:
    sent_back(sol)
    version = checked(mara)
    review = prepared()
    with pytest.raises(closing.NotYours):
        closing.sign_off(review=review, by=mara, side="sales", at=TUESDAY)
    closing.sign_off(review=review, by=mara, side="marketing", at=TUESDAY)
    closing.sign_off(review=review, by=mara, side="marketing", at=TUESDAY)
    review.refresh_from_db()
    assert review.closed_at is None
    closing.sign_off(review=review, by=max_, side="sales", at=TUESDAY)
    review.refresh_from_db()
    assert (review.closed_at, review.closed_by) == (TUESDAY, max_)
    closing.sign_off(review=review, by=max_, side="sales", at=TUESDAY)  # the click came twice

    before = minutes.of(review)
    proposal = review.proposals.get()
    for refused in (
        lambda: deciding.answer(review=review, about="too_small", text="Late", by=mara, at=TUESDAY),
        lambda: deciding.add(review=review, text="Late", owner="both", due_on=None, by=mara, at=TUESDAY),
        lambda: proposals.sign(proposal=proposal, by=mara, side="marketing", at=TUESDAY),
        lambda: closing.sign_off(review=review, by=make.admin(), side="sales", at=TUESDAY),
    ):
        with pytest.raises(Closed):
            refused()
    publishing.sign(version=version, side="marketing", by=mara, at=TUESDAY)  # on its own page
    assert minutes.of(Review.objects.get(pk=review.pk)) == before
    with pytest.raises(DatabaseError), transaction.atomic():
        Review.objects.filter(pk=review.pk).update(figures={})


def test_S1_21_everybody_who_comes_has_the_notes_once(sol: User, mara: User, max_: User) -> None:
    sent_back(sol)
    review = prepared()
    deciding.answer(review=review, about="too_small", text="Stop the ad group", by=mara, at=TUESDAY)
    deciding.add(
        review=review,
        text="Ask staff size",
        owner="marketing",
        due_on=date(2026, 11, 20),
        by=mara,
        at=TUESDAY,
    )
    assert notes.send_owed(at=TUESDAY) == 0
    close(review, mara, max_)
    ada = make.admin()
    assert notes.send_owed(at=TUESDAY) == 3
    assert notes.send_owed(at=TUESDAY) == 0
    told = Notification.objects.filter(key=f"review:{review.public_id}:notes")
    assert {each.recipient for each in told} == {mara, max_, ada}
    body = told[0].body
    assert "Too small: 1, on average 0.2 a week. Marketing: Stop the ad group (Mara Marker)" in body
    assert "- [ ] Ask staff size (Marketing, by 20 November 2026)" in body
    assert "Accepted by sales: 0%" in body
    assert Todo.objects.count() == 1


# The model review


def test_S1_19_the_model_review_counts_as_looking_at_the_rules(sol: User, mara: User, max_: User) -> None:
    from scoring import reviewing
    from scoring.models import ModelReview

    review = prepared(kind="monthly", at=TUESDAY)
    assert (review.first, review.last) == (date(2026, 10, 1), date(2026, 10, 31))
    (model,) = review.figures["models"]
    assert model["name"] == ModelVersion.objects.live().model.name
    with pytest.raises(closing.Unanswered):
        closing.sign_off(review=review, by=mara, side="marketing", at=TUESDAY)
    deciding.answer(review=review, about=model["key"], text="Still right.", by=max_, at=TUESDAY)
    close(review, mara, max_)
    made = ModelReview.objects.get()
    assert (made.note, made.by, made.at) == ("Still right.", max_, TUESDAY)
    (standing,) = reviewing.standings(at=TUESDAY)
    assert not standing.is_due
    assert "Still right." in notes.text(Review.objects.get(pk=review.pk), reader=mara)
