"""The rule book shows every live rule in words, with leads that have it and that the reader may see."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from leads.models import Lead, LeadAccess
from scoring import model_file, publishing, rescoring, rule_book
from scoring.models import ModelVersion
from scoring.rule_book import Chapter, Entry
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def scored(at: datetime = NOW) -> None:
    rescoring.rescore_changed(at=at)


def chapter(user: User, at: datetime = NOW) -> Chapter:
    [found] = rule_book.rule_book(user=user, at=at)
    return found


def entries(of: Chapter) -> dict[str, Entry]:
    found = [entry for _, rules in of.dimensions for entry in rules]
    found += [entry for _, triggers in of.stages for entry in triggers]
    return {entry.said.key: entry for entry in [*found, *of.blockers]}


def good_lead(name: str = "Ada", **fields: Any) -> Lead:
    firm = make.company(f"{name} Ltd", employees=200, industry="HVAC")
    return make.lead(name, title="Head of Operations", company=firm, **fields)


def test_s1_15_every_rule_trigger_blocker_line_and_group_is_in_it() -> None:
    said = chapter(make.admin())
    data = model_file.starter("default")
    keys = {part["key"] for kind in ("rules", "triggers", "blockers") for part in data[kind]}
    assert set(entries(said)) == keys
    assert [line for stage, _ in said.stages for line in stage.lines] == [
        "Engagement 5 or more.",
        "Intent 20 or more and fit 20 or more. A lead has left it again more than 3 points below.",
    ]
    assert said.groups[0].startswith("“staff” gives or takes 15 points at most, together: 100 to 500 staff")


def test_s4_03_a_rule_names_leads_that_have_it_with_what_earned_it() -> None:
    ada = good_lead()
    make.activity(ada, "demo_request", NOW - DAY)
    scored()

    found = entries(chapter(make.admin()))

    [example] = found["asked-for-sales"].examples
    assert (example.lead, example.evidence) == (ada, "Requested a demo on 16 November 2026")
    assert example.points == pytest.approx(24.43)
    assert found["asked-for-sales"].holders == "1 lead has it now"
    assert (found["webinar"].holders, found["webinar"].examples) == ("nobody at the moment", ())


def test_one_lead_stands_just_over_the_line_and_one_just_under() -> None:
    over, far, under = good_lead("Over"), good_lead("Far", phone="1"), good_lead("Under")
    make.activity(over, "demo_request", NOW - 5 * DAY)
    for kind in ("demo_request", "comparison_guide_download"):
        make.activity(far, kind, NOW)
    make.activity(under, "comparison_guide_download", NOW)
    scored()
    good = chapter(make.admin()).good
    assert [(it.lead, it.over) for it in good] == [(over, True), (under, False)]


def test_examples_are_leads_that_the_reader_may_open_and_counts_are_of_all() -> None:
    mine, theirs = good_lead("Mine"), good_lead("Theirs")
    dach = make.team("DACH")
    LeadAccess.objects.create(lead=mine, team=dach)
    for lead in (mine, theirs):
        make.activity(lead, "demo_request", NOW)
    scored()
    found = chapter(make.rep(in_team=dach))
    shown = {example.lead for entry in entries(found).values() for example in entry.examples}
    assert shown == {mine}
    assert entries(found)["asked-for-sales"].holders == "2 leads have it now"
    assert {it.lead for it in found.good} <= {mine}


def test_many_leads_are_counted_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_book, "SAMPLE", 10)
    for number in range(60):
        make.lead(f"L{number}", phone="1" if number % 2 else "")
    scored()
    found = chapter(make.admin())
    assert "of 60 leads, spread evenly." in found.counted
    assert entries(found)["phone"].holders.startswith("about ")
    assert entries(found)["webinar"].holders == "nobody of those looked at"


def test_it_asks_no_more_for_many_leads_than_for_some() -> None:
    ada = make.admin()

    def queries(leads: int) -> int:
        for _ in range(leads):
            make.activity(good_lead(), "demo_request")
        scored()
        rule_book.rule_book(user=ada, at=NOW)
        with CaptureQueriesContext(connection) as asked:
            rule_book.rule_book(user=ada, at=NOW)
        return len(asked)

    assert queries(30) == queries(60)


def test_everybody_signed_in_reads_both_and_strangers_sign_in(client: Client) -> None:
    for name in ("scoring:book", "scoring:book-markdown"):
        assert client.get(reverse(name)).status_code == 302
    for person in (make.rep(), make.manager(), make.marketer(), make.admin()):
        client.force_login(person)
        page = client.get(reverse("scoring:book"))
        assert page.status_code == 200
        assert "Asked for a demo, a quote, a trial or a call" in page.content.decode()


def test_the_markdown_says_what_the_page_says(client: Client) -> None:
    make.activity(good_lead("Ada"), "demo_request", timezone.now() - DAY)
    scored(timezone.now())
    client.force_login(make.marketer())
    answer = client.get(reverse("scoring:book-markdown"))
    text = answer.content.decode()
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="rule-book.md"'
    assert "- **Asked for a demo, a quote, a trial or a call** (+25). " in text
    assert "  - Ada, Ada Ltd: Requested a demo on " in text
    assert "**Just over: Ada, Ada Ltd**" in text
    assert "_1 lead has it now._" in text
    page = client.get(reverse("scoring:book")).content.decode()
    for rule in ModelVersion.objects.live().rules.all():
        assert rule.label in page
        assert rule.label in text.replace("\\", "")


def test_what_a_stranger_typed_is_text_in_the_markdown(client: Client) -> None:
    good_lead("<b>[x](http://evil.example)\n# Boo", phone="1")
    scored(timezone.now())
    client.force_login(make.admin())
    text = client.get(reverse("scoring:book-markdown")).content.decode()
    assert "<b>" not in text.replace("\\<", "")
    assert "\n# Boo" not in text
    assert "](http" not in text.replace("\\]", "")


def test_every_live_model_has_a_chapter() -> None:
    other = model_file.load(data={**model_file.starter("default"), "model": "nordics"})
    publishing.publish(version=other, by=None, reason="The north", at=NOW)
    chapters = rule_book.rule_book(user=make.admin(), at=NOW)
    assert [it.said.version.model.key for it in chapters] == ["default", "nordics"]
