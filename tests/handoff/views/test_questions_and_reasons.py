"""The pages on which managers and admins agree on questions, requirements, reasons and recycling."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from handoff import decisions, qualification, recycling
from handoff.models import Framework, Question, RejectReason, Requirement
from tests.factories import NOW, team
from tests.handoff.factories import offered, reason

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

PAGES = [
    "/questions/",
    "/questions/new/",
    "/questions/bant/",
    "/reasons/",
    "/reasons/new/",
    "/reasons/timing/",
]


@pytest.mark.parametrize("path", PAGES)
def test_managers_arrange_and_the_others_do_not(
    sol: User, mara: User, max_: User, signed_in: SignIn, path: str
) -> None:
    assert [signed_in(who).get(path).status_code for who in (sol, mara, max_)] == [403, 403, 200]


def test_a_framework_is_made_with_levels_and_asked_at_once(max_: User, sol: User, signed_in: SignIn) -> None:
    client = signed_in(max_)
    dach = team("DACH")
    client.post(
        "/questions/new/", {"name": "Our own", "teams": [dach.pk], "position": "5", "is_active": "on"}
    )
    path = "/questions/our_own/questions/new/"
    wrong = client.post(path, {"label": "Fleet", "shortcut": "a", "position": "10", "is_active": "on"})
    assert wrong.status_code == 422
    assert "does something else on the lead page" in wrong.content.decode()
    client.post(
        path, {"label": "Fleet", "shortcut": "f", "hint": "How many?", "position": "10", "is_active": "on"}
    )
    own = Framework.objects.get(key="our_own")
    assert own.levels.get(value=0).label == "Unknown"
    handoff = offered(to=sol)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    handoff.lead.refresh_from_db()
    html = signed_in(sol).get(f"/leads/{handoff.lead.public_id}/").content.decode()
    assert "Our own" in html
    assert 'data-key="f"' in html
    assert 'name="budget"' not in html
    assert qualification.missing(lead=handoff.lead, at=NOW) == ["fleet"]


def test_a_requirement_names_only_what_there_is(max_: User, signed_in: SignIn) -> None:
    client, path = signed_in(max_), "/questions/bant/requirements/new/"
    given = {"kind": "activity", "least_level": "1", "times": "1", "position": "30", "is_active": "on"}
    for wrong, said in (
        ({}, "Name at least one activity."),
        ({"types": "no_such_type", "words": "x"}, "There is no “no_such_type”."),
        ({"types": "demo_attended"}, "Say what is missing without it"),
        ({"kind": "answers", "questions": "mood"}, "There is no “mood”."),
    ):
        answer = client.post(path, {**given, **wrong})
        assert answer.status_code == 422, wrong
        assert said in answer.content.decode()
    client.post(path, {**given, "types": "demo_attended, meeting_held", "words": "a demo or meeting"})
    assert Requirement.objects.get(words="a demo or meeting").types == ["demo_attended", "meeting_held"]


def test_a_question_with_answers_stays_and_one_without_goes(max_: User, sol: User, signed_in: SignIn) -> None:
    handoff = offered(to=sol)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    handoff.lead.refresh_from_db()
    qualification.answer(lead=handoff.lead, by=sol, question="need", level=2, at=NOW)
    client = signed_in(max_)
    for key in ("need", "timing"):
        number = Question.objects.get(key=key).pk
        client.post(f"/questions/bant/questions/{number}/removal/")
    assert set(Question.objects.filter(key__in=["need", "timing"]).values_list("key", flat=True)) == {"need"}


def test_a_reason_is_made_edited_and_deleted_while_nobody_used_it(max_: User, signed_in: SignIn) -> None:
    client = signed_in(max_)
    given = {"label": "Wrong country", "key": "4", "destination": "mql", "position": "15", "is_active": "on"}
    refused = client.post("/reasons/new/", given)
    assert refused.status_code == 422
    assert "Say after how many days" in refused.content.decode()
    client.post("/reasons/new/", {**given, "return_days": "45"})
    made = RejectReason.objects.get(code="wrong_country")
    assert (made.key, made.return_days, reason("no_authority").key) == (4, 45, None)
    client.post("/reasons/wrong_country/", {**given, "destination": "closed", "return_days": "45"})
    made.refresh_from_db()
    assert (made.destination, made.return_days) == ("closed", None)
    client.post("/reasons/wrong_country/removal/")
    assert not RejectReason.objects.filter(code="wrong_country").exists()


def test_a_reason_that_stands_in_a_verdict_is_not_deleted(max_: User, sol: User, signed_in: SignIn) -> None:
    decisions.reject(handoff=offered(to=sol), by=sol, reason=reason(), at=NOW)
    client = signed_in(max_)
    assert "switched off, not deleted" in client.get("/reasons/timing/").content.decode()
    client.post("/reasons/timing/removal/")
    assert reason().label == "Wrong timing"


def test_the_recycling_rule_is_one_choice(max_: User, signed_in: SignIn) -> None:
    client = signed_in(max_)
    assert client.post("/reasons/recycling/", {"resets": "fit"}).status_code == 422
    client.post("/reasons/recycling/", {"resets": "engagement"})
    assert (recycling.rule().resets, recycling.rule().edited_by) == ("engagement", max_)
