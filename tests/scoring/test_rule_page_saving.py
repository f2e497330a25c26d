"""The rule page saves and deletes, and makes nothing twice."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from scoring import model_file
from scoring.models import ModelVersion, Rule
from scoring.parts import keys_of
from tests import factories
from tests.scoring.rule_desk import PARTS, RULES, draft_of_live, saved, signed_in, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Client:
    return signed_in(factories.admin())


@pytest.fixture
def draft(db: None) -> ModelVersion:
    return draft_of_live()


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

    assert answer.headers["Location"] == f"/rules/?version={draft.number}&rule=staff-under-20"
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
    assert copied.headers["Location"] == f"/rules/?version={draft.number}&rule=viewed-pricing-copy"

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


def test_deleting_is_asked_about_first(desk: Client, draft: ModelVersion) -> None:
    html = desk.get(RULES + "?rule=pricing").content.decode()

    asks = html.index('id="delete-part" popover')
    assert 'popovertarget="delete-part"' in html[:asks]
    assert "Delete “Viewed pricing” from draft" in html[asks:]
    assert html.count('value="delete"') == 1
    assert html.index('value="delete"') > asks
    assert 'value="delete"' not in desk.get(RULES + "?settings=model").content.decode()


@pytest.mark.parametrize("action", ["delete", "copy"])
def test_the_models_own_settings_are_neither_deleted_nor_copied(
    desk: Client, draft: ModelVersion, action: str
) -> None:
    assert desk.post(PARTS, typed(desk.get(RULES + "?settings=model"), do=action)).status_code == 404


# The same form twice


def test_a_new_rule_that_is_sent_twice_is_one_rule(desk: Client, draft: ModelVersion) -> None:
    form = typed(
        desk.get(RULES + "?new=rule"),
        do="save",
        label="Saw plans",
        when__0__what="did:pricing_page_view",
        points="3",
    )

    first, second = desk.post(PARTS, form), desk.post(PARTS, form)

    assert first.headers["Location"] == second.headers["Location"]
    assert Rule.objects.filter(version=draft, label="Saw plans").count() == 1


def test_going_back_and_saving_something_else_asks_what_is_meant(desk: Client, draft: ModelVersion) -> None:
    form = typed(
        desk.get(RULES + "?new=rule"),
        do="save",
        label="Saw plans",
        when__0__what="did:pricing_page_view",
        points="3",
    )
    desk.post(PARTS, form)

    answer = desk.post(PARTS, {**form, "points": "4"})

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "You saved this already" in html
    assert "Gives 3 points of intent" in html
    assert desk.post(PARTS, typed(answer, do="over")).status_code == 302
    assert saved(draft, "saw-plans")["points"] == 4
    assert Rule.objects.filter(version=draft, label="Saw plans").count() == 1


def test_another_form_makes_another_rule(desk: Client, draft: ModelVersion) -> None:
    for _ in range(2):
        form = typed(
            desk.get(RULES + "?new=rule"),
            do="save",
            label="X",
            when__0__what="did:form_submitted",
            points="3",
        )
        desk.post(PARTS, form)

    assert set(Rule.objects.filter(version=draft, label="X").values_list("key", flat=True)) == {"x", "x-2"}


def test_a_group_needs_a_name_that_becomes_a_key(desk: Client, draft: ModelVersion) -> None:
    form = typed(desk.get(RULES + "?new=group"), do="save", name="Größe", cap="10")
    assert desk.post(PARTS, form).headers["Location"].endswith("group=groe")

    answer = desk.post(PARTS, typed(desk.get(RULES + "?new=group"), do="save", name="大小", cap="10"))

    assert answer.status_code == 422
    assert "Name of the group: give the group a name" in answer.content.decode()
    assert "part" not in keys_of(model_file.save(version=draft), "group")


# Groups


def group_page(desk: Client, key: str = "staff") -> Any:
    return desk.get(RULES + f"?group={key}")


def test_a_group_is_renamed_and_its_rules_stay_in_it(desk: Client, draft: ModelVersion) -> None:
    members = set(draft.rules.filter(group__key="staff").values_list("key", flat=True))

    answer = desk.post(PARTS, typed(group_page(desk), do="save", name="Company Size", cap="12"))

    assert answer.headers["Location"] == f"/rules/?version={draft.number}&group=company-size"
    assert set(draft.rules.filter(group__key="company-size").values_list("key", flat=True)) == members
    assert draft.groups.get(key="company-size").cap == 12
    html = group_page(desk, "company-size").content.decode()
    assert "Group “company size”" in html
    assert 'name="name" maxlength="56" value="company size"' in html
    assert "Delete the group “company size” from draft" in html
    assert "“Group “" not in html
    desk.post(PARTS, typed(group_page(desk, "company-size"), do="save"))  # as it is: no other name
    assert draft.groups.filter(key="company-size").exists()


def test_a_group_keeps_its_name_where_the_new_one_is_taken_or_none(desk: Client, draft: ModelVersion) -> None:
    draft.groups.create(key="other", cap=5)
    for name, said in (("Other", "There is a group “other” already."), ("123", "a letter from a to z")):
        answer = desk.post(PARTS, typed(group_page(desk), do="save", name=name, cap="7"))
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert f'value="{name}"' in answer.content.decode()
    assert draft.groups.get(key="staff").cap != 7  # nothing of it is saved


def test_a_label_with_a_character_nobody_sees_says_so(desk: Client, draft: ModelVersion) -> None:
    for label in ("a\0b", "a\u202eb"):
        answer = desk.post(PARTS, typed(desk.get(RULES + "?rule=pricing"), do="save", label=label))
        assert answer.status_code == 422
        assert "It holds a character that cannot be seen." in answer.content.decode()


def test_a_day_that_is_in_no_calendar_is_refused_at_its_field(desk: Client, draft: ModelVersion) -> None:
    page = desk.post(
        PARTS, typed(desk.get(RULES + "?rule=phone"), do="change", when__0__what="field:created_on")
    )
    page = desk.post(PARTS, typed(page, do="change", when__0__op="after"))
    answer = desk.post(PARTS, typed(page, do="save", when__0__value="2026-02-30"))
    assert answer.status_code == 422
    assert "There is no day 2026-02-30." in answer.content.decode()
