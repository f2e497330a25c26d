"""What sales does on the lead page beside deciding: tasks, deals, ratings; and what marketing disputes."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff import contacts, decisions, qualification
from handoff.models import Dispute, Handoff, Rating, Requirement, Task
from leads.models import Activity, CompetingSupplier, Lead, Opportunity
from leads.stages import Stage
from tests.factories import activity, lead, rep
from tests.handoff.views.worlds import handed_over, sent_back

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def marta(sol: User) -> Handoff:
    return handed_over(sol, "Marta Kowalczyk", at=timezone.now() - timedelta(minutes=24))


@pytest.fixture
def deal(sol: User, marta: Handoff) -> Opportunity:
    decisions.accept(handoff=marta, by=sol, at=timezone.now())
    Requirement.objects.update(is_active=False)
    return qualification.convert(lead=marta.lead, by=sol, at=timezone.now(), amount=24000)


def page(client: Client, of: Lead, tail: str = "") -> str:
    answer = client.get(f"/leads/{of.public_id}/{tail}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def new_task(of: Lead, to: User, **fields: str) -> dict[str, Any]:
    due = timezone.localtime(timezone.now() + timedelta(days=1))
    given = {"title": "Call back", "due_at": f"{due:%Y-%m-%dT%H:%M}", "owner": str(to.public_id)}
    return {**given, "key": str(uuid.uuid4()), **fields}


def test_a_task_is_one_step_and_shown_overdue(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    client = signed_in(sol)
    given = new_task(marta.lead, sol)
    for _ in range(2):
        assert client.post(f"/leads/{marta.lead.public_id}/tasks/", given).status_code == 302
    todo = Task.objects.get()
    assert "1 open" in page(client, marta.lead)
    Task.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert "1 overdue" in page(client, marta.lead)
    client.post(f"/tasks/{todo.public_id}/done/")
    assert "<b>did</b>" in page(client, marta.lead)
    client.post(f"/tasks/{todo.public_id}/undone/")
    assert Task.objects.get().is_open


def test_a_task_form_that_is_wrong_says_what_and_keeps_the_rest(
    sol: User, nils: User, marta: Handoff, signed_in: SignIn
) -> None:
    client = signed_in(sol)
    for wrong, said in (
        ({"due_at": "2020-01-01T10:00"}, "Choose a moment to come."),
        ({"title": ""}, "Say what is to do."),
        ({"owner": str(nils.public_id)}, "Select a valid choice"),
    ):
        answer = client.post(f"/leads/{marta.lead.public_id}/tasks/", new_task(marta.lead, sol, **wrong))
        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert not Task.objects.exists()


def test_a_task_is_moved_and_its_owner_is_told_again_when_it_is_due_then(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    client = signed_in(sol)
    client.post(f"/leads/{marta.lead.public_id}/tasks/", new_task(marta.lead, sol))
    todo = Task.objects.get()
    Task.objects.update(reminded_at=timezone.now())
    later = (timezone.now() + timedelta(days=3)).replace(second=0, microsecond=0)
    moved = {"due_at": f"{timezone.localtime(later):%Y-%m-%dT%H:%M}"}
    for _ in range(3):
        client.post(f"/tasks/{todo.public_id}/due-date/", moved)
    todo.refresh_from_db()
    assert (todo.due_at, todo.reminded_at) == (later, None)
    refused = client.post(f"/tasks/{todo.public_id}/due-date/", {"due_at": "2020-01-01T10:00"}, follow=True)
    assert "Choose a moment to come." in refused.content.decode()
    assert (
        "Say by when." in client.post(f"/tasks/{todo.public_id}/due-date/", {}, follow=True).content.decode()
    )
    assert signed_in(rep("Mona Mate")).post(f"/tasks/{todo.public_id}/due-date/", moved).status_code == 403


def test_another_teams_task_is_not_found(nils: User, sol: User, marta: Handoff, signed_in: SignIn) -> None:
    signed_in(sol).post(f"/leads/{marta.lead.public_id}/tasks/", new_task(marta.lead, sol))
    client = signed_in(nils)
    assert client.post(f"/tasks/{Task.objects.get().public_id}/done/").status_code == 404
    assert client.post(f"/leads/{marta.lead.public_id}/tasks/", {}).status_code == 404


@pytest.mark.parametrize(("kind", "type_key"), [("left_word", "voicemail_left"), ("demo", "demo_attended")])
def test_every_outcome_of_a_contact_is_an_activity_of_its_own(
    sol: User, marta: Handoff, signed_in: SignIn, kind: str, type_key: str
) -> None:
    given = {"kind": kind, "key": str(uuid.uuid4())}
    signed_in(sol).post(f"/leads/{marta.lead.public_id}/contacts/", given)
    assert Activity.objects.get(source="sales").type.key == type_key
    marta.refresh_from_db()
    assert marta.first_touch_at is not None


def test_s2_09_the_verb_itself_refuses_without_a_reason(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    sent_back(marta, by=sol, at=timezone.now())
    mql = Lead.objects.get()
    with pytest.raises(contacts.ReasonNeeded):
        contacts.log(lead=mql, by=sol, kind="call", key=uuid.uuid4(), at=timezone.now())
    assert not Activity.objects.filter(source="sales").exists()
    html = page(signed_in(sol), mql)
    assert "Call or write…" in html
    assert "This is an MQL." in html


def test_a_deal_moves_is_lost_and_reopened(sol: User, deal: Opportunity, signed_in: SignIn) -> None:
    client, path = signed_in(sol), f"/opportunities/{deal.public_id}"
    client.post(f"{path}/stage/", {"stage": "proposal"})
    assert "weighted €12,000" in page(client, deal.lead)
    assert client.post(f"{path}/outcome/", {"outcome": "lost"}).status_code == 422
    client.post(f"{path}/outcome/", {"outcome": "lost", "reason": "price", "note": "A third more."})
    html = page(client, deal.lead)
    assert "too expensive" in html
    assert "A third more." in html
    assert client.post(f"{path}/stage/", {"stage": "agreed"}).status_code == 409
    client.post(f"{path}/reopening/")
    client.post(f"{path}/figures/", {"name": "Pilot", "amount": "1000.50", "close_on": "2030-01-31"})
    assert "€1,000.50" in page(client, deal.lead)
    assert Lead.objects.get().stage == Stage.OPPORTUNITY


def test_every_form_of_the_page_can_be_sent(
    sol: User, marta: Handoff, deal: Opportunity, max_: User, signed_in: SignIn
) -> None:
    waiting = handed_over(sol, "Max Müller", at=timezone.now())
    for lead_ in (waiting.lead, marta.lead):
        html = page(signed_in(max_), lead_)
        forms = [form for form in html.split("<form")[1:] if 'method="post"' in form.split(">")[0]]
        assert forms
        assert [form for form in forms if "csrfmiddlewaretoken" not in form.split("</form>")[0]] == []
    assert f"/handoffs/{waiting.public_id}/pause/" in page(signed_in(max_), waiting.lead)


def test_an_acceptance_is_not_offered_for_undo_once_it_is_an_opportunity(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    client, undo = signed_in(sol), f"/handoffs/{marta.public_id}/undo/"
    decisions.accept(handoff=marta, by=sol, at=timezone.now())
    assert undo in page(client, marta.lead)
    Requirement.objects.update(is_active=False)
    qualification.convert(lead=marta.lead, by=sol, at=timezone.now())
    assert undo not in page(client, marta.lead)


def test_a_colleague_sees_the_deal_and_does_not_move_it(
    sofia: User, mara: User, deal: Opportunity, signed_in: SignIn
) -> None:
    for stranger in (sofia, mara):
        client = signed_in(stranger)
        html = page(client, deal.lead)
        assert "€24,000" in html
        assert "/stage/" not in html
        assert client.post(f"/opportunities/{deal.public_id}/outcome/", {"outcome": "won"}).status_code == 403
    assert Opportunity.objects.get().is_open


def test_s2_16_a_manager_sees_what_is_missing_and_goes_on_with_a_reason(
    sol: User, max_: User, marta: Handoff, signed_in: SignIn
) -> None:
    decisions.accept(handoff=marta, by=sol, at=timezone.now())
    assert "Why go on all the same?" not in page(signed_in(sol), marta.lead)
    client = signed_in(max_)
    assert "Go on without interest" in page(client, marta.lead)
    path = f"/leads/{marta.lead.public_id}/opportunity/"
    assert client.post(path, {}).status_code == 409
    client.post(path, {"override": "Their CEO called ours."})
    assert "Their CEO called ours." in page(client, marta.lead)


def test_s2_06_other_suppliers_are_noted_and_taken_off(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    client, path = signed_in(sol), f"/leads/{marta.lead.public_id}/suppliers/"
    client.post(path, {"name": "RouteMaster", "note": "<b>Contract</b> until March"})
    html = page(client, marta.lead)
    assert "RouteMaster" in html
    assert "&lt;b&gt;Contract" in html
    client.post(f"{path}{CompetingSupplier.objects.get().pk}/removal/")
    assert not CompetingSupplier.objects.exists()
    assert client.post(path, {"name": ""}).status_code == 422


def test_s4_14_a_handoff_is_rated_in_one_click_after_the_verdict(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    client = signed_in(sol)
    assert "How good was this handoff?" not in page(client, marta.lead)
    decisions.accept(handoff=marta, by=sol, at=timezone.now())
    assert "How good was this handoff?" in page(client, marta.lead)
    for score in ("2", "4"):
        client.post(f"/handoffs/{marta.public_id}/rating/", {"score": score})
    assert Rating.objects.get().score == 4
    client.post(f"/handoffs/{marta.public_id}/rating/", {"score": "9"})
    assert Rating.objects.get().score == 4


def test_s4_14_managers_and_marketing_read_the_trend_reps_do_not(
    sol: User, mara: User, max_: User, marta: Handoff, signed_in: SignIn
) -> None:
    decisions.accept(handoff=marta, by=sol, at=timezone.now())
    signed_in(sol).post(f"/handoffs/{marta.public_id}/rating/", {"score": "2", "note": "Nobody knew of it."})
    assert signed_in(sol).get("/quality/").status_code == 403
    for reader in (mara, max_):
        assert "Nobody knew of it." in signed_in(reader).get("/quality/?by=model").content.decode()


def test_a_dispute_goes_from_the_lead_page_to_the_list_and_is_settled_by_both(
    sol: User, mara: User, max_: User, marta: Handoff, signed_in: SignIn
) -> None:
    sent_back(marta, by=sol, at=timezone.now())
    market, sales, path = signed_in(mara), signed_in(max_), f"/handoffs/{marta.public_id}/dispute/"
    assert signed_in(sol).post(path, {"note": "No."}).status_code == 403
    assert market.post(path, {"note": ""}).status_code == 422
    market.post(path, {"note": "She asked for an offer."})
    found = Dispute.objects.get()
    assert "She asked for an offer." in sales.get("/disputes/").content.decode()
    say = f"/disputes/{found.public_id}/settlement/"
    market.post(say, {"side": "marketing", "was_sql": "yes"})
    assert market.post(say, {"side": "sales", "was_sql": "yes"}).status_code == 403
    sales.post(say, {"side": "sales", "was_sql": "yes"})
    found.refresh_from_db()
    assert found.was_sql is True
    assert "it was an SQL" in sales.get("/disputes/?show=settled").content.decode()
    assert "Both sides agreed" in page(market, marta.lead)


def test_several_kinds_can_be_shown_at_once_and_each_chip_leads_to_the_others(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    activity(marta.lead, "email_opened", timezone.now() - timedelta(hours=2))
    activity(marta.lead, "page_view", timezone.now() - timedelta(hours=3))
    client = signed_in(sol)
    shown = client.get(f"/leads/{marta.lead.public_id}/?t=mail&t=web&t=nonsense").context["page"]
    assert [entry["title"] for entry in shown.timeline.entries] == ["Opened an e-mail", "Viewed a page"]
    urls = {chip.label: (chip.url.split("?")[-1], chip.on) for chip in shown.kinds}
    assert urls["Web"] == ("t=mail#timeline", True)
    assert urls["Steps"] == ("t=web&t=mail&t=steps#timeline", False)


def test_hostile_words_stay_words(sol: User, signed_in: SignIn) -> None:
    evil = "<script>alert(1)</script>"
    handoff = handed_over(sol, evil, at=timezone.now() - timedelta(minutes=3))
    client = signed_in(sol)
    client.post(f"/leads/{handoff.lead.public_id}/tasks/", new_task(handoff.lead, sol, title=evil))
    client.post(f"/leads/{handoff.lead.public_id}/suppliers/", {"name": evil, "note": evil})
    assert lead("Other") != handoff.lead
    assert evil not in page(client, handoff.lead)


@pytest.mark.parametrize(
    ("path", "named"), [("contacts", "What was said?"), ("suppliers", "What about them?")]
)
def test_a_long_text_is_refused_by_name_and_kept(
    sol: User, marta: Handoff, signed_in: SignIn, path: str, named: str
) -> None:
    long = "a word too many, " * 200
    sent = {"kind": "note", "key": str(uuid.uuid4()), "name": "Rival", "note": long}
    if path == "suppliers":
        decisions.accept(handoff=marta, by=sol, at=timezone.now())
    answer = signed_in(sol).post(f"/leads/{marta.lead.public_id}/{path}/", sent)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert long.strip() in html
    assert f">{named}</a>" in html
    assert "at most. Nothing was cut: shorten it." in html


def test_a_long_note_on_an_answer_a_rating_and_a_pause_is_refused_and_kept(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    client, long = signed_in(sol), "a word too many, " * 20
    for path, sent in (
        (f"/leads/{marta.lead.public_id}/qualification/", {"budget": "1", "budget_note": long}),
        (f"/handoffs/{marta.public_id}/pause/", {"pause-reason": long}),
        (f"/handoffs/{marta.public_id}/snooze/", {"preset": "hour", "reason": long}),
        (f"/handoffs/{marta.public_id}/rejection/", {"reason": "timing", "note": long * 10}),
        (f"/handoffs/{marta.public_id}/acceptance/", {"interest": "1", "interest_note": long}),
    ):
        answer = client.post(path, sent)
        html = answer.content.decode()
        assert answer.status_code == 422, path
        assert long.strip() in html, path
        assert "at most. Nothing was cut" in html, path
    assert not marta.verdicts.exists()
    decisions.accept(handoff=marta, by=sol, at=timezone.now())
    answer = client.post(f"/handoffs/{marta.public_id}/rating/", {"score": "4", "note": long})
    assert answer.status_code == 422
    assert long.strip() in answer.content.decode()


def test_an_answer_that_saves_itself_says_why_it_did_not(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    answer = signed_in(sol).post(
        f"/leads/{marta.lead.public_id}/qualification/",
        {"budget": "1", "budget_note": "x" * 301},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 422
    assert "Not saved. Budget note: it has 301 characters" in answer.content.decode()


def test_an_amount_is_read_as_a_german_types_it_and_said_back(
    sol: User, deal: Opportunity, signed_in: SignIn
) -> None:
    client = signed_in(sol)
    figures = f"/opportunities/{deal.public_id}/figures/"
    answer = client.post(figures, {"name": "Pilot", "amount": "48.000"}, follow=True)
    assert "Saved <b>Pilot</b> of €48,000." in answer.content.decode()
    answer = client.post(figures, {"name": "Pilot", "amount": "48.000k"})
    assert answer.status_code == 422
    assert 'value="48.000k"' in answer.content.decode()


def test_an_open_deal_does_not_close_in_the_past(sol: User, deal: Opportunity, signed_in: SignIn) -> None:
    client, figures = signed_in(sol), f"/opportunities/{deal.public_id}/figures/"
    answer = client.post(figures, {"name": "Pilot", "close_on": "2020-01-31"})
    assert answer.status_code == 422
    assert "Lies in the past" in answer.content.decode()
    Opportunity.objects.update(close_on="2020-01-31")
    assert client.post(figures, {"name": "Renamed", "close_on": "2020-01-31"}).status_code == 302
    assert Opportunity.objects.get().name == "Renamed"


def test_a_rep_is_not_sent_to_the_list_of_disputes_that_is_not_theirs(
    sol: User, mara: User, marta: Handoff, signed_in: SignIn
) -> None:
    sent_back(marta, by=sol, at=timezone.now())
    signed_in(mara).post(f"/handoffs/{marta.public_id}/dispute/", {"note": "She asked for a demo."})
    assert 'href="/disputes/"' in page(signed_in(mara), marta.lead)
    html = page(signed_in(sol), marta.lead)
    assert "Marketing and sales settle it." in html
    assert "/disputes/" not in html
