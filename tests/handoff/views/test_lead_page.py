"""The lead page: how far, why, what happened, and what to do next."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff import decisions
from handoff.models import Handoff, Qualification, RejectReason
from leads import consent
from leads.models import Activity, Lead, LeadAccess, Opportunity
from leads.stages import Phase, Stage
from tests.factories import activity, company, lead
from tests.handoff.factories import QUESTIONS
from tests.handoff.views.worlds import handed_over, sent_back

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


def url(of: Lead | Handoff, tail: str = "") -> str:
    who = of.lead if isinstance(of, Handoff) else of
    return f"/leads/{who.public_id}/{tail}"


def read(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def marta(sol: User) -> Handoff:
    nordwind = company("Nordwind Aufzüge", employees=240, industry="Lifts")
    return handed_over(
        sol,
        "Marta Kowalczyk",
        at=timezone.now() - timedelta(minutes=24),
        title="Head of Operations",
        company=nordwind,
        source="paid search",
        phone="+49 40 555",
    )


@pytest.fixture
def accepted(sol: User, marta: Handoff) -> Handoff:
    decisions.accept(handoff=marta, by=sol, at=timezone.now())
    marta.lead.refresh_from_db()
    return marta


def test_the_page_says_who_how_far_and_what_counts(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    activity(
        marta.lead, "demo_request", timezone.now() - timedelta(hours=1), properties={"message": "20 vans"}
    )

    page = read(signed_in(sol), url(marta))

    assert "<bdi>Head of Operations</bdi> at <a" in page
    assert "<bdi>Nordwind Aufzüge</bdi></a>" in page
    assert 'class="now" aria-current="step"><b>Handed over</b>' in page
    assert "when you accept" in page
    assert "Asked for a demo, a quote, a trial or a call" in page
    assert "20 vans" in page
    assert "yours to give" in page


def test_a_trigger_that_holds_is_named(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    for kind in ("comparison_guide_download", "demo_request"):
        activity(marta.lead, kind, timezone.now() - timedelta(hours=1))

    page = signed_in(sol).get(url(marta)).context["page"]

    assert [trigger["stage"] for trigger in page.fired if trigger["stage"] == "sql"] == ["sql"]


def test_consent_facts_and_colleagues_are_shown_by_name(
    sol: User, mara: User, marta: Handoff, signed_in: SignIn
) -> None:
    for channel in ("email", "phone"):
        consent.record(lead=marta.lead, channel=channel, granted=True, at=timezone.now(), source="demo form")
    karin = lead("Karin Beck", company=marta.lead.company)

    for_sales, for_marketing = read(signed_in(sol), url(marta)), read(signed_in(mara), url(marta))

    assert "Consent to calls and e-mail" in for_sales
    assert "paid search" in for_sales
    assert "Karin Beck" in for_sales
    assert url(karin) not in for_sales
    assert url(karin) in for_marketing


def test_address_number_and_own_fields_stand_among_the_facts_of_who_may_use_them(
    mara: User, signed_in: SignIn
) -> None:
    ada = lead(
        "Ada Byron",
        email="ada@firm.example",
        phone="+49 40 555123",
        stage=Stage.MQL,
        attributes={"fleet": "12 vans <b>", "notes": "met at the fair"},
    )

    page = read(signed_in(mara), url(ada))

    assert "<dd><bdi>ada@firm.example</bdi></dd>" in page
    assert "<dd><bdi>+49 40 555123</bdi></dd>" in page
    assert "<dt><bdi>fleet</bdi></dt><dd><bdi>12 vans &lt;b&gt;</bdi></dd>" in page
    assert "met at the fair" in page


def test_of_an_mql_a_rep_reads_no_number_among_the_facts(sol: User, signed_in: SignIn) -> None:
    ada = lead("Ada Byron", email="ada@firm.example", phone="+49 40 555123", stage=Stage.MQL)
    LeadAccess.objects.create(lead=ada, team=sol.teams.get())

    page = read(signed_in(sol), url(ada))

    assert "<dd><bdi>ada@firm.example</bdi></dd>" not in page
    assert "<dd><bdi>+49 40 555123</bdi></dd>" not in page


def test_a_foreign_lead_is_not_found_on_any_address(nils: User, marta: Handoff, signed_in: SignIn) -> None:
    client = signed_in(nils)

    assert client.get(url(marta)).status_code == 404
    for tail in ("contacts/", "qualification/", "opportunity/"):
        assert client.post(url(marta, tail)).status_code == 404


def test_the_reject_form_is_on_the_page_when_asked_for(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    client = signed_in(sol)

    assert 'id="reject"' not in read(client, url(marta))
    page = read(client, url(marta, "?reject=1"))

    assert page.count('name="reason"') == 10
    assert page.index("More reasons") > page.index('value="duplicate_or_customer"')
    assert page.index("More reasons") < page.index('value="unreachable"')


def test_marketing_hands_over_instead_of_deciding(mara: User, marta: Handoff, signed_in: SignIn) -> None:
    mql = lead("Petra", stage=Stage.MQL)
    client = signed_in(mara)

    assert "/acceptance/" not in read(client, url(marta))
    assert "Hand over to sales" in read(client, url(mql))


def test_previous_and_next_follow_the_queue_one_came_from(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    now = timezone.now()
    before = handed_over(sol, "Before", at=now - timedelta(minutes=30), due=timedelta(minutes=40))
    after = handed_over(sol, "After", at=now, due=timedelta(hours=9))

    page = read(signed_in(sol), url(marta, "?from=queue&view=due"))

    assert "2 of 3" in page
    assert url(before, "?from=queue&amp;view=due") in page
    assert url(after, "?from=queue&amp;view=due") in page


def test_the_timeline_pages_back_and_filters(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    for number in range(40):
        activity(marta.lead, "page_view", timezone.now() - timedelta(days=2, minutes=number))
    activity(marta.lead, "email_opened", timezone.now() - timedelta(days=1))
    client = signed_in(sol)

    first = client.get(url(marta)).context["page"]
    second = client.get(first.earlier_url.split("#")[0]).context["page"]
    mail = client.get(url(marta, "?t=mail")).context["page"]

    assert "Show 17 earlier events" in read(client, url(marta))
    assert [len(page.timeline.entries) for page in (first, second)] == [25, 17]
    assert [entry["title"] for entry in mail.timeline.entries] == ["Opened an e-mail"]


def test_verdicts_are_told_with_reason_and_words(
    sol: User, mara: User, marta: Handoff, signed_in: SignIn
) -> None:
    sent_back(marta, by=sol, reason="no_budget", at=timezone.now(), note="Next year.")

    page = read(signed_in(mara), url(marta))

    assert 'Sol Seller <b>sent it back</b><bdi dir="ltr">: no budget' in page
    assert "Next year." in page
    assert "recycled" not in page


def test_a_recycled_lead_shows_its_earlier_handoffs(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    sent_back(marta, by=sol, at=timezone.now() - timedelta(minutes=5))
    handed_over(sol, of=Lead.objects.get(pk=marta.lead_id), at=timezone.now(), cycle=2)

    page = read(signed_in(sol), url(marta))

    assert "recycled" in page
    assert "Earlier handoffs" in page
    assert "sent back (wrong timing)" in page


def test_undo_is_offered_to_whoever_decided_for_ten_minutes(
    sol: User, max_: User, marta: Handoff, signed_in: SignIn
) -> None:
    decisions.accept(handoff=marta, by=sol, at=timezone.now())

    assert f"/handoffs/{marta.public_id}/undo/" in read(signed_in(sol), url(marta))
    assert f"/handoffs/{marta.public_id}/undo/" not in read(signed_in(max_), url(marta))


# Qualification


def test_bant_answers_are_kept_without_script(sol: User, accepted: Handoff, signed_in: SignIn) -> None:
    answers = {"budget": "3", "budget_note": "20,000 approved", "need": "2", "next": url(accepted)}

    answer = signed_in(sol).post(url(accepted, "qualification/"), answers)

    known = {q.question.key: (q.level, q.note) for q in Qualification.objects.filter(lead=accepted.lead)}
    assert answer.status_code == 302
    assert known == {"budget": (3, "20,000 approved"), "need": (2, "")}


def test_an_answer_is_saved_by_itself_with_htmx(sol: User, accepted: Handoff, signed_in: SignIn) -> None:
    answer = signed_in(sol).post(
        url(accepted, "qualification/"), {"need": "2"}, headers={"HX-Request": "true"}
    )

    page = answer.content.decode()
    assert 'id="saved"' in page
    assert "interest, motivation, budget, authority, timing, a talk or demo still missing" in page


def test_saving_again_leaves_who_said_what_as_it_was(
    sol: User, max_: User, accepted: Handoff, signed_in: SignIn
) -> None:
    signed_in(sol).post(url(accepted, "qualification/"), {"need": "2", "budget": "0"})
    signed_in(max_).post(url(accepted, "qualification/"), {"need": "2", "budget": "1"})

    said = {answer.question.key: answer.by for answer in Qualification.objects.select_related("by")}
    assert said == {"need": sol, "budget": max_}


@pytest.mark.parametrize("level", ["7", "x", "-1"])
def test_an_unknown_level_is_refused(sol: User, accepted: Handoff, signed_in: SignIn, level: str) -> None:
    answer = signed_in(sol).post(url(accepted, "qualification/"), {"need": level})

    assert answer.status_code == 422
    assert not Qualification.objects.exists()


def test_a_colleagues_lead_is_not_mine_to_qualify(sofia: User, accepted: Handoff, signed_in: SignIn) -> None:
    client = signed_in(sofia)

    assert 'id="qualify"' not in read(client, url(accepted))
    assert client.post(url(accepted, "qualification/"), {"need": "2"}).status_code == 403


# Contact and opportunity


def log(client: Client, of: Handoff | Lead, **answers: str) -> Any:
    given = {"kind": "call", "note": "Talked about dispatch.", "key": str(uuid.uuid4()), **answers}
    return client.post(url(of, "contacts/"), given)


def test_a_call_is_logged_in_one_step_and_stamps_the_first_touch(
    sol: User, accepted: Handoff, signed_in: SignIn
) -> None:
    log(signed_in(sol), accepted)

    logged = Activity.objects.get(lead=accepted.lead, source="sales")
    accepted.refresh_from_db()
    assert (logged.type.key, logged.properties["note"]) == ("call_logged", "Talked about dispatch.")
    assert accepted.first_touch_at == logged.occurred_at


def test_a_colleagues_call_is_on_record_but_is_not_the_reps_first_touch(
    sofia: User, max_: User, accepted: Handoff, signed_in: SignIn
) -> None:
    log(signed_in(sofia), accepted)
    accepted.refresh_from_db()
    assert Activity.objects.filter(lead=accepted.lead, source="sales").count() == 1
    assert accepted.first_touch_at is None

    log(signed_in(max_), accepted)  # who leads the team stands in
    accepted.refresh_from_db()
    assert accepted.first_touch_at == Activity.objects.filter(source="sales").latest("id").occurred_at


def test_contact_with_a_closed_lead_is_not_logged(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    sent_back(marta, by=sol, reason="not_a_buyer", at=timezone.now())
    client = signed_in(sol)

    assert 'id="contact"' not in read(client, url(marta))
    assert log(client, marta).status_code == 403
    assert not Activity.objects.filter(source="sales").exists()


def test_the_same_form_sent_twice_logs_one_contact(sol: User, accepted: Handoff, signed_in: SignIn) -> None:
    client, key = signed_in(sol), str(uuid.uuid4())

    log(client, accepted, key=key)
    log(client, accepted, key=key)

    assert Activity.objects.filter(lead=accepted.lead, source="sales").count() == 1


def test_a_note_is_no_contact(sol: User, accepted: Handoff, signed_in: SignIn) -> None:
    log(signed_in(sol), accepted, kind="note", note="Remember the audit.")

    accepted.refresh_from_db()
    assert accepted.first_touch_at is None
    assert Activity.objects.get(source="sales").type.key == "note_added"


def test_s2_09_selling_to_an_mql_asks_for_a_reason(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    sent_back(marta, by=sol, at=timezone.now())
    client = signed_in(sol)

    refused = log(client, marta)
    assert refused.status_code == 422
    assert "Say why: this lead is an MQL" in refused.content.decode()

    log(client, marta, reason="She called us.")
    assert Activity.objects.get(source="sales").properties["reason"] == "She called us."


def test_s2_09_a_setting_removes_the_question(
    sol: User, marta: Handoff, signed_in: SignIn, settings: object
) -> None:
    settings.ASK_WHY_SELL_TO_MQL = False  # type: ignore[attr-defined]
    sent_back(marta, by=sol, at=timezone.now())

    assert log(signed_in(sol), marta).status_code == 302


def test_the_button_says_what_an_opportunity_still_lacks(
    sol: User, accepted: Handoff, signed_in: SignIn
) -> None:
    page = read(signed_in(sol), url(accepted))

    assert "Missing: interest, motivation, budget, authority, need, timing, a talk or demo" in page


def test_s4_02_bant_and_a_talk_make_an_opportunity(sol: User, accepted: Handoff, signed_in: SignIn) -> None:
    client = signed_in(sol)
    refused = client.post(url(accepted, "opportunity/"), {"amount": "24000"})
    assert refused.status_code == 409

    client.post(url(accepted, "qualification/"), dict.fromkeys(QUESTIONS, "3"))
    log(client, accepted)
    client.post(url(accepted, "opportunity/"), {"amount": "24000", "close_on": "2030-01-31"})
    client.post(url(accepted, "opportunity/"), {"amount": "24000"})

    deal = Opportunity.objects.get(lead=accepted.lead)
    assert (deal.amount, deal.owner) == (24000, sol)
    assert "€24,000" in read(client, url(accepted))


def test_c_50_a_contact_or_deal_form_that_is_wrong_keeps_what_was_typed(
    sol: User, accepted: Handoff, signed_in: SignIn
) -> None:
    answer = signed_in(sol).post(url(accepted, "opportunity/"), {"amount": "-5", "close_on": "2030-01-31"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="-5"' in page


def test_reasons_switched_off_are_not_offered(sol: User, marta: Handoff, signed_in: SignIn) -> None:
    RejectReason.objects.filter(code="wrong_industry").update(is_active=False)

    assert "wrong_industry" not in read(signed_in(sol), url(marta, "?reject=1"))


def test_phase_is_marketings_to_set_either_way(mara: User, sol: User, signed_in: SignIn) -> None:
    mql = lead("Petra", stage=Stage.MQL, phase=Phase.DECISION)

    signed_in(mara).post(url(mql, "phase/"), {"phase": "awareness", "next": url(mql)})

    mql.refresh_from_db()
    assert mql.phase == Phase.AWARENESS
    assert signed_in(sol).post(url(mql, "phase/"), {"phase": "decision"}).status_code == 403


def test_handed_over_may_count_as_an_sql(sol: User, marta: Handoff, signed_in: SignIn, settings: Any) -> None:
    settings.HANDED_OVER_IS_SQL = True

    page = read(signed_in(sol), url(marta))

    assert 'aria-current="step"><b>SQL, handed over</b>' in page
    assert "Accepting confirms this SQL." in page
    assert "<b>SQL, accepted</b>" in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"phone": "+49 40 123456", "city": "Hamburg", "country": "DE"}, "there, "),
        ({"phone": "", "country": "AT"}, "there, "),
        ({"phone": "", "country": "US"}, ""),
        ({"phone": "+1 800 555 0100", "country": "US"}, ""),
    ],
)
def test_it_says_what_time_it_is_there_where_that_is_known(
    sol: User, signed_in: SignIn, given: dict[str, str], said: str
) -> None:
    handoff = handed_over(sol, "Marta Kowalczyk", **given)
    page = read(signed_in(sol), url(handoff))
    assert ("office hours" in page) is bool(said)
    assert said in page


def test_a_lead_that_was_sent_back_is_not_with_the_rep_any_more(
    sol: User, marta: Handoff, signed_in: SignIn
) -> None:
    assert "<dt>With</dt>" in read(signed_in(sol), url(marta))
    sent_back(marta, by=sol, at=timezone.now())
    page = read(signed_in(sol), url(marta))
    assert "<dt>With</dt>" not in page
    assert "<dt>Was with</dt><dd>Sol Seller" in page
