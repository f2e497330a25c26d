"""What the parts of a page say, whoever looks at them."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from crm.icons import ICONS
from crm.management.commands.build_icons import SVG, draw_sprite
from crm.ui_gallery import EXPLANATION

NOW = datetime(2026, 11, 17, 10, 36, tzinfo=UTC)
LINES = {"intent": 20, "fit": 20, "engagement": 5}
CEILINGS = {"intent": 35, "fit": 45, "engagement": 20}


def drawn(source: str, **context: Any) -> str:
    with timezone.override(UTC):
        return Template("{% load ui %}" + source).render(Context(context))


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def test_every_icon_a_page_may_use_is_in_the_sprite() -> None:
    sprite = ElementTree.fromstring(draw_sprite(ICONS))  # noqa: S314
    assert {symbol.get("id") for symbol in sprite.iter(f"{{{SVG}}}symbol")} == ICONS
    assert all(len(symbol) for symbol in sprite)


def test_an_icon_that_is_not_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="unicorn"):
        drawn('{% icon "unicorn" %}')


def test_a_score_is_readable_without_seeing_it() -> None:
    html = drawn(
        "{% score_bars fit=3800 engagement=1800 intent=2800 total=8400 lines=lines ceilings=ceilings %}",
        lines=LINES,
        ceilings=CEILINGS,
    )
    assert 'aria-label="Intent 28, line 20; Fit 38, line 20; Engagement 18, line 5"' in html
    assert text(html) == "84"
    assert "style=" not in html


def test_a_grade_is_read_as_its_letter() -> None:
    html = drawn(
        "{% score_bars fit=900 engagement=0 intent=2800 total=3700 lines=lines ceilings=ceilings"
        " graded=True %}",
        lines={"intent": 20, "fit": 7},
        ceilings={**CEILINGS, "fit": 12},
    )
    assert 'aria-label="Intent 28, line 20; Fit B+, line B-; Engagement 0, no line"' in html
    assert text(html) == "37 B+"


def test_a_dimension_without_a_line_has_no_tick() -> None:
    html = drawn(
        "{% score_bars fit=0 engagement=0 intent=0 total=0 lines=lines ceilings=ceilings %}",
        lines={"intent": 20},
        ceilings=CEILINGS,
    )
    assert html.count("g-line") == 1


@pytest.mark.parametrize(
    ("intent", "fit", "words"),
    [(1800, 2000, "intent 2 short"), (400, 1700, "intent 16, fit 3"), (2000, 2000, "")],
)
def test_what_is_missing_to_the_line_is_said_in_few_words(intent: int, fit: int, words: str) -> None:
    score = {"fit": fit, "engagement": 500, "intent": intent, "lines": LINES, "ceilings": CEILINGS}
    assert drawn("{{ score|shortfall }}", score=score) == words


def test_relative_times_carry_the_full_one() -> None:
    html = drawn("{{ at|ago:now }}", at=NOW - timedelta(minutes=24), now=NOW)
    assert 'title="Tue 17 Nov 2026, 10:12"' in html
    assert 'datetime="2026-11-17T10:12:00+00:00"' in html
    assert text(html) == "24 min ago"
    assert drawn("{{ at|ago:now }}", at=None, now=NOW) == ""


def test_an_overdue_clock_says_so_with_an_icon_and_words() -> None:
    html = drawn(
        "{% sla_clock due_at=due at=now total=60 remaining=-18 %}", due=NOW - timedelta(minutes=18), now=NOW
    )
    assert text(html) == "18 min over"
    assert "#alarm-clock" in html
    assert 'title="Was due 10:18, agreed response 60 min"' in html


def test_every_reason_stands_with_its_evidence_and_how_long_it_counts() -> None:
    said = text(drawn("{% reasons_table explanation now %}", explanation=EXPLANATION, now=NOW))
    assert "Requested a demo Form on /demo, today 10:12 +25 17 Dec" in said
    assert "Company size 100–500 240 staff, from the demo form +15 always" in said
    assert "Quiet for 9 days 29 Oct to 7 Nov, halved since −4 8 Dec" in said
    assert "(+16 before the cap)" in said
    assert "Total of the three 91" in said
    assert said.index("Intent") < said.index("Fit") < said.index("Engagement")


def test_the_short_list_takes_the_largest_and_ends_with_what_counts_against() -> None:
    reasons = [{**reason, "points": -20.0} if reason["rule"] == "quiet" else reason
               for reason in EXPLANATION["dimensions"][2]["reasons"]]  # fmt: skip
    explanation = {
        **EXPLANATION,
        "dimensions": [*EXPLANATION["dimensions"][:2], {**EXPLANATION["dimensions"][2], "reasons": reasons}],
    }
    said = text(drawn("{% reasons_mini explanation limit=3 %}", explanation=explanation))
    assert said == "Largest contributions Requested a demo +25 Company size 100–500 +15 Quiet for 9 days −20"


def test_a_lead_nothing_counts_for_says_so() -> None:
    empty = {**EXPLANATION, "dimensions": []}
    assert "Nothing counts" in drawn("{% reasons_mini explanation %}", explanation=empty)


def test_a_reject_form_offers_six_reasons_at_once_and_their_dates() -> None:
    reasons = [
        SimpleNamespace(code=f"r{key}", key=key, label=f"Reason {key}", return_days=60 if key == 1 else None)
        for key in range(1, 10)
    ]
    html = drawn(
        '{% reject_form action="/x/" reasons=reasons now=now chosen="r8" %}', reasons=reasons, now=NOW
    )
    before, folded = html.split("<details open>")
    assert before.count('name="reason"') == 6
    assert folded.count('name="reason"') == 3
    assert 'data-return-on="2027-01-16"' in before
    assert html.count("checked") == 1


def test_a_note_that_looks_like_markup_stays_text() -> None:
    evil = '"><script>alert(1)</script>'
    question = SimpleNamespace(key="need", label=evil, shortcut="n", hint=evil)
    levels = [SimpleNamespace(value=2, label=evil)]
    html = drawn(
        "{% answer_field question levels level=2 note=note %}", question=question, levels=levels, note=evil
    )
    assert "<script>" not in html
    items = [{"at": NOW, "icon": "eye", "title": "<b>Pricing</b>", "quote": "<script>"}]
    assert "<script>" not in drawn("{% timeline items now %}", items=items, now=NOW)


def test_a_wrong_field_names_its_error_to_screen_readers() -> None:
    class Points(forms.Form):
        points = forms.IntegerField(max_value=50, help_text="Whole points.")

    form = Points({"points": "160"})
    html = drawn("{% error_summary form %}{% field form.points %}", form=form)
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_points-error id_points-help"' in html
    assert 'id="id_points-error"' in html
    assert 'href="#id_points"' in html


def test_a_filter_changes_one_parameter_and_keeps_the_rest() -> None:
    request = RequestFactory().get("/queue/?view=due&owner=me&page=3")
    assert drawn("{% query page=None view='today' %}", request=request) == "?view=today&amp;owner=me"
