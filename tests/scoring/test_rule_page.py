"""The rule page as a browser without scripts uses it: every button sends the form."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from scoring import drafting, model_file, publishing
from scoring.models import ModelVersion, Rule
from scoring.parts import Place, keys_of, part_of, stamp
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

RULES, PARTS, DRAFTS = "/rules/", "/rules/parts/", "/rules/drafts/"


def signed_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


@pytest.fixture
def desk(db: None) -> Client:
    return signed_in(factories.admin())


@pytest.fixture
def draft(db: None) -> ModelVersion:
    return publishing.draft_from(version=ModelVersion.objects.live(), by=None)


def typed(page: HttpResponse, **changes: Any) -> dict[str, Any]:
    """What a browser would send of the page's form, with ``changes``; "__" stands for a hyphen."""
    html = page.content.decode()
    form = html[html.index('id="editor"') : html.index('<aside class="rules__prev"')]
    data: dict[str, Any] = {}

    def add(name: str, value: str) -> None:
        data.setdefault(name, []).append(value)

    for field in re.finditer(r"<(input|select|textarea)\b([^>]*)>", form):
        kind, attributes = field[1], dict(re.findall(r'([\w-]+)="([^"]*)"', field[2]))
        name = attributes.get("name")
        if not name:
            continue
        if kind == "select":
            inside = form[field.end() : form.index("</select>", field.end())]
            chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', inside)
            first = re.search(r'<option(?: value="([^"]*)")?[^>]*>([^<]*)', inside)
            found = chosen or first
            assert found
            add(name, found[1] if found[1] is not None else found[2])
        elif kind == "textarea":
            add(name, form[field.end() : form.index("</textarea>", field.end())].removeprefix("\n"))
        elif attributes.get("type") != "checkbox" or re.search(r"\bchecked\b", field[2]):
            add(name, attributes.get("value", "on"))
    for name, value in changes.items():
        data[name.replace("__", "-")] = value
    return data


def saved(version: ModelVersion, key: str) -> dict[str, Any]:
    return part_of(model_file.save(version=version), Place("rule", key))


# Reading


@pytest.mark.parametrize("who", ["rep", "manager", "marketer", "admin"])
def test_everybody_reads_what_is_live(who: str) -> None:
    page = signed_in(getattr(factories, who)()).get(RULES + "?rule=pricing")

    assert page.status_code == 200
    html = page.content.decode()
    assert "Viewed pricing" in html
    assert ("Edit in a draft" in html) is (who in ("marketer", "admin"))
    assert 'value="save"' not in html


def test_strangers_sign_in_first() -> None:
    assert Client().get(RULES).status_code == 302


def test_sales_neither_sees_nor_changes_drafts(draft: ModelVersion) -> None:
    client = signed_in(factories.rep())

    assert client.get(RULES + f"?version={draft.number}").status_code == 404
    assert f"Draft {draft.number}" not in client.get(RULES).content.decode()
    for path in (PARTS, DRAFTS, "/rules/preview/", "/rules/past/"):
        assert client.post(path, {"kind": "rule", "key": "pricing"}).status_code == 403
    assert client.get("/rules/starters/").status_code == 403
    assert client.get("/rules/moves/").status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "?rule=nothing",
        "?line=sql-9",
        "?version=99",
        "?version=x",
        "?version=9999999999999",
        "?model=none",
        "?new=nothing",
    ],
)
def test_what_is_not_there_is_not_found(desk: Client, query: str) -> None:
    assert desk.get(RULES + query).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "planet", "key": "mars"},
        {"kind": "rule", "key": "pricing", "version": "99"},
        {"kind": "rule", "key": "pricing", "model": "none"},
    ],
)
def test_a_form_about_nothing_is_not_found(desk: Client, draft: ModelVersion, data: dict[str, str]) -> None:
    for path in (PARTS, "/rules/preview/", "/rules/past/"):
        assert desk.post(path, data).status_code == 404


def test_the_list_is_searched(desk: Client, draft: ModelVersion) -> None:
    html = desk.get(RULES + "?q=PRICING").content.decode()

    listed = html[html.index('class="rules__list"') : html.index('id="editor"')]
    assert "Viewed pricing" in listed
    assert "Gave a phone number" not in listed
    assert "Nothing has “zebra”" in desk.get(RULES + "?q=zebra").content.decode()


@pytest.mark.parametrize(
    "query",
    ["?line=sql-1", "?trigger=intent", "?blocker=competitor", "?group=staff", "?settings=model",
     "?new=rule&dimension=fit", "?new=line", "?new=trigger", "?new=blocker", "?new=group"],
)  # fmt: skip
def test_every_kind_of_part_has_its_form(desk: Client, draft: ModelVersion, query: str) -> None:
    page = desk.get(RULES + query)

    assert page.status_code == 200
    assert 'value="save"' in page.content.decode()


# Drafts


def test_editing_begins_in_a_draft_of_what_is_live(desk: Client) -> None:
    live = ModelVersion.objects.live()

    made = desk.post(DRAFTS, {"model": "default", "version": live.number, "kind": "rule", "key": "pricing"})

    draft = ModelVersion.objects.get(state="draft")
    assert made.headers["Location"] == "/rules/?rule=pricing"
    assert draft.based_on == live
    page = desk.get(made.headers["Location"]).content.decode()
    assert f"Draft {draft.number}" in page
    assert f"v{live.number} is live since" in page

    desk.post(DRAFTS, {"model": "default", "version": live.number})
    assert ModelVersion.objects.filter(state="draft").count() == 1


def test_a_starter_becomes_a_draft(desk: Client) -> None:
    assert "Start a draft from this" in desk.get("/rules/starters/").content.decode()

    desk.post(DRAFTS, {"starter": "default", "model": "default"})

    draft = ModelVersion.objects.get(state="draft")
    assert model_file.save(version=draft) == model_file.save(version=ModelVersion.objects.live())
    assert desk.post(DRAFTS, {"starter": "../settings"}).status_code == 404


# Saving


@pytest.mark.parametrize("key", [rule["key"] for rule in model_file.starter("default")["rules"]])
def test_saving_without_a_change_changes_nothing(desk: Client, draft: ModelVersion, key: str) -> None:
    before = saved(draft, key)

    answer = desk.post(PARTS, typed(desk.get(RULES + f"?rule={key}"), do="save"))

    assert answer.status_code == 302
    assert saved(draft, key) == before


@pytest.mark.parametrize(
    "query", ["line=sql-1", "trigger=interest", "blocker=competitor", "group=staff", "settings=model"]
)
def test_saving_other_parts_without_a_change_changes_nothing(
    desk: Client, draft: ModelVersion, query: str
) -> None:
    before = model_file.save(version=draft)

    answer = desk.post(PARTS, typed(desk.get(f"{RULES}?{query}"), do="save"))

    assert answer.status_code == 302
    assert model_file.save(version=draft) == before


def test_a_saved_rule_says_what_was_typed_and_who_typed_it(desk: Client, draft: ModelVersion) -> None:
    page = desk.get(RULES + "?rule=staff-under-20")

    answer = desk.post(
        PARTS, typed(page, do="save", label="Under 50 staff", when__0__value="50", points="-14")
    )

    assert answer.headers["Location"] == "/rules/?rule=staff-under-20"
    rule = saved(draft, "staff-under-20")
    assert (rule["label"], rule["points"], rule["when"]["value"]) == ("Under 50 staff", -14, 50)
    draft.refresh_from_db()
    assert draft.edited_by == User.objects.get(email="ada@handoff.example")
    page = desk.get(RULES + "?rule=staff-under-20")
    assert "was -12" in page.content.decode()
    assert "edited</span>" in page.content.decode()


def test_a_new_rule_gets_a_key_of_its_name_and_a_place(desk: Client, draft: ModelVersion) -> None:
    page = desk.get(RULES + "?new=rule&dimension=intent")

    desk.post(
        PARTS,
        typed(
            page,
            do="save",
            label="Viewed pricing!",
            when__0__what="did:pricing_page_view",
            points="3",
            place="demo",
        ),
    )

    rule = Rule.objects.get(version=draft, key="viewed-pricing")
    assert (rule.dimension, rule.points, rule.position) == ("intent", 3, 0)


def test_a_rule_is_copied_turned_off_and_deleted(desk: Client, draft: ModelVersion) -> None:
    page = desk.get(RULES + "?rule=pricing")
    copied = desk.post(PARTS, typed(page, do="copy"))
    assert copied.headers["Location"] == "/rules/?rule=viewed-pricing-copy"

    form = typed(desk.get(RULES + "?rule=viewed-pricing-copy"), do="save")
    del form["on"]
    desk.post(PARTS, form)
    assert saved(draft, "viewed-pricing-copy")["on"] is False

    desk.post(PARTS, typed(desk.get(RULES + "?rule=pricing"), do="delete"))
    keys = keys_of(model_file.save(version=draft), "rule")
    assert "pricing" not in keys
    assert "viewed-pricing-copy" in keys


def test_a_group_that_rules_are_in_is_kept(desk: Client, draft: ModelVersion) -> None:
    answer = desk.post(PARTS, typed(desk.get(RULES + "?group=staff"), do="delete"))

    assert answer.status_code == 422
    assert "still used by “100 to 500 staff”" in answer.content.decode()


def test_what_is_live_is_not_edited(desk: Client) -> None:
    live = ModelVersion.objects.live()
    before = model_file.save(version=live)

    answer = desk.post(
        PARTS, {"do": "delete", "kind": "rule", "key": "pricing", "version": live.number, "model": "default"}
    )

    assert answer.status_code == 409
    assert "cannot be edited" in answer.content.decode()
    assert model_file.save(version=live) == before


# Two people


def test_who_comes_second_is_told_and_keeps_what_they_typed(desk: Client, draft: ModelVersion) -> None:
    mine = typed(desk.get(RULES + "?rule=pricing"), do="save", points="7", label="Pricing, seen")
    mara = signed_in(factories.marketer())
    mara.post(PARTS, typed(mara.get(RULES + "?rule=pricing"), do="save", points="5"))

    answer = desk.post(PARTS, mine)

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Mara Marker was faster" in html
    assert 'value="Pricing, seen"' in html
    assert saved(draft, "pricing")["points"] == 5

    assert desk.post(PARTS + "?over=1", typed(answer, do="save")).status_code == 302
    assert (saved(draft, "pricing")["points"], saved(draft, "pricing")["label"]) == (7, "Pricing, seen")


def test_a_part_that_somebody_deleted_can_be_brought_back(desk: Client, draft: ModelVersion) -> None:
    mine = typed(desk.get(RULES + "?rule=pricing"), do="save", points="7")
    drafting.delete_part(
        version=draft,
        place=Place("rule", "pricing"),
        seen=stamp(saved(draft, "pricing")),
        by=factories.marketer(),
        at=NOW,
    )

    answer = desk.post(PARTS, mine)

    assert answer.status_code == 409
    assert "It was deleted" in answer.content.decode()
    assert desk.post(PARTS, typed(answer, do="copy")).status_code == 302


# Faults


def test_what_is_wrong_is_said_at_its_field_and_on_top(desk: Client, draft: ModelVersion) -> None:
    page = desk.get(RULES + "?rule=pricing")

    answer = desk.post(
        PARTS,
        typed(page, do="save", points="1000", label=" ", when__0__n="0", window_days="0", decay__days="x"),
    )

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "5 things to fix" in html
    for control in ("points", "label", "when-0-n", "window_days", "decay-days"):
        assert f'href="#id_{control}"' in html
        assert f'id="id_{control}"' in html
    assert html.count("Give a whole number from 1 to 1,000.") == 2  # on top and below the field
    assert saved(draft, "pricing")["points"] == 4


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

    assert 'href="?rule=staff-100-500">100 to 500 staff</a> (+15)' in html
    assert "Other rules ask about the same" not in desk.get(RULES + "?rule=phone").content.decode()


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


# Pieces for the page's script


def test_the_preview_answers_in_pieces(desk: Client, draft: ModelVersion) -> None:
    form = typed(desk.get(RULES + "?rule=pricing"), points="9")

    html = desk.post("/rules/preview/", form).content.decode()
    past = desk.post("/rules/past/", form).content.decode()

    assert 'data-piece="words"' in html
    assert 'data-piece="prev"' in html
    assert "<html" not in html
    assert "Handoffs a week" in past


def test_while_something_is_wrong_the_last_preview_stays(desk: Client, draft: ModelVersion) -> None:
    form = typed(desk.get(RULES + "?rule=pricing"), points="many")

    html = desk.post("/rules/preview/", form).content.decode()

    assert '<template data-fault="points">' in html
    assert 'data-piece="prev"' not in html
    assert desk.post("/rules/past/", form).status_code == 200


def test_everybody_who_would_move_is_listed(desk: Client, draft: ModelVersion) -> None:
    page = desk.get(f"/rules/moves/?version={draft.number}&dimension=fit")

    assert page.status_code == 200
    assert "nobody" in page.content.decode()
    assert desk.get("/rules/moves/?dimension=luck").status_code == 404


def test_a_rule_the_page_has_no_controls_for_is_kept(desk: Client, draft: ModelVersion) -> None:
    Rule.objects.filter(version=draft, key="pricing").update(when={"mood": "good"})
    page = desk.get(RULES + "?rule=pricing")
    assert "As JSON" in page.content.decode()

    answer = desk.post(PARTS, typed(page, do="save"))

    assert answer.status_code == 422
    assert "mood" in answer.content.decode()
