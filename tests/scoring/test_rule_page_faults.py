"""What is wrong is said at its control, and on top by its name."""

import re
from typing import Any

import pytest
from django.test import Client

from scoring import drafting
from scoring.drafting import PartFaults
from scoring.models import ModelVersion
from scoring.parts import Place
from tests import factories
from tests.scoring.rule_desk import PARTS, RULES, draft_of_live, saved, signed_in, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Client:
    return signed_in(factories.admin())


@pytest.fixture
def draft(db: None) -> ModelVersion:
    return draft_of_live()


def test_what_is_wrong_is_said_at_its_field_and_on_top_by_name(desk: Client, draft: ModelVersion) -> None:
    page = desk.get(RULES + "?rule=pricing")

    answer = desk.post(
        PARTS,
        typed(
            page,
            do="save",
            points="1000",
            label=" ",
            when__0__n="0",
            window_days="0",
            decay__days="x",
            per__times="0",
        ),
    )

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "6 things to fix" in html
    for control, said in {
        "label": "Name: give it a name",
        "points": "Points: give a whole number from -200 to 200.",
        "when-0-n": "Condition 1, times: give a whole number from 1 to 1,000.",
        "per-times": "Times that count: give a whole number",
        "window_days": "Days that count: give a whole number",
        "decay-days": "Days of fading: give a whole number",
    }.items():
        assert f'href="#id_{control}">{said}' in html
        assert_marked(html, control)
    assert html.count("Give a whole number from 1 to 1,000.") == 2  # below the two fields
    assert saved(draft, "pricing")["points"] == 4


def assert_marked(html: str, control: str) -> None:
    """The control says that it is wrong, and a paragraph that it names says why."""
    [element] = re.findall(rf'<(?:input|select|textarea)[^>]*\bid="id_{control}"[^>]*>', html)
    assert 'aria-invalid="true"' in element, control
    [described] = re.findall(r'aria-describedby="([^"]*)"', element)
    assert f"err-{control}" in described.split()
    assert html.count(f'id="err-{control}"') == 1


@pytest.mark.parametrize(
    ("query", "changes"),
    [
        ("?line=sql-1", {"leave": "-1"}),
        ("?line=sql-1", {"cool_down_days": "many"}),
        ("?line=sql-1", {"min-intent": "x"}),
        ("?line=sql-1", {"min-total": "x"}),
        ("?line=sql-1", {"stage": "heaven"}),
        ("?trigger=interest", {"stage": "heaven"}),
        ("?group=staff", {"cap": "0"}),
        ("?group=staff", {"within": "nowhere"}),
        ("?settings=model", {"ceiling-intent": "0"}),
        ("?settings=model", {"time_zone": "Mars/Olympus"}),
        ("?settings=model", {"grades": "Z"}),
        ("?rule=pricing", {"cap": "0"}),
        ("?rule=pricing", {"decay-kind": "linear", "decay-percent": "0"}),
        ("?rule=pricing", {"per-times": "2", "per-period": "year"}),
        ("?rule=pricing", {"dimension": "luck"}),
        ("?rule=pricing", {"when-0-days": "0"}),
        ("?rule=pricing", {"count": "tiers", "tier-times": ["1", "0"], "tier-points": ["1", "x"]}),
        ("?rule=pricing", {"when-0-what": "colleagues", "when-0-type": "page_view", "when-0-days": "0"}),
        ("?rule=pricing", {"when-0-what": "stage", "when-0-stage": "mql", "when-0-days": "x"}),
    ],
)
def test_every_control_says_its_own_fault(
    desk: Client, draft: ModelVersion, query: str, changes: dict[str, Any]
) -> None:
    form = {**typed(desk.get(RULES + query), do="save"), **changes}

    html = desk.post(PARTS, form).content.decode()

    wrong = "tier-times-1" if "tier-times" in changes else list(changes)[-1]
    assert_marked(html, wrong)
    links = re.findall(r'class="link" href="#(id_[^"]*)"', html)
    assert links
    assert all(f'id="{link}"' in html for link in links)


def test_all_that_is_wrong_with_one_control_is_said(desk: Client, draft: ModelVersion) -> None:
    answer = desk.post(
        PARTS,
        typed(
            desk.get(RULES + "?rule=target-industry"), do="save", window_days="0", when__0__value="Software"
        ),
    )

    said = answer.content.decode()
    assert (
        "Give a whole number from 1 to 3,650. Only a rule about one activity test can have a window." in said
    )


def test_what_is_found_wrong_only_under_the_lock_is_said(
    desk: Client, draft: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody deleted the group between the look and the save."""
    form = typed(desk.get(RULES + "?rule=staff-100-500"), do="save")

    def refuse(**said: Any) -> Place:
        raise PartFaults([("$.group", "There is no group 'staff'.")])

    monkeypatch.setattr(drafting, "save_part", refuse)
    answer = desk.post(PARTS, form)

    assert answer.status_code == 422
    assert_marked(answer.content.decode(), "group")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"when__0__what": ""}, "Choose what the condition asks about."),
        ({"when__0__what": "field:planet"}, "There is no field"),
        (
            {"when__0__what": "field:company.employees", "when__0__op": "lt", "when__0__value": ""},
            "Give a value.",
        ),
        ({"when__0__what": "field:attributes", "when__0__key": ""}, "Name the attribute."),
        (
            {"when__0__what": "field:country", "when__0__op": "eq", "when__0__value": "Mars"},
            "There is no country",
        ),
        ({"when__0__what": "did:moon_landing"}, "There is no activity type"),
        ({"dimension": "luck"}, "Give one of"),
        ({"group": "nobody"}, "There is no group"),
        ({"group": "staff"}, "a group has one dimension"),
        ({"count": "once", "per__times": "1"}, ""),
    ],
)
def test_a_fault_is_a_sentence(desk: Client, draft: ModelVersion, changes: dict[str, str], said: str) -> None:
    answer = desk.post(PARTS, typed(desk.get(RULES + "?rule=email-reply"), do="save", **changes))

    assert (answer.status_code == 422) is bool(said)
    assert said in answer.content.decode()


def test_settings_that_break_a_rule_elsewhere_name_it(desk: Client, draft: ModelVersion) -> None:
    answer = desk.post(
        PARTS, typed(desk.get(RULES + "?settings=model"), do="save", grades="D", ceiling__fit="")
    )

    assert answer.status_code == 422
    assert "“100 to 500 staff”: Fit is a grade here" in answer.content.decode()


def test_rules_that_ask_about_the_same_are_named(desk: Client, draft: ModelVersion) -> None:
    """Their points are added, which somebody who edits one of them forgets."""
    html = desk.get(RULES + "?rule=staff-under-20").content.decode()

    own = f"?version={draft.number}&amp;rule=staff-100-500"
    assert f'href="{own}">100 to 500 staff</a> (+15)' in html
    assert "Other rules ask about the same" not in desk.get(RULES + "?rule=phone").content.decode()
