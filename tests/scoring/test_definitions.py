"""The definitions page says in words what the live model does, to everybody who is signed in."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from scoring import definitions, model_file, publishing, sentences
from scoring.conditions import parse
from scoring.models import ModelVersion, Rule
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("person", [make.rep, make.manager, make.marketer, make.admin])
def test_everybody_signed_in_reads_what_an_sql_is(client: Client, person: object) -> None:
    who: User = person()  # type: ignore[operator]
    client.force_login(who)

    page = client.get(reverse("scoring:definitions"))

    assert page.status_code == 200
    assert "Intent 20 or more and fit 20 or more." in page.content.decode()
    assert "Downloaded the comparison guide and requested a demo" in page.content.decode()


def test_a_stranger_signs_in_first(client: Client) -> None:
    assert client.get(reverse("scoring:definitions")).status_code == 302


def test_the_page_changes_with_what_is_published(client: Client) -> None:
    data = model_file.starter("default")
    data["lines"] = [{"stage": "sql", "min": {"intent": 27}, "leave": 1}]
    draft = model_file.load(data=data)
    client.force_login(make.rep())
    assert "Intent 27" not in client.get(reverse("scoring:definitions")).content.decode()

    publishing.publish(version=draft, by=None, reason="Fewer, better", at=make.NOW)

    page = client.get(reverse("scoring:definitions")).content.decode()
    assert "Intent 27 or more. A lead has left it again more than 1 point below." in page
    assert "Fewer, better" in page


def test_a_rule_says_when_how_often_and_how_long_it_counts() -> None:
    [live] = definitions.live()

    said = {rule.label: rule.sentence for dimension in live.dimensions for rule in dimension.rules}

    assert (
        said["Viewed pricing"]
        == "Each time the lead viewed pricing; 12 points at most; halves every 30 days."
    )
    assert said["Gave a phone number"] == "When the phone number is known."
    assert said["100 to 500 staff"] == (
        "When the company's staff is 100 to 500; 15 at most together with the rest of “staff”."
    )


def test_the_page_asks_as_often_for_many_rules_as_for_few(django_assert_num_queries: object) -> None:
    version = ModelVersion.objects.live()
    with django_assert_num_queries(10):  # type: ignore[operator]
        # types, groups, rules, triggers, blockers, lines; labels; three for parts that are off
        definitions.of_version(version)


def test_a_rule_that_cannot_be_read_is_shown_as_off_with_its_reason(client: Client) -> None:
    draft = model_file.load(data=model_file.starter("default"))
    Rule.objects.filter(version=draft, key="phone").update(when={"field": "shoe_size", "op": "known"})
    ModelVersion.objects.published().update(state="retired")
    ModelVersion.objects.filter(pk=draft.pk).update(
        state="published", published_at=make.NOW, reason="as it is"
    )
    client.force_login(make.rep())

    page = client.get(reverse("scoring:definitions")).content.decode()

    assert "Turned off" in page
    assert "There is no field &#x27;shoe_size&#x27;" in page


def test_the_page_says_what_makes_an_sql_here(client: Client, settings: Any) -> None:
    client.force_login(make.rep())
    address = reverse("scoring:definitions")

    assert "The rep’s acceptance makes it an SQL." in client.get(address).content.decode()
    settings.HANDED_OVER_IS_SQL = True
    assert "Handed over, it is an SQL" in client.get(address).content.decode()


def test_where_fit_is_a_grade_the_page_says_letters(client: Client) -> None:
    draft = model_file.load(data={**model_file.starter("pardot"), "model": "default"})
    publishing.publish(version=draft, by=None, reason="Score and grade", at=make.NOW)
    client.force_login(make.rep())
    for name in ("scoring:definitions", "scoring:book"):
        page = client.get(reverse(name)).content.decode()
        assert "Intent 100 or more and fit B- or better." in page
        assert "a grade from F to A+ that starts at D; points are thirds of a letter" in page
    assert reverse("scoring:book") in client.get(reverse("scoring:definitions")).content.decode()


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Viewed pricing", "The lead viewed pricing 5 times or more."),
        ("Page view", "The lead had “Page view” 5 times or more."),
        ("page_view", "The lead had “page view” 5 times or more."),
        ("E-mail bounced", "The lead had “E-mail bounced” 5 times or more."),
        ("Was sent a text message", "The lead was sent a text message 5 times or more."),
        ("Need", "The lead had “Need” 5 times or more."),
    ],
)
def test_an_activity_that_does_not_say_what_somebody_did_is_named(label: str, said: str) -> None:
    condition = parse({"activity": ["x"], "at_least": 5})
    assert sentences.sentence(sentences.of_condition(condition, {"x": label})) == said


def test_attributes_are_called_by_words() -> None:
    condition = parse({"field": "company.attributes.field_staff", "op": "known"})
    assert sentences.of_condition(condition, {}) == "the company's “field staff” is known"
    of_view = {"activity": ["x"], "where": [{"property": "page_path", "op": "eq", "value": "/a_b"}]}
    assert (
        sentences.of_condition(parse(of_view), {"x": "Viewed"})
        == "the lead viewed where “page path” is “/a_b”"
    )
