"""Accept, send back and undo from a page, with and without htmx."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff import decisions
from handoff.models import Handoff, Qualification, RejectReason, Verdict
from leads.stages import Stage
from tests.browser import worlds as browser_worlds
from tests.handoff.factories import FIRST_CONTACT, question
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
HTMX = {"HX-Request": "true", "HX-Target": "worklist"}


def accept(client: Client, handoff: Handoff, **options: Any) -> Any:
    return client.post(f"/handoffs/{handoff.public_id}/acceptance/", {"next": "/queue/?view=due"}, **options)


def reject(client: Client, handoff: Handoff, **answers: str) -> Any:
    given = {"reason": "timing", "next": "/queue/?view=due", **answers}
    return client.post(f"/handoffs/{handoff.public_id}/rejection/", given)


def undo(client: Client, handoff: Handoff) -> Any:
    return client.post(f"/handoffs/{handoff.public_id}/undo/", {"next": "/queue/?view=due"})


@pytest.fixture
def marta(sol: User) -> Handoff:
    return handed_over(sol, "Marta Kowalczyk", at=timezone.now())


def test_accepting_makes_an_sql_and_offers_undo(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    client = signed_in(sol)

    answer = accept(client, marta)

    marta.lead.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, "/queue/?view=due")
    assert (marta.lead.stage, marta.lead.owner) == (Stage.SQL, sol)
    page = client.get("/queue/?view=due").content.decode()
    assert "Accepted <b>Marta Kowalczyk</b>" in page
    assert f'action="/handoffs/{marta.public_id}/undo/"' in page


def test_htmx_gets_the_list_without_the_row_and_a_toast(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    handed_over(sol, "Next Nora", at=timezone.now())

    answer = accept(signed_in(sol), marta, headers=HTMX)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.strip().startswith('<div id="worklist"')
    assert f'id="handoff-{marta.public_id}"' not in page
    assert "Next Nora" in page
    assert 'hx-swap-oob="beforeend:#toasts"' in page
    assert 'name="next" value="/queue/?view=due"' in page


def test_a_row_drawn_by_a_verdict_leads_back_to_the_list_too(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    handed_over(sol, "Next Nora", at=timezone.now())

    page = accept(signed_in(sol), marta, headers=HTMX).content.decode()

    assert set(re.findall(r'name="next" value="([^"]*)"', page)) == {"/queue/?view=due"}


def test_rejecting_sends_back_with_reason_date_and_note(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    client = signed_in(sol)
    until = timezone.localdate() + timedelta(days=40)

    reject(client, marta, reason="no_budget", note="Asks again in spring.", return_on=until.isoformat())

    verdict = Verdict.objects.get(handoff=marta)
    assert (verdict.reason.code, verdict.note, verdict.return_on) == (
        "no_budget",
        "Asks again in spring.",
        until,
    )
    assert "Rejected <b>Marta Kowalczyk</b>: no budget" in client.get("/queue/").content.decode()


def test_an_empty_return_date_takes_the_reasons_own(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    reject(signed_in(sol), marta, reason="timing", return_on="")

    days = RejectReason.objects.get(code="timing").return_days
    assert Verdict.objects.get(handoff=marta).return_on == timezone.localdate() + timedelta(days=days)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"reason": ""}, "Choose a reason: marketing needs it."),
        ({"reason": "nonsense"}, "This reason is not in use."),
        ({"return_on": "2020-01-01"}, "Back to marketing until: choose a day after today."),
        ({"return_on": "2199-01-01"}, "Back to marketing until: the latest day is "),
        ({"return_on": "soon"}, "Back to marketing until: write the date as 2026-01-12."),
    ],
)
def test_an_unclear_rejection_says_what_is_wrong_and_keeps_the_note(
    sol: User, marta: Handoff, signed_in: SignIn, answers: dict[str, str], said: str
) -> None:
    answer = reject(signed_in(sol), marta, note="Keep this sentence.", **answers)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert "Keep this sentence." in page
    assert Handoff.objects.get(pk=marta.pk).is_open


def test_htmx_gets_an_unclear_form_back_in_the_preview(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    answer = signed_in(sol).post(
        f"/handoffs/{marta.public_id}/rejection/",
        {"reason": "", "note": "Kept.", "next": "/queue/"},
        headers=HTMX,
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'hx-swap-oob="innerHTML:#peek"' in page
    assert "Kept." in page


def test_whoever_comes_second_hears_who_was_first_and_keeps_the_words(
    sol: User, max_: User, marta: Handoff, signed_in: SignIn
) -> None:
    decisions.accept(handoff=marta, by=max_, at=timezone.now())

    answer = reject(signed_in(sol), marta, note="They use a competitor.")

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Marta Kowalczyk was already accepted" in page
    assert "by Max Manager at" in page
    assert "They use a competitor." in page
    assert Verdict.objects.count() == 1


def test_who_sends_their_own_verdict_again_is_not_told_of_somebody_faster(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    client = signed_in(sol)
    accept(client, marta)

    answer = accept(client, marta)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "You have decided this already" in page
    assert "by you at" in page
    assert "Somebody was faster" not in page


def test_htmx_hears_of_the_conflict_in_the_list(
    sol: User, max_: User, marta: Handoff, signed_in: SignIn
) -> None:
    decisions.accept(handoff=marta, by=max_, at=timezone.now())

    answer = accept(signed_in(sol), marta, headers=HTMX)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert page.strip().startswith('<div id="worklist"')
    assert "by Max Manager at" in page


def test_undo_brings_the_lead_back(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    client = signed_in(sol)
    accept(client, marta)

    answer = undo(client, marta)

    marta.refresh_from_db()
    assert answer.status_code == 302
    assert marta.is_open
    assert "Undone: <b>Marta Kowalczyk</b> is back in your queue." in client.get("/queue/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_undoing_a_rejection_shows_the_score_as_it_was(transactional_db: None, signed_in: SignIn) -> None:
    sol = browser_worlds.cast().sol
    marta = browser_worlds.asks_for_a_demo(browser_worlds.fitting("Marta Kowalczyk"))
    client = signed_in(sol)
    before = total_in(client.get("/queue/").content.decode())
    reject(client, marta)
    browser_worlds.work()
    rejected = total_in(client.get("/queue/?view=decided").content.decode())

    answer = client.post(f"/handoffs/{marta.public_id}/undo/", {"next": "/queue/"}, headers=HTMX)

    assert rejected < before
    assert total_in(answer.content.decode()) == before


def total_in(page: str) -> int:
    return int(re.search(r'class="score__n">(\d+)', page)[1])  # type: ignore[index]


def test_undo_says_where_a_lead_is_that_was_not_ones_own(
    sol: User, max_: User, marta: Handoff, signed_in: SignIn
) -> None:
    free = handed_over(None, "Free Fritz", at=timezone.now())
    client = signed_in(max_)
    for handoff in (marta, free):
        accept(client, handoff)
        undo(client, handoff)

    page = client.get("/team/").content.decode()

    assert "Undone: <b>Marta Kowalczyk</b> is back in Sol Seller’s queue." in page
    assert "Undone: <b>Free Fritz</b> is unassigned again." in page


def test_after_an_undo_the_way_is_as_if_the_lead_had_never_been_sent_back(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    client = signed_in(sol)
    reject(client, marta)
    undo(client, marta)

    page = client.get(f"/leads/{marta.lead.public_id}/").content.decode()

    way = page[page.index('aria-label="Stage"') :][:1500] if 'aria-label="Stage"' in page else page
    assert "sent back" not in way


def test_an_undo_that_came_too_late_says_so(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    decisions.accept(handoff=marta, by=sol, at=timezone.now() - timedelta(minutes=11))

    answer = undo(signed_in(sol), marta)

    assert answer.status_code == 409
    assert "10 minutes" in answer.content.decode()


def test_verdicts_are_for_sales_on_leads_they_see(
    sol: User, sofia: User, nils: User, mara: User, marta: Handoff, signed_in: SignIn
) -> None:
    assert accept(signed_in(mara), marta).status_code == 403
    assert accept(signed_in(nils), marta).status_code == 404
    assert accept(signed_in(sofia), marta).status_code == 409
    assert Handoff.objects.get(pk=marta.pk).is_open


def test_on_a_stale_page_a_verdict_says_with_whom_it_is_and_what_was_typed(
    sol: User, sofia: User, marta: Handoff, signed_in: SignIn
) -> None:
    client = signed_in(sol)
    Handoff.objects.filter(pk=marta.pk).update(rep=sofia, assigned_at=timezone.now())

    answer = reject(client, marta, note="Calls back in May")

    assert answer.status_code == 409
    page = answer.content.decode()
    assert f"{marta.lead} is with Sofia Reuter since" in page
    assert "Calls back in May" in page


@pytest.mark.parametrize("kind", ["acceptance", "rejection", "undo"])
def test_verdicts_are_not_given_by_following_a_link(
    sol: User, marta: Handoff, signed_in: SignIn, kind: str
) -> None:
    assert signed_in(sol).get(f"/handoffs/{marta.public_id}/{kind}/").status_code == 405


def test_who_was_signed_out_over_a_form_comes_back_to_its_page_and_reads_that_nothing_was_saved(
    sol: User, marta: Handoff
) -> None:
    client = Client()

    answer = accept(client, marta)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/queue/%3Fview%3Ddue")
    client.force_login(sol)

    page = client.get("/queue/?view=due").content.decode()
    assert "Not saved: you were signed out. Please try again." in page
    assert Handoff.objects.get(pk=marta.pk).is_open


@pytest.mark.parametrize("back", ["", "https://evil.example/queue/"])
def test_a_form_that_names_no_page_of_ours_leads_to_the_start(marta: Handoff, back: str) -> None:
    answer = Client().post(f"/handoffs/{marta.public_id}/acceptance/", {"next": back})

    assert answer["Location"] == "/accounts/login/?next=/"


def test_the_way_back_never_leads_to_another_site(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    answer = signed_in(sol).post(
        f"/handoffs/{marta.public_id}/acceptance/", {"next": "https://evil.example/queue/"}
    )

    assert answer["Location"] == f"/leads/{marta.lead.public_id}/"


def test_what_nobody_had_becomes_ones_own_by_accepting(sol: User, signed_in: SignIn) -> None:
    free = handed_over(None, "Free Fritz", at=timezone.now())

    accept(signed_in(sol), free)

    free.refresh_from_db()
    assert (free.rep, free.status) == (sol, Handoff.Status.ACCEPTED)


# Where the first contact is asked about before acceptance


def test_s0_12_accepting_asks_for_interest_and_motivation_in_one_step(
    sol: User, marta: Handoff, signed_in: SignIn, settings: Any
) -> None:
    settings.ASK_INTEREST_TO_ACCEPT = True
    client = signed_in(sol)

    asked = accept(client, marta)
    page = asked.content.decode()
    assert asked.status_code == 422
    assert "Interest and motivation are missing: what did the first contact say?" in page
    assert all(f'name="{name}"' in page for name in ("interest", "interest_note", "motivation"))
    assert 'value="/queue/?view=due"' in page
    assert Handoff.objects.get(pk=marta.pk).is_open

    told = {"interest": "2", "interest_note": "The board", "motivation": "3", "next": "/queue/?view=due"}
    answer = client.post(f"/handoffs/{marta.public_id}/acceptance/", told)
    assert (answer.status_code, answer["Location"]) == (302, "/queue/?view=due")
    known = {each.question.key: (each.level, each.note) for each in Qualification.objects.filter(by=sol)}
    assert known == {"interest": (2, "The board"), "motivation": (3, "")}
    assert not Handoff.objects.get(pk=marta.pk).is_open


def test_s0_12_htmx_gets_the_questions_beside_the_list_and_keeps_what_was_said(
    sol: User, marta: Handoff, signed_in: SignIn, settings: Any
) -> None:
    settings.ASK_INTEREST_TO_ACCEPT = True

    answer = signed_in(sol).post(
        f"/handoffs/{marta.public_id}/acceptance/",
        {"interest": "2", "interest_note": "Kept.", "next": "/queue/"},
        headers=HTMX,
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'hx-swap-oob="innerHTML:#peek"' in page
    assert "Motivation is missing" in page
    assert 'value="Kept."' in page
    assert not Qualification.objects.exists()


def test_s0_12_what_is_known_is_not_asked_again(
    sol: User, marta: Handoff, signed_in: SignIn, settings: Any
) -> None:
    settings.ASK_INTEREST_TO_ACCEPT = True
    for key in FIRST_CONTACT:
        Qualification.objects.create(lead=marta.lead, question=question(key), level=2, by=sol)

    assert accept(signed_in(sol), marta).status_code == 302


@pytest.mark.parametrize("answers", [{"interest": "9"}, {"interest": "2", "interest_note": "x" * 301}])
def test_an_answer_that_cannot_be_kept_is_asked_again(
    sol: User, marta: Handoff, signed_in: SignIn, answers: dict[str, str]
) -> None:
    answer = signed_in(sol).post(f"/handoffs/{marta.public_id}/acceptance/", answers)

    assert answer.status_code == 422
    assert Handoff.objects.get(pk=marta.pk).is_open


def test_who_takes_a_rejection_back_finds_its_words_in_the_form_again(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    client = signed_in(sol)
    reject(client, marta, reason="no_budget", note="Asked her twice.")
    undo(client, marta)
    for path in (f"/leads/{marta.lead.public_id}/?reject=1", f"/queue/?lead={marta.lead.public_id}&reject=1"):
        page = client.get(path).content.decode()
        assert "Asked her twice.</textarea>" in page
        assert re.search(r'value="no_budget"[^>]* checked', page)
