"""Every fact that other systems can hear of, told by the verb that makes it true."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from accounts.models import User
from handoff import decisions, escalation, pipeline, qualification
from handoff.models import Handoff, RejectReason
from leads.models import Lead
from leads.stages import Stage
from notifications import endpoints
from notifications.event_types import EVENT_TYPES
from notifications.models import Announcement, Endpoint
from scoring.rescoring import rescore_changed
from tests.browser import worlds
from tests.factories import NOW, activity, admin, company, lead, rep
from tests.handoff.factories import QUESTIONS, pool

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> None:
    """Somebody listens to everything."""
    made = Endpoint(name="All", events=list(EVENT_TYPES), created_by=admin())
    made.point_to("https://example.com/")
    endpoints.equip(made)
    made.save()


def work(at=NOW) -> None:
    rescore_changed(at=at)
    pipeline.run(at=at)


def asks(name: str = "Marta Kowalczyk") -> Lead:
    firm = company("Nordwind", employees=240, industry="Field service")
    who = lead(name, company=firm, title="Head of Operations", phone="+49 40 1", country="DE")
    activity(who, "demo_request", NOW - timedelta(minutes=1))
    return who


def told(event: str) -> dict[str, Any]:
    data: dict[str, Any] = Announcement.objects.get(type=event).data
    return data


@pytest.mark.usefixtures("heard")
def test_handed_over_says_who_why_and_where() -> None:
    sol = rep()
    pool(sol)
    marta = asks()
    work()
    handoff = Handoff.objects.get()
    data = told("lead.handed_over")
    assert data["summary"] == "Marta Kowalczyk is with Sol Seller"
    assert data["url"] == f"http://localhost/leads/{marta.public_id}/"
    assert data["lead"]["id"] == str(marta.public_id)
    assert data["lead"]["company"]["name"] == "Nordwind"
    assert data["rep"] == {"id": str(sol.public_id), "name": "Sol Seller"}
    assert data["handoff"]["id"] == str(handoff.public_id)
    assert data["handoff"]["due_at"] == handoff.due_at.isoformat()
    assert "demo" in data["why_now"].lower()
    assert any(reason["points"] == 25 and reason["dimension"] == "intent" for reason in data["reasons"])
    assert data["score"]["intent"] >= 20
    work()
    assert Announcement.objects.filter(type="lead.handed_over").count() == 1
    assert Announcement.objects.get(type="lead.handed_over").about == marta.public_id


@pytest.mark.usefixtures("heard")
def test_nobody_available_then_found_then_overdue() -> None:
    sol = rep()
    sol.is_active = False
    sol.save()
    pool(sol)
    asks()
    work()
    assert told("lead.handed_over")["rep"] is None
    assert told("handoff.unassigned")["summary"] == "Nobody is available for Marta Kowalczyk"
    sol.is_active = True
    sol.save()
    work(NOW + timedelta(minutes=1))
    assert told("handoff.assigned")["rep"]["name"] == "Sol Seller"
    assert Announcement.objects.filter(type="lead.handed_over").count() == 1
    late = Handoff.objects.get().due_at + timedelta(minutes=1)
    escalation.run(at=late)
    escalation.run(at=late)
    assert told("handoff.overdue")["summary"] == "Marta Kowalczyk is overdue with Sol Seller"


@pytest.mark.usefixtures("heard")
def test_mql_says_how_strong_and_why() -> None:
    who = lead("Mia Mql")
    activity(who, "newsletter_signup", NOW - timedelta(minutes=1))
    work()
    data = told("lead.mql")
    assert data["stage"] == {"from": "lead", "to": "mql", "strength": "weak"}
    assert [reason["dimension"] for reason in data["reasons"]] == ["engagement"]


@pytest.mark.usefixtures("heard")
def test_verdicts_and_taking_them_back() -> None:
    sol = rep()
    pool(sol)
    asks()
    work()
    handoff = Handoff.objects.get()
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    assert told("lead.accepted")["verdict"]["by"]["name"] == "Sol Seller"
    decisions.undo(handoff=handoff, by=sol, at=NOW + timedelta(minutes=1))
    assert told("verdict.undone")["verdict"]["kind"] == "undo"
    timing = RejectReason.objects.get(code="timing")
    decisions.reject(handoff=handoff, by=sol, reason=timing, at=NOW, note="Contract until March.")
    data = told("lead.sent_back")
    assert data["verdict"]["reason"]["code"] == "timing"
    assert data["verdict"]["note"] == "Contract until March."
    assert data["verdict"]["return_on"]
    assert data["lead"]["stage"] == Stage.MQL


@pytest.mark.usefixtures("heard")
def test_an_opportunity_is_told_once() -> None:
    sol = rep()
    pool(sol)
    marta = asks()
    work()
    decisions.accept(handoff=Handoff.objects.get(), by=sol, at=NOW)
    marta.refresh_from_db()
    for question in QUESTIONS:
        qualification.answer(lead=marta, by=sol, question=question, level=3, at=NOW)
    activity(marta, "call_logged", NOW)
    marta.refresh_from_db()
    for _ in range(2):
        qualification.convert(lead=marta, by=sol, at=NOW, name="Nordwind", amount=24000)
    data = told("opportunity.created")
    assert (data["opportunity"]["name"], data["opportunity"]["amount"]) == ("Nordwind", "24000")


@pytest.mark.usefixtures("heard")
def test_a_worker_is_told_to_look_when_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[str] = []
    monkeypatch.setattr("handoff.announcements.tick", ticks.append)
    pool(rep())
    asks()
    work()
    assert set(ticks) == {"calls"}
    assert "notifications.tasks.make_calls" in (settings.TICKS["calls"], *settings.BEAT)


def test_without_a_listener_nothing_is_written() -> None:
    cast = worlds.cast()
    assert isinstance(cast.sol, User)
    worlds.asks_for_a_demo(worlds.fitting("Marta Kowalczyk"))
    assert not Announcement.objects.exists()
