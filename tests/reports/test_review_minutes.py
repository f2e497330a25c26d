"""What a review says of its proposals: the price, what was and is, and what became of what was left open."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.models import User
from reports import agreeing
from reports.measures import Measure
from reports.models import Review
from reports.reviews import notes, proposals
from scoring import model_file, publishing
from scoring.models import ModelVersion
from scoring.rescoring import rescore_everybody
from scoring.views.rule_effects import figures_of
from tests import factories as make
from tests.reports.meetings import TUESDAY, checked, offered, prepared
from tests.reports.test_reviews import close
from tests.scoring.pasts import MODEL, accepted, live, ready, sent_back

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def mara(db: None) -> User:
    return make.marketer()


@pytest.fixture
def max_(db: None) -> User:
    return make.manager()


def page(review: Review, who: User) -> str:
    client = Client()
    client.force_login(who)
    answer = client.get(reverse("reports:review", args=[review.public_id]))
    assert answer.status_code == 200
    return " ".join(strip_tags(answer.content.decode().split("<main")[1]).split())


def text_of(review: Review, reader: User) -> str:
    return notes.text(Review.objects.get(pk=review.pk), reader=reader)


# The price


def a_past() -> ModelVersion:
    """24 decided leads, 18 of them over the line; sales has the 12 that it accepted."""
    for n in range(24):
        at = TUESDAY - (2 * n + 1) * DAY
        made = (accepted if n < 12 else sent_back)(at, title="Service manager" if n < 18 else "")
        ready(made, at - 2 * DAY)
    version = live()
    rescore_everybody(model=version.model, at=TUESDAY)
    return version


def test_S1_21_the_price_in_the_review_is_the_one_on_the_page_of_the_version(mara: User) -> None:
    a_past()
    line = {"stage": "sql", "min": {"intent": 20, "fit": 11}, "leave": 0}
    draft = model_file.load(data={**MODEL, "lines": [line]}, by=mara)
    version = publishing.check_draft(version=draft, by=mara, at=TUESDAY)
    review = prepared()
    price = review.proposals.get().price
    found = figures_of(version, user=mara, at=TUESDAY)
    now, past = found["now"], found["past"]["found"]

    moves = {key: getattr(now, key) for key in price["moves"]}
    assert price["moves"] == moves
    assert (now.up, now.down, now.down_with_sales) == (0, 18, 12)
    assert (price["days"], price["spared"], price["later"]) == (past.days, past.spared, past.later)
    assert (past.spared, past.later) == (6, 12)
    assert price["weekly"] == {"live": past.live.weekly.said, "draft": past.draft.weekly.said}
    said = page(review, mara)
    assert "0 over the line, 18 under it. Of those under it sales keeps 12." in said
    assert "6 rejections in 90 days" in said
    assert "accepted leads come later, or not at all" in said
    assert past.draft.reach is not None
    assert price["reach"]["draft"]["percent"] == past.draft.reach.percent
    assert "of accepted leads over the line" in said
    told = notes.text(review, reader=mara)
    assert "Of 90 days: spares 6 rejections; 12 accepted leads come later, or not at all." in told


# What was, what is, from when, and who signed


def two_changes(by: User) -> ModelVersion:
    """Another line, and other points for one rule."""
    data = model_file.save(version=ModelVersion.objects.live())
    next(line for line in data["lines"] if line["stage"] == "sql")["min"]["intent"] = 22
    rule = next(rule for rule in data["rules"] if rule["key"] == "demo")
    rule["points"] = 8
    draft = model_file.load(data=data, by=by)
    return publishing.check_draft(version=draft, by=by, at=TUESDAY)


def test_S1_21_the_notes_say_what_was_and_what_is_since_when_and_who_signed(mara: User, max_: User) -> None:
    offered(make.rep())
    first = live()
    version = two_changes(mara)
    review = prepared()
    proposal = review.proposals.get()
    assert proposal.price["title"] == f"version {version.number}"  # more than a line
    assert "The SQL line asks for intent 22 instead of 20." in page(review, max_)
    for by, side in ((mara, "marketing"), (max_, "sales")):
        proposals.sign(proposal=proposal, by=by, side=side, at=TUESDAY)
    close(review, mara, max_)

    said = text_of(review, max_)
    assert "The SQL line asks for intent 22 instead of 20." in said
    assert "“Demo” gives 8 points instead of 20." in said
    assert f"version {version.number} is live since 17 November 2026" in said
    assert f"after version {first.number}" in said
    assert "Signed: Mara Marker for marketing (17 November 2026" in said
    in_force = said.split("DEFINITIONS IN FORCE")[1]
    assert f"version {version.number}, live since 17 November 2026" in in_force
    assert "Intent 22 or more" in in_force
    assert f"version {first.number}," not in in_force
    assert f"version {version.number}" in page(Review.objects.get(pk=review.pk), max_)


def value(amount: int, first: date, mara: User, max_: User | None = None) -> None:
    made = agreeing.propose(
        measure=Measure.ACCEPTED,
        value=Decimal(amount),
        holds_from=first,
        by=mara,
        side="marketing",
        at=TUESDAY,
        note="As in May.",
    )
    if max_ is not None:
        agreeing.sign(agreed=made, by=max_, side="sales", at=TUESDAY)


def test_S1_24_the_notes_say_from_which_day_a_value_holds_and_what_held_before(
    mara: User, max_: User
) -> None:
    offered(make.rep())
    today = TUESDAY.date()
    value(50, today, mara, max_)
    review = prepared(at=TUESDAY + timedelta(minutes=1))
    value(55, today, mara)
    waiting = page(review, max_)
    assert "50%55%From 17 November 2026; what it replaces holds since 17 November 2026." in waiting
    agreeing.sign(agreed=agreeing.waiting(Measure.ACCEPTED), by=max_, side="sales", at=TUESDAY + DAY)
    close(review, mara, max_, at=TUESDAY + DAY)

    said = text_of(review, mara)
    assert "Accepted by sales: 55% from 18 November 2026; agreed before: 50% since 17 November 2026." in said
    assert "Mara Marker for marketing (17 November 2026" in said
    assert "Max Manager for sales (18 November 2026" in said


# What is left open


def test_S1_21_before_both_sign_off_the_page_names_what_is_still_open(mara: User, max_: User) -> None:
    offered(make.rep())
    checked(mara)
    review = prepared()
    value(55, TUESDAY.date(), mara)
    said = page(review, max_)
    assert (
        "Two proposals are still open: intent line 22 (needs both), accepted by sales (needs sales)." in said
    )
    for by, side in ((mara, "marketing"), (max_, "sales")):
        proposals.sign(proposal=review.proposals.get(), by=by, side=side, at=TUESDAY)
    assert "One proposal is still open: accepted by sales (needs sales)." in page(review, max_)


def test_S1_21_what_was_left_open_is_not_agreed_and_comes_again_in_the_next(mara: User, max_: User) -> None:
    offered(make.rep())
    version = checked(mara)
    review = prepared()
    value(55, TUESDAY.date(), mara)
    proposals.not_yet(
        proposal=review.proposals.get(), by=max_, side="sales", note="After the fair.", at=TUESDAY
    )
    close(review, mara, max_)
    closed = page(Review.objects.get(pk=review.pk), max_)
    assert "needs both" not in closed
    assert "needs sales" not in closed
    assert closed.count("Not agreed when the review was closed. It comes again in the next one") == 2
    said = text_of(review, max_)
    assert "intent line 22: not agreed, needs both." in said
    assert "Sales: not yet, After the fair. (Max Manager)" in said
    assert (
        "55% from 17 November 2026 is proposed and not agreed, needs sales; agreed until then: nothing."
        in said
    )

    following = prepared(at=TUESDAY + 7 * DAY)
    assert following.proposals.get().version == version
    assert "accepted by sales (needs sales)" in page(following, max_)
