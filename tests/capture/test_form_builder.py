"""The page on which a marketer builds a form."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from capture import sites
from capture.models import ConsentWording, Source, Submission, WebForm
from capture.webforms import arranging, starters
from tests import factories as make
from tests.capture.forms import HERE, built, opened, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(make.marketer())
    return client


def typed(client: Client, form: WebForm, **changes: Any) -> dict[str, Any]:
    """What the builder's page holds, with ``changes``."""
    built = client.get(f"/forms/{form.public_id}/").context["built"]
    said: dict[str, Any] = {"rows": str(len(built.rows)), "add": "own"}
    for part in (built.settings, *built.rows):
        for bound in part:
            value = bound.value()
            if value not in (None, False, ""):
                said[bound.html_name] = "on" if value is True else value
    return {**said, **changes}


def save(client: Client, form: WebForm, **changes: Any) -> Any:
    return client.post(f"/forms/{form.public_id}/", typed(client, form, **changes), follow=True)


@pytest.mark.parametrize("starter", [*starters.STARTERS, "blank"])
def test_from_nothing_to_a_live_form_in_two_steps(client: Client, starter: str) -> None:
    sites.make(name="Website", origins=[HERE], waits_for_consent=True, by=make.admin(), at=timezone.now())
    page = client.post("/forms/new/", {"starter": starter, "name": ""}, follow=True)

    form = WebForm.objects.get()
    assert form.origins == [HERE]
    assert f"http://testserver/f/{form.key}/embed/" in page.content.decode()
    assert "/static/js/embed.js" in page.content.decode()
    assert Client().get(f"/f/{form.key}/").status_code == 200
    assert save(client, form).status_code == 200
    said = {"consent": "on"} if form.consent_required else {}
    asked = {"employees": "40", "company": "Nordwind"}
    assert send(form, {**said, **asked}).status_code == 302
    assert Submission.objects.get().state == "taken"


def test_a_guide_without_a_file_says_that_visitors_get_nothing(client: Client) -> None:
    page = client.post("/forms/new/", {"starter": "guide", "name": ""}, follow=True)
    form = WebForm.objects.get()
    assert "get nothing yet" in page.content.decode()

    page = save(client, form, offer_name="The guide", offer_url="https://firm.example/guide.pdf")

    assert "get nothing yet" not in page.content.decode()


def test_two_forms_of_one_name_have_sources_of_their_own(client: Client) -> None:
    for _ in range(2):
        client.post("/forms/new/", {"starter": "contact", "name": "Contact"})
    assert set(Source.objects.values_list("key", flat=True)) == {"contact", "contact-2"}


def test_fields_are_added_moved_and_removed_before_anything_is_saved(client: Client) -> None:
    form = built("contact")
    where = f"/forms/{form.public_id}/"
    said = typed(client, form, heading="Typed and not saved")
    page = client.post(where, {**said, "do": "add", "add": "city"})
    assert [row["fills"].value() for row in page.context["built"].rows][-1] == "city"
    assert "Typed and not saved" in page.content.decode()
    assert "This field is required" not in page.content.decode()
    page = client.post(where, {**said, "do": "up 1"})
    assert [row["fills"].value() for row in page.context["built"].rows][:2] == ["email", "name"]
    page = client.post(where, {**said, "do": "remove 0"})
    assert next(row["fills"].value() for row in page.context["built"].rows) == "email"
    for odd in ("up 0", "down 99", "remove x", "remove -1", "nonsense", "add 5"):
        assert client.post(where, {**said, "do": odd}).status_code == 200
    assert form.fields.count() == 5


def test_what_is_saved_is_what_visitors_see(client: Client) -> None:
    form = built("contact")
    said = {
        "heading": "Ask us", "rows": "6", "f5-label": "Budget a year", "f5-fills": "own",
        "f5-shown": "always",
        "f5-kind": "text", "f5-choices": "Under 10k\n\nOver 10k\n", "button": "Go",
    }  # fmt: skip
    assert "Saved" in save(client, form, **said).content.decode()

    page = Client().get(f"/f/{form.key}/").content.decode()
    for each in ("Ask us", "Budget a year", "Under 10k", ">Go<"):
        assert each in page
    own = form.fields.get(fills="own")
    assert (own.key, own.choices) == ("budget_a_year", ["Under 10k", "Over 10k"])
    save(client, form, **{"f5-label": "What is your budget?"})
    assert form.fields.get(fills="own").key == "budget_a_year"


def test_an_attribute_of_ones_own_cannot_take_the_place_of_another_field(client: Client) -> None:
    form = built("contact")
    row = {"f5-fills": "own", "f5-shown": "always", "f5-kind": "text"}
    for label, key in (
        ("E-mail", "e_mail"),
        ("Email", "email_2"),
        ("Consent", "consent_2"),
        ("预算", "answer"),
    ):
        save(client, form, **{**row, "rows": "6", "f5-label": label})
        assert form.fields.get(fills="own").key == key
        form.fields.filter(fills="own").delete()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"after": "offer"}, "Say where the offer is"),
        ({"after": "address"}, "Say which page"),
        ({"after": "address", "redirect_url": "javascript:alert(1)"}, "Enter a valid URL"),
        ({"offer_url": "ftp://files.example/guide.pdf"}, "Enter a valid URL"),
        ({"offer_url": "https://user:pw@files.example/guide.pdf"}, "not the address of a site"),
        ({"confirms": "on"}, "Write what one agrees to"),
        ({"origins": "*.com"}, "half the web"),
        ({"type": "deal_won"}, "Select a valid choice"),
        ({"f1-fills": "name"}, "asks for an e-mail address, once"),
        ({"f0-fills": "email"}, "asks for an e-mail address, once"),
        ({"f2-fills": "name"}, "filled by another field already"),
        ({"f2-shown": "hidden"}, "needs a value"),
        ({"f2-shown": "hidden", "f2-fills": "country", "f2-value": "Atlantis"}, "no country that we know"),
        ({"f2-shown": "hidden", "f2-fills": "phone", "f2-value": "1" * 41}, "at most 40 characters"),
        ({"f2-shown": "hidden", "f2-fills": "employees", "f2-value": "many"}, "Enter a whole number"),
        ({"f2-shown": "hidden", "f2-fills": "domain", "f2-value": "our site"}, "is not a domain"),
        ({"f2-fills": "employees", "f2-choices": "1-10\n11-50"}, "Enter a whole number"),
        ({"f0-label": ""}, "This field is required"),
        ({"rows": "0"}, "asks for an e-mail address, once"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_kept_as_typed(
    client: Client, changes: dict[str, str], said: str
) -> None:
    form = built("contact")
    answer = save(client, form, heading="Typed with care", **changes)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert "Typed with care" in page
    assert WebForm.objects.get().heading == "Talk to us"


def test_a_hidden_value_that_fits_is_saved(client: Client) -> None:
    form = built("contact")
    save(client, form, **{"f2-shown": "hidden", "f2-fills": "country", "f2-value": "Germany"})
    assert form.fields.get(fills="country").value == "Germany"
    send(form)
    assert Submission.objects.get().answers["country"] == "DE"


def test_a_wording_that_changes_is_a_new_version_and_one_that_comes_back_is_the_old(client: Client) -> None:
    form = built("guide")
    first = arranging.wording(form)
    save(client, form)
    assert ConsentWording.objects.count() == 1
    save(client, form, consent="Only sometimes.")
    save(client, form, consent=first)
    save(client, form, consent="")
    form.refresh_from_db()
    assert form.consent_version == 0
    assert list(ConsentWording.objects.values_list("version", flat=True)) == [1, 2]


def test_a_preview_shows_what_is_typed_and_saves_nothing(client: Client) -> None:
    form = built("contact")
    said = typed(client, form, heading="<b>New</b>", consent="Yes to mail")
    piece = client.post(
        f"/forms/{form.public_id}/preview/", {**said, "f0-label": "Who are you?"}
    ).content.decode()

    assert "&lt;b&gt;New&lt;/b&gt;" in piece
    assert "Who are you?" in piece
    assert "Yes to mail" in piece
    assert client.post(f"/forms/{form.public_id}/preview/", {"rows": "9" * 9}).status_code == 200
    assert WebForm.objects.get().heading == "Talk to us"


def test_a_form_is_closed_and_opened(client: Client) -> None:
    form = built("contact")
    client.post(f"/forms/{form.public_id}/switch/")
    assert Client().get(f"/f/{form.key}/").status_code == 410
    client.post(f"/forms/{form.public_id}/switch/", {"open": "1"})
    assert Client().get(f"/f/{form.key}/").status_code == 200


def test_L6_the_lists_ask_as_much_for_fifty_as_for_one(client: Client) -> None:
    form = built("contact")
    pages = (
        "/forms/",
        "/forms/review/",
        f"/forms/{form.public_id}/submissions/",
        f"/forms/{form.public_id}/",
    )

    def asked() -> list[int]:
        counts = []
        for page in pages:
            client.get(page)
            with CaptureQueriesContext(connection) as queries:
                client.get(page)
            counts.append(len(queries))
        return counts

    send(form, {"contact_website": "x"})
    few = asked()
    for number in range(50):
        each = built("contact", name=f"Form {number}")
        send(each, {"contact_website": "x"})
        send(form, {"contact_website": "x"}, stamp=opened(form))
    assert asked() == few


def test_lists_go_on_where_they_ended(client: Client) -> None:
    form = built("contact")
    for number in range(30):
        send(form, {"contact_website": "x", "email": f"p{number}@firm.example"}, network=f"192.0.2.{number}")
    for where in ("/forms/review/", f"/forms/{form.public_id}/submissions/"):
        first = client.get(where)
        rest = client.get(f"{where}?before={first.context['older']}")
        seen = [row.email for row in (*first.context["rows"], *rest.context["rows"])]
        assert seen == [f"p{number}@firm.example" for number in reversed(range(30))]
        assert client.get(f"{where}?before=x%00").status_code == 200
