"""The score page: what the score was at any moment under any version, and why."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff.models import Handoff
from scoring import model_file, publishing, rescoring
from scoring.explanation import explain
from scoring.models import ModelVersion
from tests.factories import activity, company, lead
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


@pytest.fixture
def marta(sol: User) -> Handoff:
    return handed_over(sol, "Marta", title="Head of Operations", company=company(employees=240))


def test_g01_last_tuesday_under_another_version_has_an_exact_answer(mara: User, signed_in: SignIn) -> None:
    now = timezone.now()
    ada = lead("Ada", title="Head of Operations", at=now - timedelta(days=50))
    activity(ada, "demo_request", now - timedelta(days=10))
    data = model_file.starter("default")
    data["rules"][0]["points"] = 30
    data.pop("ceilings")
    newer = model_file.load(data=data)
    publishing.publish(version=newer, by=None, reason="Demos matter more", at=now - timedelta(days=3))
    old = ModelVersion.objects.get(number=1)
    then = now - timedelta(days=10) + timedelta(minutes=1)

    client = signed_in(mara)
    asked = {"at": then.isoformat(), "version": "default:1"}
    page = client.get(f"/leads/{ada.public_id}/score/", asked)

    assert page.status_code == 200
    shown = page.context["page"]
    assert shown.explanation == explain(lead=ada, at=then, version=old, facts="history").as_json()
    text = page.content.decode()
    assert "Default, version 1" in text
    assert ">+25<" in text.replace("\n", "")
    under_new = client.get(f"/leads/{ada.public_id}/score/").context["page"]
    assert under_new.line.version == newer
    assert "Default, version 2 went live" in [mark.words for mark in under_new.marks]


def test_the_line_over_time_touches_every_moment_that_it_marks(mara: User, signed_in: SignIn) -> None:
    now = timezone.now()
    ada = lead("Ada", at=now - timedelta(days=50))
    page = signed_in(mara).get(f"/leads/{ada.public_id}/score/", {"days": "90"}).context["page"]
    assert page.days == 90
    assert (page.history[-1][0] - page.history[0][0]).days == 90
    assert {mark.at for mark in page.marks} <= {moment for moment, *_ in page.history}


@pytest.mark.parametrize("asked", [{"at": "soon"}, {"at": "0001-01-01T00:00"}, {"version": "default:99"}])
def test_a_moment_or_a_version_that_makes_no_sense_is_said_at_the_field(
    mara: User, signed_in: SignIn, asked: dict[str, str]
) -> None:
    page = signed_in(mara).get(f"/leads/{lead().public_id}/score/", asked)
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.content.decode()


def test_a_foreign_lead_has_no_score_page_and_a_draft_is_not_for_sales(
    sol: User, nils: User, marta: Handoff, signed_in: SignIn
) -> None:
    model_file.load(data=model_file.starter("default"))
    address = f"/leads/{marta.lead.public_id}/score/"
    assert signed_in(nils).get(address).status_code == 404
    page = signed_in(sol).get(address)
    assert page.status_code == 200
    assert "default:2" not in page.content.decode()


def test_the_lead_page_says_what_would_make_it_an_sql(mara: User, signed_in: SignIn) -> None:
    ada = lead("Ada", title="Head of Operations", company=company(employees=200, industry="HVAC"))
    page = signed_in(mara).get(f"/leads/{ada.public_id}/").content.decode()
    assert "What would make it an SQL" in page
    assert "Requests a demo, asks to talk to sales, asks for a quote or starts a trial" in page
    assert "+25 intent" in page


def test_a_blocked_lead_is_told_why_on_its_page(mara: User, signed_in: SignIn) -> None:
    ada = lead("Ada", attributes={"no_sales_contact": True})
    page = signed_in(mara).get(f"/leads/{ada.public_id}/").content.decode()
    assert "Nothing does, as long as this holds: Asked sales not to call." in page


def test_a_grade_is_shown_as_its_letter(mara: User, signed_in: SignIn) -> None:
    data = {
        "model": "default",
        "grades": {"from": "D"},
        "rules": [
            {"key": "c", "label": "Berlin", "dimension": "fit", "points": 3, "mismatch": -3,
             "when": {"field": "city", "op": "eq", "value": "Berlin"}}
        ],
        "lines": [{"stage": "sql", "min": {"fit": "B-"}}],
    }  # fmt: skip
    draft = model_file.load(data=data)
    publishing.publish(version=draft, by=None, reason="Grades", at=timezone.now())
    page = signed_in(mara).get(f"/leads/{lead(city='Berlin').public_id}/score/").content.decode()
    assert "line B-, 2 steps short" in page
    assert "Every lead starts at D" in page


def test_the_pages_show_the_model_that_leads_for_the_lead(mara: User, signed_in: SignIn) -> None:
    data = {
        "model": "nordics",
        "rules": [
            {"key": "c", "label": "In the north", "dimension": "fit", "points": 50,
             "when": {"field": "country", "op": "eq", "value": "SE"}}
        ],
        "lines": [{"stage": "sql", "min": {"fit": 10}}],
    }  # fmt: skip
    north = model_file.load(data=data)
    publishing.publish(version=north, by=None, reason="The north", at=timezone.now())
    astrid = lead("Astrid", country="SE")
    rescoring.rescore_changed()
    client = signed_in(mara)
    for tail in ("", "score/"):
        page = client.get(f"/leads/{astrid.public_id}/{tail}")
        assert page.context["page"].line.version == north
        assert "In the north" in page.content.decode()
