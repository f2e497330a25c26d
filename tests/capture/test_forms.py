"""What visitors send with a form becomes a lead and an activity, once; and an anonymous post reveals nothing
and takes nothing away."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from capture import intake
from capture.models import Arrival, RefusedItem, Submission, WebForm, WebFormField
from capture.views import public_forms
from capture.webforms import arranging, confirming, stamps
from leads import consent, merging
from leads.models import Activity, ActivityType, Company, ConsentEvent, Lead, Visitor
from tests import factories as make
from tests.capture.forms import FILE, HERE, built, opened, path, send, tally

pytestmark = pytest.mark.django_db
ANNA = "a" * 32


@pytest.fixture
def contact(db: None) -> WebForm:
    return built("contact")


def same(one: Any, other: Any) -> bool:
    return (one.status_code, one.content, dict(one.headers)) == (
        other.status_code,
        other.content,
        dict(other.headers),
    )


def test_a_submission_becomes_a_lead_and_an_activity(contact: WebForm) -> None:
    said = {"company": "Nordwind Aufzüge", "phone": "+49 30 1234", "email": "Ada@Firm.Example"}
    answer = send(contact, said)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/f/contact/thanks/")
    ada = Lead.objects.get()
    assert (ada.email, ada.name, ada.phone) == ("ada@firm.example", "Ada Byron", "+49 30 1234")
    assert (ada.company.name, ada.source) == ("Nordwind Aufzüge", "contact")
    asked = Activity.objects.get()
    assert (asked.lead, asked.type.key, asked.source) == (ada, "contact_sales", "contact")
    assert (asked.properties["form"], asked.properties["message"]) == ("contact", "Call me")
    assert tally(contact) == (1, 0, 0, 0)
    assert Submission.objects.get().lead == ada


def test_the_page_works_without_scripts_and_sets_no_cookie(contact: WebForm) -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.get(path(contact))

    assert page.status_code == 200
    assert not page.cookies
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    answer = send(contact, stamp=opened(contact), proof="")
    assert answer.status_code == 302
    assert not answer.cookies
    assert Submission.objects.get().state == "taken"


def test_F6_the_same_post_three_times_counts_once(contact: WebForm) -> None:
    stamp = opened(contact)
    for _ in range(3):
        assert send(contact, stamp=stamp).status_code == 302

    assert Activity.objects.count() == Submission.objects.count() == 1
    assert tally(contact) == (1, 2, 0, 0)


def test_other_answers_from_the_same_page_are_not_lost(contact: WebForm) -> None:
    stamp = opened(contact)
    send(contact, {"message": "First"}, stamp=stamp)
    send(contact, {"message": "Second thoughts"}, stamp=stamp)

    assert {one["message"] for one in Submission.objects.values_list("answers", flat=True)} == {
        "First",
        "Second thoughts",
    }


def test_wrong_answers_are_named_kept_and_counted(contact: WebForm) -> None:
    answer = send(contact, {"email": "ada at firm", "name": "", "company": "Nordwind <b>"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="ada at firm"' in page
    assert "Nordwind &lt;b&gt;" in page
    assert 'href="#q_email"' in page
    assert 'href="#q_name"' in page
    assert not Submission.objects.exists()
    assert tally(contact) == (0, 0, 0, 1)
    assert RefusedItem.objects.get().field in ("name", "email")


def test_the_page_that_comes_back_may_be_sent_at_once(contact: WebForm) -> None:
    """Whoever mends a mistake in a second is no robot: the page was opened a while ago."""
    first = send(contact, {"email": "wrong"})
    assert send(contact, stamp=first.context["stamp"]).status_code == 302
    assert tally(contact) == (1, 0, 0, 1)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "x",
        "a@b",
        "a@b.example\nBcc: x@y.example",
        "a" * 300 + "@b.example",
        f"a@{'ü' * 60}.de",  # no domain once it is written for the network
    ],
)
def test_an_address_is_always_needed(contact: WebForm, email: str) -> None:
    WebFormField.objects.filter(fills="email").update(required=False)
    assert send(contact, {"email": email}).status_code == 422


def test_S16_a_known_address_and_an_unknown_one_get_the_same_answer(contact: WebForm) -> None:
    make.lead("Ada", email="ada@firm.example")
    known = send(contact)
    unknown = send(contact, {"email": "new@firm.example"})

    assert same(known, unknown)
    client = Client()
    assert same(client.get(known.headers["Location"]), client.get(unknown.headers["Location"]))


@pytest.mark.parametrize("took", [0.035, 0.099, 0.145])
def test_S16_an_answer_comes_at_a_whole_step_whatever_had_to_be_made(
    contact: WebForm, monkeypatch: pytest.MonkeyPatch, settings: Any, took: float
) -> None:
    settings.FORM_ANSWER_STEP_SECONDS = 0.1
    clock = iter([100.0, 100.0 + took])
    slept: list[float] = []
    watch = SimpleNamespace(monotonic=lambda: next(clock), sleep=slept.append)
    monkeypatch.setattr(public_forms, "time", watch)
    assert send(contact).status_code == 302

    assert slept == [pytest.approx(0.2 - took if took > 0.1 else 0.1 - took)]


def test_S16_held_ones_get_the_same_answer_as_taken_ones(contact: WebForm) -> None:
    taken, held = send(contact), send(contact, {"contact_website": "x"}, stamp=opened(contact))
    assert same(taken, held)


def test_S16_what_is_known_of_a_lead_is_not_overwritten_and_nothing_is_lost(contact: WebForm) -> None:
    firm = Company.objects.create(name="Firm", domain="firm.example", employees=40)
    ada = make.lead("Ada", email="ada@firm.example", title="CTO", source="webinar", company=firm)
    owner = make.rep()
    Lead.objects.filter(pk=ada.pk).update(owner=owner, phone="")
    was = Lead.objects.get()
    send(
        contact,
        {"name": "Mallory", "company": "Evil Ltd", "phone": "+49 30 99", "owner": "1", "stage": "sql"},
    )

    now = Lead.objects.get()
    assert (now.name, now.title, now.company_id, now.source) == ("Ada", "CTO", firm.pk, "webinar")
    assert (now.owner_id, now.stage) == (was.owner_id, was.stage)
    assert now.phone == "+49 30 99"
    assert not Company.objects.filter(name="Evil Ltd").exists()
    kept = Submission.objects.get().answers
    assert (kept["name"], kept["company"]) == ("Mallory", "Evil Ltd")


def test_S16_a_known_company_is_named_and_stays_as_it_is() -> None:
    firm = Company.objects.create(name="Nordwind", employees=40)
    demo = built("demo")
    send(demo, {"company": "NORDWIND", "employees": "9000"})

    firm.refresh_from_db()
    assert (firm.name, firm.employees, firm.domain) == ("Nordwind", 40, None)
    assert Lead.objects.get().company == firm
    assert Company.objects.count() == 1


def test_a_new_lead_works_for_the_company_of_their_address(contact: WebForm) -> None:
    send(contact, {"email": "ada@mail.nordwind.de"})
    send(contact, {"email": "ben@nordwind.de"})
    send(contact, {"email": "cem@gmail.com"})

    firm = Company.objects.get()
    assert (firm.name, firm.domain) == ("Nordwind", "nordwind.de")
    assert set(Lead.objects.values_list("email", "company")) == {
        ("ada@mail.nordwind.de", firm.pk),
        ("ben@nordwind.de", firm.pk),
        ("cem@gmail.com", None),
    }


def test_S16_the_first_names_the_company_of_an_address_and_the_second_does_not() -> None:
    demo = built("demo")
    send(demo, {"email": "ada@nw-gruppe.de", "company": "Nordwind Gruppe", "employees": "240"})
    send(demo, {"email": "eve@nw-gruppe.de", "company": "Evil Ltd", "employees": "1"})

    firm = Company.objects.get()
    assert (firm.name, firm.domain, firm.employees) == ("Nordwind Gruppe", "nw-gruppe.de", 240)
    assert set(Lead.objects.values_list("company", flat=True)) == {firm.pk}


def test_C43_a_form_sent_with_an_old_address_of_a_merged_lead_makes_no_nameless_one(contact: WebForm) -> None:
    kept = make.lead("", email=None)
    merging.merge(kept, make.lead("Ada", email="ada@firm.example"), by=make.admin(), chosen=[])
    for message in ("First", "Second"):
        send(contact, {"message": message, "phone": "+49 30 99"})

    kept.refresh_from_db()
    assert Lead.objects.get() == kept
    assert (kept.email, kept.phone) == (None, "+49 30 99")
    assert set(Submission.objects.values_list("lead", flat=True)) == {kept.pk}


@pytest.mark.django_db(transaction=True)
def test_C50_a_merge_at_the_same_moment_loses_no_submission(
    contact: WebForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, tries = make.lead("Ada", email="ada@firm.example"), []

    def store(*said: Any) -> Any:
        done = intake.store(*said)
        tries.append(1)
        if len(tries) == 1:  # as the row is for whoever locks it once the merge is done
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM leads_lead WHERE id = %s", [ada.pk])
        return done

    monkeypatch.setattr("capture.webforms.taking.intake", SimpleNamespace(**{**vars(intake), "store": store}))
    assert send(contact).status_code == 302
    assert (len(tries), Submission.objects.get().lead) == (2, ada)
    assert tally(contact) == (1, 0, 0, 0)


def test_C50_a_submission_of_a_known_contact_is_never_lost(contact: WebForm) -> None:
    ada = make.lead("Ada", email="ada@firm.example")
    send(contact, {"email": " ADA@firm.example "})
    assert Activity.objects.get().lead == ada


def test_C40_the_browser_and_its_history_become_the_leads(contact: WebForm) -> None:
    browser = Visitor.objects.create(anonymous_id=ANNA, channel="paid_search", campaign="dispatch")
    kind = ActivityType.objects.get(key="page_view")
    seen = Activity.objects.create(
        visitor=browser, type=kind, occurred_at=timezone.now(), source="website", event_id="seen"
    )
    send(contact, framed=True, _visitor=ANNA, _page=f"{HERE}/resources?token=canary")

    ada = Lead.objects.get()
    browser.refresh_from_db()
    assert browser.lead == ada
    assert (ada.source, ada.campaign) == ("paid_search", "dispatch")
    seen.refresh_from_db()
    assert seen.lead == ada
    said = Activity.objects.get(source="contact")
    assert said.visitor == browser
    assert said.properties["path"] == "/resources"
    assert "canary" not in json.dumps(said.properties)


@pytest.mark.parametrize(
    "said", ["null", "undefined", "anonymous", "0", "A" * 32, "a" * 31, "[object Object]", "x\x00"]
)
def test_C41_an_id_that_names_nobody_is_nobodys(contact: WebForm, said: str) -> None:
    assert send(contact, framed=True, _visitor=said).status_code == 302
    assert not Visitor.objects.exists()
    assert Submission.objects.get().state == "taken"


def test_C42_a_second_person_in_the_browser_gets_their_own(contact: WebForm) -> None:
    ben = make.lead("Ben", email="ben@firm.example")
    Visitor.objects.create(anonymous_id=ANNA, lead=ben)
    send(contact, framed=True, _visitor=ANNA)

    assert Visitor.objects.get().lead == ben
    said = Activity.objects.get()
    assert (said.lead.email, said.visitor) == ("ada@firm.example", None)


def test_C43_the_case_of_an_address_makes_no_second_lead(contact: WebForm) -> None:
    send(contact, {"email": "Ada@Firm.example"})
    send(contact, {"email": "aDA@fIRM.example"})
    assert Lead.objects.count() == 1
    assert Activity.objects.count() == 2


def test_S3_10_a_new_lead_comes_from_what_brought_it_to_the_page(contact: WebForm) -> None:
    tags = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "dispatch"}
    page = Client().get(path(contact), tags, headers={"Referer": "https://www.google.com/"})
    stamp = stamps.read(page.context["stamp"], form=contact)
    assert stamp is not None
    send(contact, stamp=opened(contact, **stamp.came))

    ada = Lead.objects.get()
    assert (ada.source, ada.campaign) == ("paid_search", "dispatch")
    assert Activity.objects.get().properties["utm_campaign"] == "dispatch"


HOSTILE_ADDRESSES = [
    "https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "https:evil.example",
    "http://www.fieldline.example@evil.example", "https://www.fieldline.example.evil.example",
    "\t//evil.example",
]  # fmt: skip


@pytest.mark.parametrize("after", ["thanks", "offer", "address"])
@pytest.mark.parametrize("evil", HOSTILE_ADDRESSES)
def test_S7_sending_leads_to_the_stored_address_only(after: str, evil: str) -> None:
    form = built("contact", after=after, offer_url=FILE, redirect_url=f"{HERE}/thanks")
    expected = {"thanks": "/f/contact/thanks/", "offer": FILE, "address": f"{HERE}/thanks"}[after]
    names = (
        "next",
        "redirect",
        "redirect_url",
        "return",
        "url",
        "to",
        "after",
        "offer_url",
        "_page",
        "_next",
    )
    client = Client(REMOTE_ADDR="192.0.2.9")
    stamp = opened(form)
    sent = {"name": "Ada", "email": "ada@firm.example", "message": "x", "_stamp": stamp}
    for where in (path(form), f"{path(form)}?next={evil}"):
        answer = client.post(
            where, {**sent, **dict.fromkeys(names, evil)}, headers={"Referer": "https://evil.example/"}
        )
        assert (answer.status_code, answer.headers["Location"]) == (302, expected)
    policy = answer.headers["Content-Security-Policy"]
    assert "evil" not in policy
    thanks = client.get(f"/f/contact/thanks/?next={evil}").content.decode()
    assert "evil" not in thanks


def test_S9_only_the_pages_that_the_form_allows_may_frame_it() -> None:
    form = built("contact", origins=[HERE, "https://*.fieldline.example"])
    for where in (path(form, framed=True), f"{path(form, framed=True)}thanks/"):
        page = Client().get(where)
        assert "X-Frame-Options" not in page.headers
        policy = page.headers["Content-Security-Policy"]
        assert f"frame-ancestors 'self' {HERE} https://*.fieldline.example" in policy
    closed = built("demo", origins=[])
    policy = Client().get(path(closed, framed=True)).headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy


def test_the_words_agreed_to_are_kept_exactly_also_when_they_change_meanwhile() -> None:
    form = built("guide", offer_url=FILE)
    old = arranging.wording(form)
    stamp = opened(form)
    arranging._ask(form, "Other words now.", by=make.admin(), at=timezone.now())
    send(form, {"consent": "on"}, stamp=stamp)

    agreed = ConsentEvent.objects.get()
    assert (agreed.granted, agreed.channel, agreed.text, agreed.source) == (
        True,
        "email",
        old,
        "guide-download",
    )
    assert Submission.objects.get().consent.version == 1
    send(form, {"email": "ben@firm.example"}, stamp=opened(form))
    assert ConsentEvent.objects.count() == 1


def test_S16_a_withdrawal_is_not_undone_by_an_anonymous_post() -> None:
    form = built("guide", offer_url=FILE)
    ada = make.lead("Ada", email="ada@firm.example")
    consent.record(lead=ada, channel="email", granted=False, at=timezone.now(), source="link")
    send(form, {"consent": "on"})

    assert consent.current(lead=ada)["email"].granted is False
    assert Submission.objects.get().consent is not None


def test_double_opt_in_counts_once_the_button_behind_the_link_was_pressed() -> None:
    form = built("newsletter")
    ada = make.lead("Ada", email="ada@firm.example")
    consent.record(lead=ada, channel="email", granted=False, at=timezone.now(), source="link")
    send(form, {"consent": "on"})
    assert confirming.send_due() == 1
    assert confirming.send_due() == 0

    assert mail.outbox[0].to == ["ada@firm.example"]
    link = next(line for line in mail.outbox[0].body.splitlines() if line.startswith("http"))
    where = link.removeprefix("http://localhost")
    client = Client(enforce_csrf_checks=True)
    assert client.get(where).status_code == client.head(where).status_code == 200
    assert consent.current(lead=ada)["email"].granted is False
    client.post(where)
    client.post(where)
    held = consent.current(lead=ada)["email"]
    assert (held.granted, held.text) == (True, arranging.wording(form))
    assert "Confirmed" in client.get(where).content.decode()
    assert Activity.objects.get().type.key == "newsletter_signup"


def test_a_link_that_was_not_made_here_confirms_nothing() -> None:
    form, other = built("newsletter"), built("guide")
    send(form, {"consent": "on"})
    link = stamps.link(Submission.objects.get())
    for key, token in ((form.key, f"{link}x"), (form.key, "x"), (other.key, link)):
        assert Client().post(f"/f/{key}/confirm/{token}/").status_code == 404
    assert not ConsentEvent.objects.exists()


def test_nobodys_mailbox_is_filled_with_our_help() -> None:
    form = built("newsletter")
    for number in range(5):
        send(form, {"consent": "on"}, network=f"192.0.2.{number}")
        confirming.send_due()
    assert len(mail.outbox) == 1


def test_an_address_that_no_mail_can_be_made_for_stops_no_other_mail() -> None:
    form = built("newsletter")
    send(form, {"consent": "on"})
    odd = Submission.objects.get()
    Submission.objects.update(email=f"a@{'ü' * 60}.de")
    send(form, {"consent": "on", "email": "ben@firm.example"})

    assert confirming.send_due() == 1
    assert [one.to for one in mail.outbox] == [["ben@firm.example"]]
    odd.refresh_from_db()
    assert (odd.mail_due_at, odd.mailed_at) == (None, None)


def test_a_form_without_the_tick_that_it_needs_is_refused() -> None:
    assert send(built("newsletter")).status_code == 422


def test_progressive_questions_follow_what_this_browser_answered() -> None:
    form = built("guide", offer_url=FILE)
    client = Client()
    where = f"{path(form, framed=True)}?visitor={ANNA}"
    first = client.get(where).context["answers"]
    assert [bound.name for bound in first.shown] == ["name", "email", "company"]

    asked = [one.key for one in client.get(where).context["answers"].asked]
    send(form, {"company": "Nordwind"}, stamp=opened(form, asked=asked), framed=True, _visitor=ANNA)
    page = client.get(where)
    assert [bound.name for bound in page.context["answers"].shown] == ["email", "title", "employees"]
    assert "Nordwind" not in page.content.decode()
    assert "Ada" not in page.content.decode()
    again = opened(form, asked=[one.key for one in page.context["answers"].asked])
    sent = {"email": "ada@firm.example", "title": "CTO", "employees": "40", "_stamp": again, "_visitor": ANNA}
    assert Client().post(path(form, framed=True), sent).status_code == 302
    assert Lead.objects.get().title == "CTO"


def test_S16_claiming_to_be_somebody_shows_nothing_of_them() -> None:
    """A browser that says it is Ada's is asked what any other is: only its own answers spare questions."""
    form = built("guide", offer_url=FILE)
    send(form, {"company": "Nordwind"}, framed=True, _visitor="b" * 32)
    Visitor.objects.create(anonymous_id=ANNA, lead=Lead.objects.get())

    page = Client().get(f"{path(form, framed=True)}?visitor={ANNA}")
    assert [bound.name for bound in page.context["answers"].shown] == ["name", "email", "company"]


def test_hidden_fields_are_fixed_or_come_from_the_address() -> None:
    form = built("contact")
    WebFormField.objects.create(
        web_form=form, fills="own", key="team", label="Team", shown="hidden", value="north", position=8
    )
    WebFormField.objects.create(
        web_form=form, fills="own", key="ref", label="Ref", shown="hidden", parameter="ref", position=9
    )
    page = Client().get(path(form), {"ref": "partner-7"}).content.decode()
    assert 'value="partner-7"' in page
    assert "north" not in page
    send(form, {"ref": "partner-7", "team": "south"})

    assert Lead.objects.get().attributes == {"team": "north", "ref": "partner-7"}


@pytest.mark.parametrize(
    ("fills", "said", "kept"),
    [
        ("country", "Germany", "DE"),
        ("country", "de", "DE"),
        ("country", "Atlantis", None),
        ("phone", "+49 30 " + "1" * 40, None),
        ("employees", "many", None),
        ("employees", "9" * 12, None),
        ("employees", "250", 250),
        ("domain", "HTTPS://www.Firm.Example/about", "firm.example"),
        ("domain", "no domain", None),
        ("city", "x" * 130, "x" * 120),
    ],
)
@pytest.mark.parametrize("way", ["value", "parameter"])
def test_a_hidden_value_that_does_not_fit_is_left_out_and_the_rest_arrives(
    way: str, fills: str, said: str, kept: object
) -> None:
    form = built("newsletter", confirms=False)
    field = {"fills": fills, "key": fills, "label": fills, "shown": "hidden", "position": 8}
    WebFormField.objects.create(web_form=form, **field, **{way: said if way == "value" else "about"})
    assert send(form, {"consent": "on", fills: said}).status_code == 302

    sent = Submission.objects.get()
    assert (sent.state, sent.answers.get(fills)) == ("taken", kept)
    assert Lead.objects.get().email == "ada@firm.example"


def test_nought_is_an_answer_and_a_size_that_is_chosen_is_a_number() -> None:
    form = built("demo")
    row = {"web_form": form, "fills": "own", "key": "seats", "label": "Seats", "kind": "number"}
    WebFormField.objects.create(**row, position=9)
    form.fields.filter(fills="employees").update(choices=["10", "11-50"])
    firm = {"company": "Nordwind"}
    assert 'href="#q_employees"' in send(form, {**firm, "employees": "11-50"}).content.decode()
    send(form, {**firm, "seats": "0", "employees": "10"})

    assert Submission.objects.get().answers["seats"] == 0
    ada = Lead.objects.get()
    assert (ada.attributes, ada.company.employees) == ({"seats": 0}, 10)


def test_choices_numbers_and_ticks_are_checked() -> None:
    form = built("contact")
    for place, (key, more) in enumerate(
        {
            "budget": {"choices": ["< 10k", "> 10k"]},
            "seats": {"kind": "number"},
            "partner": {"kind": "tick"},
        }.items()
    ):
        WebFormField.objects.create(
            web_form=form, fills="own", key=key, label=key, position=9 + place, **more
        )
    for wrong in ({"budget": "a lot"}, {"seats": "many"}, {"seats": "9" * 30}):
        assert send(form, wrong).status_code == 422
    send(form, {"budget": "> 10k", "seats": "12", "partner": "on"})
    assert Lead.objects.get().attributes == {"budget": "> 10k", "seats": 12, "partner": True}


def test_a_closed_form_says_so_and_counts_what_it_refuses(contact: WebForm) -> None:
    contact.source.is_active = False
    contact.source.save()

    assert Client().get(path(contact)).status_code == 410
    assert send(contact).status_code == 410
    assert tally(contact) == (0, 0, 0, 1)
    assert not Lead.objects.exists()


def test_an_unknown_form_is_404() -> None:
    for where in ("/f/none/", "/f/none/embed/", "/f/none/thanks/", "/f/none/confirm/x/"):
        assert Client().get(where).status_code == 404


def test_whatever_the_administration_says_an_address_is_asked_for(contact: WebForm) -> None:
    contact.fields.filter(fills="email").update(key="mail", shown="hidden", value="a@b.example")
    assert send(contact, stamp=opened(contact)).status_code == 302
    contact.fields.filter(fills="email").delete()
    assert send(contact, {"email": "ben@firm.example"}).status_code == 302
    assert set(Lead.objects.values_list("email", flat=True)) == {"ada@firm.example", "ben@firm.example"}


def test_a_policy_holds_addresses_only() -> None:
    form = built(
        "contact",
        origins=[HERE, "https://a.example; script-src *"],
        after="address",
        redirect_url="https://bücher.example/danke",
    )
    framed = Client().get(path(form, framed=True)).headers["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {HERE};" in f"{framed};"
    assert "script-src *" not in framed
    hosted = Client().get(path(form)).headers["Content-Security-Policy"]
    assert "form-action 'self' https://xn--bcher-kva.example;" in f"{hosted};"


KILLERS = [
    "\x00", "a\x00b", "\ud7ff", "‮evil", "<script>alert(1)</script>", "{{7*7}}", "{% now %}", "' OR 1=1 --",
    "=1+1", "a" * 9_000, "💩" * 500, "\r\nBcc: eve@evil.example", "﷽", "../../etc/passwd", "null", "-1",
]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["name", "email", "company", "phone", "message", "_stamp", "_proof", "_visitor", "_page", "_referrer",
     "_tags", "contact_website", "consent"],
)  # fmt: skip
def test_B2_killers_in_every_field_are_stored_exactly_or_refused(contact: WebForm, name: str) -> None:
    for number, killer in enumerate(KILLERS):
        answer = send(
            contact,
            {"email": f"p{number}@firm.example", name: killer},
            framed=True,
            network=f"192.0.2.{number}",
        )
        assert answer.status_code in (302, 422), killer
        if answer.status_code == 302 and name == "message":
            kept = Submission.objects.get(email=f"p{number}@firm.example").answers
            assert kept["message"] == killer.strip()
    assert sum(tally(contact)) == len(KILLERS)


def test_what_a_form_brings_shows_among_the_sources(contact: WebForm) -> None:
    send(contact)
    client = Client()
    client.force_login(make.admin())
    page = client.get("/sources/").content.decode()
    assert "Contact" in page
    assert Arrival.objects.count() == 1
    assert (
        f"/forms/{contact.public_id}/" in client.get(f"/sources/{contact.source.public_id}/").content.decode()
    )
