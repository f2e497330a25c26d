"""Drafts and their parts in the administration: refused and kept as on the rules page."""

from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from scoring import model_file, publishing
from scoring.models import ModelVersion, Rule, RuleGroup
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make.admin())
    return client


def draft() -> ModelVersion:
    return model_file.load(data=model_file.starter("default"))


def rule_form(**changes: Any) -> dict[str, Any]:
    """The form of a rule as a browser sends it: 4 points for a phone number."""
    form = {
        "position": "1",
        "key": "phone",
        "label": "Phone",
        "is_on": "on",
        "dimension": "fit",
        "group": "",
        "points": "4",
        "when": '{"field": "phone", "op": "known"}',
        "count": "once",
    }
    return {**form, **changes}


def seen(desk: Client, part: Model) -> dict[str, Any]:
    """What the form of a part sends about when it was opened."""
    address = reverse(f"admin:scoring_{part._meta.model_name}_change", args=[part.pk])
    return {"stamp": desk.get(address).context["adminform"].form.initial["stamp"]}


def sent(desk: Client, part: Model, **form: Any) -> dict[str, list[str]]:
    """The errors by field after sending the form of a part; none when it was stored."""
    address = reverse(f"admin:scoring_{part._meta.model_name}_change", args=[part.pk])
    answer = desk.post(address, {**seen(desk, part), **form})
    return {} if answer.status_code == 302 else dict(answer.context["adminform"].form.errors)


def saved(desk: Client, rule: Rule, **changes: Any) -> dict[str, list[str]]:
    """The errors by field after sending the form; none when it was stored."""
    address = reverse("admin:scoring_rule_change", args=[rule.pk])
    answer = desk.post(address, rule_form(**{**seen(desk, rule), **changes}))
    if answer.status_code == 302:
        return {}
    return dict(answer.context["adminform"].form.errors)


def test_exceptions_mismatches_tiers_and_switches_are_edited(desk: Client) -> None:
    rule = draft().rules.get(key="phone")
    small = '{"field": "company.employees", "op": "lt", "value": 20}'

    assert saved(desk, rule, unless=small, mismatch_points="-3", is_on="") == {}
    rule.refresh_from_db()
    assert rule.unless == {"field": "company.employees", "op": "lt", "value": 20}
    assert (rule.mismatch_points, rule.is_on) == (-3, False)

    views = '{"activity": ["page_view"]}'
    tiers = '[{"times": 1, "points": 1}, {"times": 3, "points": 5}]'
    assert saved(desk, rule, when=views, count="tiers", tiers=tiers, points="5", dimension="engagement") == {}
    rule.refresh_from_db()
    assert (rule.tiers[1]["points"], rule.unless) == (5, None)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"unless": '{"field": "shoe_size", "op": "known"}'}, "unless", "There is no field"),
        ({"unless": "{nonsense"}, "unless", "valid JSON"),
        ({"when": '{"activity": ["shoe"]}'}, "when", "There is no activity type"),
        ({"tiers": '[{"times": 1, "points": 1}]'}, "tiers", "by how often"),
        ({"count": "tiers", "tiers": "[1]"}, "tiers", ""),
        ({"mismatch_points": "999"}, "mismatch_points", "200"),
        ({"points": "900"}, "points", "200"),
    ],
)
def test_what_is_wrong_in_a_rule_is_said_at_its_field(
    desk: Client, changes: dict[str, str], field: str, words: str
) -> None:
    errors = saved(desk, draft().rules.get(key="phone"), **changes)
    assert field in errors
    assert words in str(errors[field])


def test_what_was_typed_comes_back_and_stored_json_is_readable(desk: Client) -> None:
    rule = draft().rules.get(key="phone")
    address = reverse("admin:scoring_rule_change", args=[rule.pk])
    assert "{\n  &quot;op&quot;: &quot;known&quot;" in desk.get(address).content.decode()
    assert "{nonsense" in desk.post(address, rule_form(unless="{nonsense")).content.decode()


def test_a_group_is_no_part_of_itself_nor_of_another_versions(desk: Client) -> None:
    version = draft()
    group, stranger = version.groups.order_by("id")[0], draft().groups.order_by("id")[0]
    address = reverse("admin:scoring_rulegroup_change", args=[group.pk])
    for within in (group, stranger):
        answer = desk.post(address, {"key": group.key, "cap": group.cap, "within": within.pk})
        assert "within" in answer.context["adminform"].form.errors


def test_a_line_without_a_minimum_is_refused_with_a_sentence(desk: Client) -> None:
    line = draft().lines.order_by("id")[0]
    errors = sent(desk, line, stage="sql", leave="0", cool_down_days="0")
    assert errors["min_intent"] == ["A line asks for at least one minimum."]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"time_zone": "Berlin"}, "time_zone", "is not a time zone; write one like Europe/Berlin"),
        ({"applies_to": '{"activity": ["page_view"]}'}, "applies_to", "exactly one of"),
        ({"applies_to": '{"field": "country"}'}, "applies_to", "Say how to compare"),
        ({"grades_from": "99"}, "grades_from", "less than or equal"),
    ],
)
def test_what_is_wrong_in_the_whole_version_is_said_at_its_field(
    desk: Client, changes: dict[str, str], field: str, words: str
) -> None:
    errors = sent(desk, draft(), **{"time_zone": "UTC", "applies_to": "", **changes})
    assert words in str(errors[field])


# As the rules page has it


GRADED = {
    "model": "default",
    "grades": {"from": "D"},
    "rules": [],
    "lines": [{"stage": "sql", "min": {"fit": "B-"}}],
}


def test_what_is_typed_over_what_somebody_saved_meanwhile_is_refused(desk: Client) -> None:
    version = draft()
    rule = version.rules.get(key="phone")
    opened = seen(desk, rule)
    Rule.objects.filter(pk=rule.pk).update(points=9)

    errors = saved(desk, rule, **opened, points="4")

    assert "This was saved meanwhile" in str(errors["__all__"])
    rule.refresh_from_db()
    assert rule.points == 9
    assert saved(desk, rule, points="5") == {}, "opened anew, it is saved"


def test_the_settings_of_a_draft_are_not_written_over_either(desk: Client) -> None:
    version = draft()
    opened = seen(desk, version)
    ModelVersion.objects.filter(pk=version.pk).update(ceiling_fit=77)

    errors = sent(desk, version, **opened, time_zone="Europe/Berlin")

    assert "This was saved meanwhile" in str(errors["__all__"])
    version.refresh_from_db()
    assert (version.ceiling_fit, version.time_zone) == (77, "UTC")


def test_a_version_that_was_checked_meanwhile_stays_as_it_was_checked(desk: Client) -> None:
    version = draft()
    rule, opened = version.rules.get(key="phone"), {}
    opened = seen(desk, rule)
    publishing.check_draft(version=version, by=None, at=make.NOW)
    answer = desk.post(reverse("admin:scoring_rule_change", args=[rule.pk]), rule_form(**opened, points="9"))
    assert answer.status_code == 403
    rule.refresh_from_db()
    assert rule.points == 4


def test_the_form_of_a_draft_is_as_short_for_fifty_rules_as_for_one(desk: Client) -> None:
    """Django takes a thousand fields at most, and a model may have five hundred rules."""
    rules = [
        {
            "key": f"r{n}",
            "label": f"R{n}",
            "dimension": "fit",
            "points": 1,
            "when": {"field": "phone", "op": "known"},
        }
        for n in range(60)
    ]
    version = model_file.load(data={"model": "default", "rules": rules})
    page = desk.get(reverse("admin:scoring_modelversion_change", args=[version.pk])).content.decode()
    assert page.count("<input") + page.count("<textarea") < 40
    assert f'href="/admin/scoring/rule/?version__id__exact={version.pk}">60 rules</a>' in page
    assert sent(desk, version, time_zone="Europe/Berlin", applies_to="") == {}
    version.refresh_from_db()
    assert version.time_zone == "Europe/Berlin"


def test_a_part_is_added_to_the_draft_it_was_asked_for(desk: Client) -> None:
    version = draft()
    add = reverse("admin:scoring_rule_add")
    assert desk.get(add, {"version": version.pk}).context["adminform"].form.initial["version"] == str(
        version.pk
    )
    answer = desk.post(add, rule_form(version=version.pk, key="mobile", label="Mobile"))

    assert answer.status_code == 302
    assert version.rules.get(key="mobile").points == 4
    live = ModelVersion.objects.live()
    refused = desk.post(add, rule_form(version=live.pk, key="mobile"))
    assert "version" in refused.context["adminform"].form.errors


def test_who_edits_here_is_named_as_on_the_rules_page(desk: Client) -> None:
    version = draft()
    rule = version.rules.get(key="phone")
    for step in (
        lambda: saved(desk, rule, points="7"),
        lambda: sent(desk, version, time_zone="Europe/Berlin", applies_to=""),
        lambda: desk.post(reverse("admin:scoring_rule_delete", args=[rule.pk]), {"post": "yes"}),
    ):
        ModelVersion.objects.filter(pk=version.pk).update(edited_by=None, edited_at=None)
        step()
        version.refresh_from_db()
        assert version.edited_by is not None
        assert version.edited_at is not None
    assert not version.rules.filter(key="phone").exists()


def test_lines_are_checked_as_a_model_file_is(desk: Client) -> None:
    graded = model_file.load(data=GRADED)
    line = graded.lines.get()
    assert "min_fit" in sent(desk, line, stage="sql", min_fit="99", leave="0", cool_down_days="0")
    line = draft().lines.order_by("id")[0]
    assert "leave" in sent(desk, line, stage="sql", min_intent="20", leave="100001", cool_down_days="0")
    assert "min_intent" in sent(desk, line, stage="sql", min_intent="100001", leave="0", cool_down_days="0")


def test_a_grade_has_no_ceiling_here_either(desk: Client) -> None:
    version = model_file.load(data=GRADED)
    errors = sent(desk, version, time_zone="UTC", applies_to="", grades_from="2", ceiling_fit="30")
    assert errors == {"ceiling_fit": ["Fit is a grade here, which ends at A+."]}


def test_groups_within_each_other_are_of_one_dimension(desk: Client) -> None:
    both = [
        {
            "key": "p",
            "label": "P",
            "dimension": "fit",
            "group": "a",
            "points": 1,
            "when": {"field": "phone", "op": "known"},
        },
        {
            "key": "c",
            "label": "C",
            "dimension": "intent",
            "group": "b",
            "points": 1,
            "when": {"field": "city", "op": "known"},
        },
    ]
    version = model_file.load(
        data={"model": "default", "groups": [{"key": "a", "cap": 5}, {"key": "b", "cap": 5}], "rules": both}
    )
    inner, outer = version.groups.get(key="a"), version.groups.get(key="b")
    errors = sent(desk, inner, cap="5", within=outer.pk)
    assert "a group has one dimension" in str(errors)
    assert RuleGroup.objects.get(pk=inner.pk).within is None


def test_publishing_over_another_version_than_the_page_named_is_refused(desk: Client) -> None:
    first, mine = ModelVersion.objects.live(), draft()
    publish = reverse("admin:scoring_modelversion_publish", args=[mine.pk])
    assert '<input type="hidden" name="over" value="1">' in desk.get(publish).content.decode()
    other = publishing.publish(version=draft(), by=None, reason="because", at=make.NOW)

    answer = desk.post(publish, {"reason": "mine", "over": "1"}).content.decode()
    back = reverse("admin:scoring_modelversion_back", args=[first.pk])
    refused = desk.post(back, {"over": "1"}).content.decode()

    assert "went live meanwhile" in answer
    assert f'name="over" value="{other.number}"' in answer
    assert "went live meanwhile" in refused
    assert ModelVersion.objects.live() == other
    desk.post(back, {"over": str(other.number)})
    assert ModelVersion.objects.live() == first


def test_json_that_nests_too_deeply_is_refused_at_the_field(desk: Client) -> None:
    errors = saved(desk, draft().rules.get(key="phone"), when="[" * 100_000)
    assert "when" in errors
