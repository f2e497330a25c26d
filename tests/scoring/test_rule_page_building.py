"""The rule page's form changes as one builds, and previews what it would do."""

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from scoring import preview, turns
from scoring.models import ModelVersion, Rule
from scoring.views import rule_effects
from tests import factories
from tests.scoring.rule_desk import (
    DRAFTS,
    PARTS,
    PAST,
    PREVIEW,
    RULES,
    draft_of_live,
    saved,
    signed_in,
    typed,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Client:
    return signed_in(factories.admin())


@pytest.fixture
def draft(db: None) -> ModelVersion:
    return draft_of_live()


# Building without scripts


def test_rows_come_and_go_unsaved(desk: Client, draft: ModelVersion) -> None:
    page = desk.post(PARTS, typed(desk.get(RULES + "?rule=pricing"), do="add:when"))
    assert 'name="when-1-what"' in page.content.decode()
    assert 'data-focus-on="id_when-1-what"' in page.content.decode()

    page = desk.post(PARTS, typed(page, do="change", when__1__what="field:company.employees"))
    assert '<option value="lt">is under</option>' in page.content.decode()

    page = desk.post(PARTS, typed(page, do="group:when", when__1__op="lt", when__1__value="50"))
    page = desk.post(PARTS, typed(page, do="remove:when-0"))
    html = page.content.decode()
    assert 'name="when-0-what"' in html
    assert 'name="when-1-0-what"' in html
    assert 'value="50"' in html
    assert saved(draft, "pricing")["when"] == {"activity": ["pricing_page_view"]}


def test_the_task_of_a_new_admin(desk: Client) -> None:
    """Companies under 50 staff lose 12 points; pricing twice in a week plus the guide is worth 16."""
    desk.post(DRAFTS, {"starter": "default", "model": "default"})
    draft = ModelVersion.objects.get(state="draft")
    page = desk.get(RULES + "?rule=staff-under-20")
    desk.post(PARTS, typed(page, do="save", label="Under 50 staff", when__0__value="50"))

    page = desk.post(PARTS, typed(desk.get(RULES + "?new=rule&dimension=intent"), do="add:when"))
    page = desk.post(
        PARTS,
        typed(
            page,
            do="change",
            label="Pricing and comparison, same week",
            points="16",
            when__0__what="did:pricing_page_view",
            when__1__what="did:comparison_guide_download",
        ),
    )
    answer = desk.post(PARTS, typed(page, do="save", when__0__n="2", when__0__days="7", when__1__days="7"))

    assert answer.status_code == 302
    assert saved(draft, "pricing-and-comparison-same-week")["when"] == {
        "all": [
            {"activity": ["pricing_page_view"], "at_least": 2, "within_days": 7},
            {"activity": ["comparison_guide_download"], "within_days": 7},
        ]
    }
    assert saved(draft, "staff-under-20")["when"] == {"field": "company.employees", "op": "lt", "value": 50}


def test_a_preview_shows_the_effect_and_saves_nothing(desk: Client, draft: ModelVersion) -> None:
    page = desk.post(PARTS, typed(desk.get(RULES + "?rule=pricing"), do="preview", points="9"))

    html = page.content.decode()
    assert page.status_code == 200
    assert "<b>9 points of intent</b>" in html
    assert "over or under the SQL line" in html
    assert "Too few outcomes" in html
    assert saved(draft, "pricing")["points"] == 4


def test_a_new_rule_comes_after_those_of_its_dimension(desk: Client, draft: ModelVersion) -> None:
    intent = draft.rules.filter(dimension="intent").order_by("position", "id").last()
    assert intent
    page = desk.get(f"{RULES}?version={draft.number}&new=rule").content.decode()
    assert re.search(rf'<option value="{intent.key}" selected>after “', page)


def test_the_number_beside_everybody_who_would_move_is_that_of_its_page(
    desk: Client, draft: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is typed counts at once; the page of everybody counts what is saved."""
    monkeypatch.setattr(rule_effects, "NAMED", 1)
    for _ in range(3):
        factories.lead(phone="1")
    line = RULES + "?line=sql-1"
    eased = {"min-intent": "", "min-fit": "4", "leave": "1"}

    for address, more in ((PREVIEW, {}), (PARTS, {"do": "preview"})):
        html = desk.post(address, typed(desk.get(line), **more, **eased)).content.decode()
        assert "all 3 once you save" in html
        assert "/rules/moves/" not in html

    desk.post(PARTS, typed(desk.get(line), do="save", **eased))
    html = desk.post(PREVIEW, typed(desk.get(line))).content.decode()
    assert re.search(r'href="/rules/moves/[^"]*">all 3</a>', html)
    assert "<b>3 leads</b>" in desk.get(f"/rules/moves/?version={draft.number}").content.decode()


# Pieces for the page's script


def test_the_preview_answers_in_pieces(desk: Client, draft: ModelVersion) -> None:
    form = typed(desk.get(RULES + "?rule=pricing"), points="9")

    html = desk.post(PREVIEW, form).content.decode()
    past = desk.post(PAST, form).content.decode()

    assert 'data-piece="words"' in html
    assert 'data-piece="prev"' in html
    assert "<html" not in html
    assert "Handoffs a week" in past


def test_while_something_is_wrong_the_panel_says_what_it_waits_for(desk: Client, draft: ModelVersion) -> None:
    form = typed(desk.get(RULES + "?rule=pricing"), points="many")

    html = desk.post(PREVIEW, form).content.decode()

    assert '<template data-fault="points">' in html
    assert 'data-piece="prev"' not in html  # what was shown stays, and the script says of when it is
    assert "Complete the form; then this shows who would move" in html[html.index('data-piece="waits"') :]
    assert desk.post(PAST, form).status_code == 200


def test_a_new_rule_has_nothing_to_preview_yet(desk: Client, draft: ModelVersion) -> None:
    html = desk.post(PREVIEW, typed(desk.get(RULES + "?new=rule"))).content.decode()

    assert 'data-piece="waits"' in html
    assert "Scoring everybody" not in html


def test_a_draft_that_says_what_is_live_scores_nobody(desk: Client, draft: ModelVersion) -> None:
    same = desk.get(RULES + "?rule=pricing").content.decode()
    Rule.objects.filter(version=draft, key="pricing").update(points=5)
    other = desk.get(RULES + "?rule=pricing").content.decode()

    assert " data-as-live" in same
    assert "which is live: it would move nobody." in same
    assert " data-as-live" not in other
    assert "Scoring everybody with this draft…" in other


@pytest.fixture
def still_asking(request: pytest.FixtureRequest, db: None) -> Iterator[None]:
    """The admin's last question is being answered yet, on another connection."""
    request.getfixturevalue("desk")
    ada = User.objects.get(email="ada@handoff.example")
    other = connection.copy()
    with other.cursor() as cursor:
        for of in (turns.NOW, turns.PAST):
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [of, ada.pk])
    yield
    other.close()


def test_one_question_at_a_time_is_answered(desk: Client, draft: ModelVersion, still_asking: None) -> None:
    form = typed(desk.get(RULES + "?rule=pricing"), points="9")

    assert desk.post(PREVIEW, form).status_code == 429  # the script asks again
    assert desk.post(PAST, form).status_code == 429
    page = desk.post(PARTS, {**form, "do": "preview"})
    assert page.status_code == 200
    assert "Press Preview again in a moment." in page.content.decode()
    assert 'value="9"' in page.content.decode()
    moves = desk.get(f"/rules/moves/?version={draft.number}")
    assert moves.status_code == 503
    assert "Load the page again in a moment" in moves.content.decode()

    mara = signed_in(factories.marketer())
    assert mara.post(PREVIEW, typed(mara.get(RULES + "?rule=pricing"))).status_code == 200


def test_a_question_that_takes_too_long_is_stopped(
    desk: Client, draft: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = typed(desk.get(RULES + "?rule=pricing"), points="9")
    monkeypatch.setattr(turns, "STATEMENT_SECONDS", 0.05)

    def dawdle(**asked: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    for name in ("of_ruleset", "of_draft", "on_the_past"):
        monkeypatch.setattr(preview, name, dawdle)

    assert "took too long" in desk.post(PREVIEW, form).content.decode()
    assert "took too long" in desk.post(PAST, form).content.decode()
    assert "took too long" in desk.post(PARTS, {**form, "do": "preview"}).content.decode()
    assert "took too long" in desk.get(f"/rules/moves/?version={draft.number}").content.decode()


@pytest.mark.parametrize(("agreed", "hints"), [(None, True), (12, False)])
def test_the_past_says_when_nothing_is_agreed_with_sales(
    desk: Client, draft: ModelVersion, agreed: int | None, hints: bool
) -> None:
    model = draft.model
    model.agreed_handoffs = agreed
    model.save()

    html = desk.post(PAST, typed(desk.get(RULES + "?rule=pricing"), points="9")).content.decode()

    assert ("What sales agreed to take a week is not set." in html) is hints
    assert ('href="/rules/versions/?model=default#agreed"' in html) is hints
    assert ("sales agreed to up to 12" in html) is not hints


def test_a_line_may_ask_for_a_total_and_keeps_being_offered_it(desk: Client, draft: ModelVersion) -> None:
    page = desk.get(RULES + "?line=sql-1")
    assert "for models of one number" in page.content.decode()

    desk.post(PARTS, typed(page, do="save", min__total="60"))
    assert draft.lines.get(stage="sql").min_total == 60

    desk.post(PARTS, typed(desk.get(RULES + "?line=sql-1"), do="save", min__total=""))
    assert draft.lines.get(stage="sql").min_total is None
    assert 'name="min-total"' in desk.get(RULES + "?line=sql-1").content.decode()


def test_each_condition_says_which_one_it_is(desk: Client, draft: ModelVersion) -> None:
    page = desk.post(PARTS, typed(desk.get(RULES + "?rule=pricing"), do="group:when"))
    page = desk.post(PARTS, typed(page, do="change", when__1__0__what="field:company.employees"))
    page = desk.post(PARTS, typed(page, do="detail:when-0"))

    html = page.content.decode()
    for said in (
        "What, condition 1",
        "Times, condition 1",
        "Detail, condition 1, detail 1",
        "What, condition 2.1",
        "Value, condition 2.1",
        "Remove condition 2.1",
    ):
        assert f'aria-label="{said}"' in html
    assert "data-error" not in html


def test_everybody_who_would_move_is_listed(desk: Client, draft: ModelVersion) -> None:
    page = desk.get(f"/rules/moves/?version={draft.number}&dimension=fit")

    assert page.status_code == 200
    assert "nobody" in page.content.decode()
    assert desk.get("/rules/moves/?dimension=luck").status_code == 404


def test_a_rule_the_page_has_no_controls_for_is_kept(desk: Client, draft: ModelVersion) -> None:
    Rule.objects.filter(version=draft, key="pricing").update(when={"mood": "good"})
    page = desk.get(RULES + "?rule=pricing")
    assert "As JSON" in page.content.decode()

    answer = desk.post(PARTS, typed(page, do="save", label="Mended?"))

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Condition 1, JSON" in html
    assert "&quot;mood&quot;: &quot;good&quot;" in html  # to be mended by hand
    assert 'value="Mended?"' in html
    assert Rule.objects.get(version=draft, key="pricing").when == {"mood": "good"}


@pytest.mark.parametrize(
    "json", ["[" * 100_000, "{", '{"field": "title", "op": "eq", "value": "\\u0000"}', "\0"]
)
def test_json_that_nothing_can_be_read_from_is_refused(desk: Client, draft: ModelVersion, json: str) -> None:
    Rule.objects.filter(version=draft, key="pricing").update(when={"mood": "good"})
    page = desk.get(RULES + "?rule=pricing")

    assert desk.post(PARTS, typed(page, do="save", when__0__json=json)).status_code == 422
    assert desk.post(PREVIEW, typed(page, when__0__json=json)).status_code == 200


def test_an_estimate_is_called_one(
    desk: Client, draft: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        factories.lead(phone="1")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_lead")
    monkeypatch.setattr(preview, "MANY", 2)
    monkeypatch.setattr(preview, "SAMPLE", 3)
    page = desk.post(PARTS, typed(desk.get(RULES + "?rule=pricing"), do="preview", points="7"))
    assert "Estimated from 3 leads of about 3, the same ones each time" in page.content.decode()
