"""A form that is sent after the session ended: what was typed is kept, with and without scripts."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from scoring.models import ModelVersion
from tests import factories
from tests.handoff.factories import offered, pool
from tests.scoring.rule_desk import PARTS, RULES, draft_of_live, saved, typed
from tests.scoring.versioned import draft, page

pytestmark = pytest.mark.django_db

UNSENT = "/unsent/"


@pytest.fixture
def alma() -> User:
    return factories.admin("Alma Admin")


@pytest.fixture
def desk(client: Client, alma: User) -> Client:
    """Alma's browser, in which she has opened a page."""
    client.force_login(alma)
    client.get(RULES)
    return client


def sent_again(client: Client) -> str:
    """Press “Send it again”: the browser posts the same fields to where it is sent on to."""
    kept = client.get(UNSENT).context["unsent"]
    fields: dict[str, list[str]] = {}
    for name, value in kept.fields:
        fields.setdefault(name, []).append(value)
    on = client.post(UNSENT, fields)
    assert on.status_code == 307
    return client.post(on["Location"], fields, follow=True).content.decode()


def test_a_reason_typed_before_the_session_ended_is_sent_after_signing_in(desk: Client, alma: User) -> None:
    version = draft()
    Session.objects.all().delete()

    answer = desk.post(page(version, "publication/"), {"reason": "Reps asked for fewer leads", "over": "1"})

    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/unsent/"
    desk.force_login(alma)
    shown = desk.get(UNSENT).content.decode()
    assert "Reps asked for fewer leads" in shown
    assert ModelVersion.objects.live() != version
    sent_again(desk)
    assert ModelVersion.objects.live() == version
    assert ModelVersion.objects.live().reason == "Reps asked for fewer leads"
    assert desk.get(UNSENT).status_code == 302, "nothing is kept any more"


def test_a_rule_typed_before_the_session_ended_is_saved_after_signing_in(desk: Client, alma: User) -> None:
    version = draft_of_live()
    mine = typed(desk.get(RULES + "?rule=pricing"), do="save", points="9")
    Session.objects.all().delete()
    desk.post(PARTS, mine)
    assert saved(version, "pricing")["points"] == 4

    desk.force_login(alma)
    assert "Saved" in sent_again(desk)
    assert saved(version, "pricing")["points"] == 9


def test_what_was_typed_may_be_left(desk: Client, alma: User) -> None:
    version = draft()
    Session.objects.all().delete()
    desk.post(page(version, "publication/"), {"reason": "Never mind", "next": page(version)})
    desk.force_login(alma)
    assert desk.post(UNSENT, {"leave": "1"})["Location"] == page(version)
    assert desk.get(UNSENT).status_code == 302


def test_hostile_text_is_shown_as_text_and_a_huge_form_is_not_kept(desk: Client, alma: User) -> None:
    version = draft()
    Session.objects.all().delete()
    desk.post(page(version, "publication/"), {"reason": '<script>x</script> "and more'})
    desk.force_login(alma)
    shown = desk.get(UNSENT).content.decode()
    assert "<script>x" not in shown
    assert "&lt;script&gt;x" in shown
    desk.post(UNSENT, {"leave": "1"})
    Session.objects.all().delete()
    assert desk.post(page(version, "publication/"), {"reason": "x " * 60_000})["Location"].endswith("next=/")


def test_a_form_with_a_secret_is_not_kept(desk: Client, alma: User) -> None:
    Session.objects.all().delete()
    for name in ("secret", "new_password1"):
        sent = {"name": "Our Mailgun", name: "whsec_dG9wc2VjcmV0", "next": "/hooks/"}
        answer = desk.post("/hooks/new/", sent)
        assert answer["Location"] == "/accounts/login/?next=/hooks/"
        assert not any("whsec_dG9wc2VjcmV0" in str(one.get_decoded()) for one in Session.objects.all())
    assert desk.post("/hooks/new/", {"name": "Our Mailgun", "secret": ""})["Location"].endswith("/unsent/")


def test_a_colleague_at_the_same_browser_reads_nothing_of_it(desk: Client, alma: User) -> None:
    version = draft()
    Session.objects.all().delete()
    desk.post(page(version, "publication/"), {"reason": "Between Alma and Handoff"})
    desk.force_login(factories.admin("Bo Admin"))
    assert desk.get(UNSENT).status_code == 302
    desk.force_login(alma)
    assert desk.get(UNSENT).status_code == 302


def test_strangers_leave_nothing_and_read_nothing(client: Client) -> None:
    version = draft()
    client.cookies["handoff_who"] = "8a3f1c8e-0000-4000-8000-000000000000:forged"
    client.post(page(version, "publication/"), {"reason": "Somebody typed this " * 1000})
    assert not Session.objects.exists()
    answer = client.get(UNSENT)
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/unsent/"


def test_the_page_names_the_lead_and_says_fields_in_words(client: Client) -> None:
    sol = factories.rep("Sol Seller")
    pool(sol)
    handoff = offered(of=factories.lead("Marta Kowalczyk"))
    client.force_login(sol)
    client.get(f"/leads/{handoff.lead.public_id}/")
    Session.objects.all().delete()
    answer = client.post(f"/handoffs/{handoff.public_id}/pause/", {"pause-reason": "Back from leave in June"})
    login = client.get(answer["Location"]).content.decode()
    assert "What you typed is kept" in login
    assert "autofocus" in login
    client.force_login(sol)
    shown = client.get(UNSENT).content.decode()
    assert "What you typed about <bdi>Marta Kowalczyk</bdi>" in shown
    assert "<dt>Reason</dt>" in shown
    assert "pause-reason</dt>" not in shown


def test_without_any_cookie_what_was_typed_can_still_be_copied(alma: User) -> None:
    stranger = Client(enforce_csrf_checks=True)
    sent = {"note": "She wants <b>two</b> sites", "next": "/leads/"}
    own = stranger.post("/rules/", sent, headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 403
    page = own.content.decode()
    assert "She wants &lt;b&gt;two&lt;/b&gt; sites</textarea>" in page
    assert 'href="/leads/">Back to where you were' in page
    foreign = stranger.post("/rules/", sent, headers={"Sec-Fetch-Site": "cross-site"}).content.decode()
    assert "She wants" not in foreign
