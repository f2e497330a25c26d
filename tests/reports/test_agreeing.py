"""What both teams agree on: nothing holds before both signed, and what held once stays known."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from reports import agreeing
from reports.measures import Figure, Measure, State, state
from reports.models import AgreedValue
from reports.periods import Period
from scoring.models import ScoringModel
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)


def proposed(
    by: User,
    value: str = "50",
    on: date = TODAY,
    measure: Measure = Measure.ACCEPTED,
    instead_of: UUID | None = None,
) -> AgreedValue:
    return agreeing.propose(
        measure=measure,
        value=Decimal(value),
        holds_from=on,
        by=by,
        side="marketing",
        at=NOW,
        note="as in May",
        instead_of=instead_of,
    )


def test_S1_24_a_value_holds_once_both_sides_signed_and_from_its_day_on() -> None:
    mara, max_ = make.marketer(), make.manager()
    agreed = proposed(mara, on=TOMORROW)
    assert agreeing.in_force(on=TOMORROW) == {}

    agreeing.sign(agreed=agreed, by=max_, side="sales", at=NOW)
    assert agreeing.in_force(on=TODAY) == {}
    assert agreeing.in_force(on=TOMORROW)[Measure.ACCEPTED].value == 50


def test_a_value_that_was_signed_late_judges_no_day_that_has_passed() -> None:
    agreed = proposed(make.marketer())
    later = NOW + timedelta(days=9)
    agreeing.sign(agreed=agreed, by=make.manager(), side="sales", at=later)

    assert agreeing.in_force(on=TODAY + timedelta(days=8)) == {}
    assert agreeing.in_force(on=TODAY + timedelta(days=9))


def test_what_held_before_stays_known() -> None:
    mara, max_ = make.marketer(), make.manager()
    agreeing.sign(agreed=proposed(mara), by=max_, side="sales", at=NOW)
    agreeing.sign(agreed=proposed(mara, "60", TOMORROW), by=max_, side="sales", at=NOW)

    assert [agreeing.in_force(on=day)[Measure.ACCEPTED].value for day in (TODAY, TOMORROW)] == [50, 60]


def test_one_person_signs_for_one_side_only_and_each_side_once() -> None:
    ada, max_ = make.admin(), make.manager()
    agreed = proposed(ada)
    with pytest.raises(agreeing.Settled):
        agreeing.sign(agreed=agreed, by=ada, side="sales", at=NOW)
    with pytest.raises(agreeing.NotYours):
        agreeing.sign(agreed=agreed, by=max_, side="marketing", at=NOW)
    with pytest.raises(agreeing.NotYours):
        proposed(make.rep())

    agreeing.sign(agreed=agreed, by=max_, side="sales", at=NOW)
    with pytest.raises(agreeing.Settled, match="agreed already"):
        agreeing.sign(agreed=agreed, by=make.manager("Moa"), side="sales", at=NOW)


def test_S1_24_a_new_proposal_replaces_the_one_that_waits_only_knowingly() -> None:
    mara = make.marketer()
    first, again = proposed(mara), proposed(mara)
    assert first == again
    with pytest.raises(agreeing.Waits, match="Mara Marker has proposed another value"):
        proposed(mara, "55")
    with pytest.raises(agreeing.Waits):
        proposed(mara, "55", instead_of=uuid4())
    second = proposed(mara, "55", instead_of=first.public_id)
    with pytest.raises(agreeing.Waits):
        proposed(mara, "60", instead_of=first.public_id)  # replaced meanwhile

    with pytest.raises(agreeing.Settled, match="replaced"):
        agreeing.sign(agreed=first, by=make.manager(), side="sales", at=NOW)
    assert list(AgreedValue.objects.proposed()) == [second]
    agreeing.withdraw(agreed=second, by=mara, at=NOW)
    agreeing.withdraw(agreed=second, by=mara, at=NOW)
    assert not AgreedValue.objects.proposed().exists()


@pytest.mark.parametrize(
    ("measure", "value", "on"),
    [
        (Measure.ACCEPTED, "101", TODAY),
        (Measure.HANDOFFS, "2.5", TODAY),
        (Measure.PIPELINE, "-1", TODAY),
        (Measure.PIPELINE, "1000000001", TODAY),
        (Measure.FIRST_TOUCH, "30000", TODAY),
        (Measure.ACCEPTED, "50", TODAY - timedelta(days=1)),
        (Measure.ACCEPTED, "50", date(1900, 1, 1)),
        (Measure.ACCEPTED, "50", date(2999, 1, 1)),
    ],
)
def test_what_makes_no_sense_is_not_agreed_on(measure: Measure, value: str, on: date) -> None:
    with pytest.raises(agreeing.NoValue):
        proposed(make.marketer(), value, on, measure)


def test_S1_34_agreed_handoffs_are_what_rules_are_previewed_against() -> None:
    agreed = proposed(make.marketer(), "80", measure=Measure.HANDOFFS)
    agreeing.sign(agreed=agreed, by=make.manager(), side="sales", at=NOW)

    assert ScoringModel.objects.get(key="default").agreed_handoffs == 80


WEEK, MONTH = Period(date(2026, 3, 2), date(2026, 3, 8)), Period(date(2026, 3, 2), date(2026, 3, 29))


@pytest.mark.parametrize(
    ("measure", "value", "period", "agreed", "expected"),
    [
        (Measure.PIPELINE, "150000", WEEK, "150000", State.MET),
        (Measure.PIPELINE, "136000", WEEK, "150000", State.CLOSE),
        (Measure.PIPELINE, "150000", MONTH, "150000", State.MISSED),  # a week's worth in four
        (Measure.ACCEPTED, "50", MONTH, "50", State.MET),
        (Measure.ACCEPTED, "44", MONTH, "50", State.MISSED),
        (Measure.LINE_CEILING, "8", WEEK, "10", State.MET),
        (Measure.LINE_CEILING, "12", WEEK, "10", State.MISSED),
        (Measure.ACCEPTED, None, WEEK, "50", None),
        (Measure.ACCEPTED, "50", WEEK, None, None),
    ],
)
def test_S1_34_a_figure_is_held_against_what_was_agreed(
    measure: Measure, value: str | None, period: Period, agreed: str | None, expected: State | None
) -> None:
    figure = Figure(measure, period, None if value is None else Decimal(value), 30)
    assert state(figure, None if agreed is None else Decimal(agreed)) == expected


# Pages


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def soon() -> str:
    return f"{timezone.now() + timedelta(days=30):%Y-%m-%d}"


def test_S1_24_who_proposes_over_a_value_that_waits_is_told_whose_and_replaces_it_knowingly() -> None:
    marketing, sales = signed_in(make.marketer()), signed_in(make.manager())
    data = {"measure": "accepted", "value": "50", "holds_from": soon(), "side": "marketing"}
    marketing.post("/reports/agreed/", data)
    first = AgreedValue.objects.get()
    answer = sales.post("/reports/agreed/", {**data, "value": "60", "side": "sales", "note": "Less noise."})
    said = answer.content.decode()
    assert answer.status_code == 409
    assert "Mara Marker has proposed another value" in said
    assert "Replace it and sign" in said
    assert "Less noise.</textarea>" in said
    assert AgreedValue.objects.get() == first

    again = {**data, "value": "60", "side": "sales", "instead_of": str(first.public_id)}
    assert sales.post("/reports/agreed/", again).status_code == 302
    assert agreeing.waiting(Measure.ACCEPTED) == AgreedValue.objects.get(value=60)
    assert "by Max Manager" in marketing.get("/reports/agreed/").content.decode()


@pytest.mark.parametrize(("day", "said"), [("1900-01-01", "from today on"), ("2999-01-01", "within a year")])
def test_S1_24_a_day_that_is_a_slip_of_the_pen_is_refused_beside_it(day: str, said: str) -> None:
    data = {"measure": "accepted", "value": "50", "holds_from": day, "side": "marketing"}
    answer = signed_in(make.marketer()).post("/reports/agreed/", data)
    assert answer.status_code == 422
    assert said in answer.content.decode().split('id="id_holds_from')[2]
    assert not AgreedValue.objects.exists()


def test_S1_24_two_people_agree_on_the_page() -> None:
    marketing, sales = signed_in(make.marketer()), signed_in(make.manager())
    data = {
        "measure": "accepted",
        "value": "50",
        "holds_from": soon(),
        "side": "marketing",
        "note": "<b>",
    }
    answer = marketing.post("/reports/agreed/", data)
    assert answer.status_code == 302
    agreed = AgreedValue.objects.get()

    page = sales.get("/reports/agreed/").content.decode()
    assert "Sign for sales" in page
    assert "&lt;b&gt;" in page
    sales.post(f"/reports/agreed/{agreed.public_id}/signature/", {"side": "sales"})
    agreed.refresh_from_db()
    assert agreed.agreed_at is not None
    again = sales.post(f"/reports/agreed/{agreed.public_id}/signature/", {"side": "sales"}, follow=True)
    assert "agreed already" in again.content.decode()


def test_a_proposal_that_makes_no_sense_names_the_field() -> None:
    client = signed_in(make.marketer())
    data = {"measure": "accepted", "value": "500", "holds_from": soon(), "side": "marketing"}
    answer = client.post("/reports/agreed/", data)

    assert answer.status_code == 422
    assert "100 % at most" in answer.content.decode()
    assert not AgreedValue.objects.exists()


def test_reps_do_not_see_the_page_and_an_unknown_value_is_not_there() -> None:
    assert signed_in(make.rep()).get("/reports/agreed/").status_code == 403
    assert signed_in(make.manager()).post(f"/reports/agreed/{uuid4()}/signature/").status_code == 404
