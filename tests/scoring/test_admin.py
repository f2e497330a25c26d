"""The marketing-ops desk: drafts are edited, published with a reason, and crossings released."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from scoring import model_file
from scoring.models import Adjustment, Crossing, Line, LineState, MailDomain, ModelVersion, Rule
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make.admin())
    return client


def draft() -> ModelVersion:
    return model_file.load(data=model_file.starter("default"))


def held_crossing() -> Crossing:
    version, lead = ModelVersion.objects.live(), make.lead()
    LineState.objects.create(
        lead=lead, model=version.model, stage="sql", inside=True, cycle=1, since=make.NOW
    )
    return Crossing.objects.create(
        lead=lead,
        model=version.model,
        version=version,
        stage="sql",
        cycle=1,
        at=make.NOW,
        cause="line",
        fit=3000,
        engagement=0,
        intent=2500,
        total=5500,
        held_at=make.NOW,
    )


def test_every_list_and_form_opens(desk: Client) -> None:
    held_crossing()
    version = draft()
    for name in (
        "scoringmodel",
        "modelversion",
        "rule",
        "rulegroup",
        "line",
        "trigger",
        "blocker",
        "crossing",
        "score",
        "linestate",
        "adjustment",
        "maildomain",
        "publication",
        "signoff",
        "modelreview",
    ):
        assert desk.get(reverse(f"admin:scoring_{name}_changelist")).status_code == 200, name
    for version in ModelVersion.objects.all():
        assert desk.get(reverse("admin:scoring_modelversion_change", args=[version.pk])).status_code == 200
    rule = version.rules.first()
    assert rule is not None
    assert desk.get(reverse("admin:scoring_rule_change", args=[rule.pk])).status_code == 200


def test_a_draft_is_published_with_a_reason(desk: Client) -> None:
    version = draft()
    publish = reverse("admin:scoring_modelversion_publish", args=[version.pk])

    assert "This field is required" in desk.post(publish, {"reason": ""}).content.decode()
    desk.post(publish, {"reason": "Reps asked for fewer"})

    version.refresh_from_db()
    assert version.state == "published"
    assert version.reason == "Reps asked for fewer"
    assert version.published_by is not None
    assert ModelVersion.objects.published().count() == 1


def test_publishing_twice_says_that_it_is_live(desk: Client) -> None:
    version = ModelVersion.objects.live()
    answer = desk.post(reverse("admin:scoring_modelversion_publish", args=[version.pk]), {"reason": "again"})
    assert "is published already" in answer.content.decode()


def test_a_checked_version_only_reads_until_it_is_reopened(desk: Client) -> None:
    version = draft()
    rule = version.rules.order_by("id")[0]
    edit = reverse("admin:scoring_rule_change", args=[rule.pk])
    desk.post(reverse("admin:scoring_modelversion_check", args=[version.pk]))
    version.refresh_from_db()
    assert version.state == "checked"

    assert desk.post(edit, {"label": "Other"}).status_code == 403
    assert desk.get(reverse("admin:scoring_modelversion_change", args=[version.pk])).status_code == 200

    desk.post(reverse("admin:scoring_modelversion_reopen", args=[version.pk]))
    version.refresh_from_db()
    assert version.is_draft


def test_a_draft_with_faults_says_them_all_when_it_is_checked(desk: Client) -> None:
    version = draft()
    version.rules.filter(key="phone").update(when={"field": "shoe_size", "op": "known"})
    answer = desk.post(reverse("admin:scoring_modelversion_check", args=[version.pk])).content.decode()
    assert "There is no field &#x27;shoe_size&#x27;" in answer


def test_a_draft_is_discarded_and_a_retired_version_brought_back(desk: Client) -> None:
    first, version = ModelVersion.objects.live(), draft()
    desk.post(reverse("admin:scoring_modelversion_discard", args=[version.pk]))
    assert not ModelVersion.objects.filter(pk=version.pk).exists()

    later = draft()
    desk.post(reverse("admin:scoring_modelversion_publish", args=[later.pk]), {"reason": "Fewer"})
    desk.post(reverse("admin:scoring_modelversion_back", args=[first.pk]))

    assert ModelVersion.objects.live() == first


def test_a_draft_made_from_the_live_version_says_the_same(desk: Client) -> None:
    live = ModelVersion.objects.live()
    desk.post(reverse("admin:scoring_modelversion_draft", args=[live.pk]))
    made = ModelVersion.objects.get(state="draft")
    assert model_file.save(version=made) == model_file.save(version=live)


def test_the_form_of_a_published_version_only_reads(desk: Client) -> None:
    rule = ModelVersion.objects.live().rules.order_by("id")[0]
    desk.post(reverse("admin:scoring_rule_change", args=[rule.pk]), {"label": "Other", "points": 1})
    rule.refresh_from_db()
    assert rule.label != "Other"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE scoring_rule SET points = points + 1",
        "DELETE FROM scoring_trigger",
        "UPDATE scoring_line SET min_fit = 1",
        "UPDATE scoring_rulegroup SET cap = 1",
        "UPDATE scoring_blocker SET label = 'x'",
        "UPDATE scoring_modelversion SET ceiling_fit = 99",
        "UPDATE scoring_modelversion SET reason = 'another'",
        "DELETE FROM scoring_modelversion",
        "INSERT INTO scoring_rulegroup (version_id, key, cap) SELECT id, 'x', 1 FROM scoring_modelversion",
    ],
)
def test_the_database_refuses_to_change_a_published_version(sql: str) -> None:
    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="published"),
        transaction.atomic(),
    ):
        cursor.execute(sql)


def test_a_rule_with_a_wrong_field_is_refused_at_the_field(desk: Client) -> None:
    rule = draft().rules.get(key="phone")
    form = {
        "position": "1",
        "key": "phone",
        "label": "Phone",
        "dimension": "fit",
        "group": "",
        "points": "4",
        "when": '{"field": "shoe_size", "op": "known"}',
        "count": "once",
    }
    answer = desk.post(reverse("admin:scoring_rule_change", args=[rule.pk]), form).content.decode()
    assert "$.field: There is no field &#x27;shoe_size&#x27;. Fields: email," in answer


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cap": 5}, "cap"),
        ({"count": "each"}, "count"),
        ({"window_days": 3}, "window_days"),
        ({"decay_kind": "drop", "decay_days": 3}, "decay_kind"),
        ({"decay_kind": "drop"}, "decay_days"),
        ({"per_times": 1}, "per_times"),
        ({"points": 201}, "points"),
    ],
)
def test_settings_that_mean_nothing_for_the_rule_are_refused_at_their_field(
    changes: dict[str, object], field: str
) -> None:
    from django.core.exceptions import ValidationError

    rule: Rule = draft().rules.get(key="phone")
    for name, value in changes.items():
        setattr(rule, name, value)
    with pytest.raises(ValidationError) as refused:
        rule.full_clean()
    assert field in refused.value.message_dict


def test_held_crossings_are_released_by_a_person(desk: Client) -> None:
    held = held_crossing()
    assert list(Crossing.objects.ready(make.NOW)) == []

    desk.post(
        reverse("admin:scoring_crossing_changelist"), {"action": "release", "_selected_action": [held.pk]}
    )

    held.refresh_from_db()
    assert held.released_by is not None
    assert list(Crossing.objects.ready(make.NOW)) == [held]


def test_the_filter_finds_what_waits_for_a_person(desk: Client) -> None:
    held = held_crossing()
    page = desk.get(reverse("admin:scoring_crossing_changelist"), {"state": "held"}).content.decode()
    assert str(held.lead) in page
    page = desk.get(reverse("admin:scoring_crossing_changelist"), {"state": "handled"}).content.decode()
    assert str(held.lead) not in page


def test_an_adjustment_names_its_author_and_is_taken_back_not_rewritten(desk: Client) -> None:
    lead = make.lead()
    desk.post(
        reverse("admin:scoring_adjustment_add"),
        {
            "lead": lead.pk,
            "kind": "add",
            "dimensions": "fit",
            "points": 10,
            "at_0": "2026-11-01",
            "at_1": "10:00:00",
            "reason": "Met at the fair",
            "expires_at_0": "",
            "expires_at_1": "",
        },
    )
    word = Adjustment.objects.get()
    assert word.author is not None

    desk.post(reverse("admin:scoring_adjustment_change", args=[word.pk]), {"points": 99})
    desk.post(
        reverse("admin:scoring_adjustment_changelist"), {"action": "take_back", "_selected_action": [word.pk]}
    )

    word.refresh_from_db()
    assert word.points == 10
    assert word.voided_at is not None


def test_a_line_asks_for_something() -> None:
    with pytest.raises(IntegrityError, match="scoring_line_asks_for_something"), transaction.atomic():
        Line.objects.create(version=draft(), stage="sql")


def test_a_model_is_told_to_need_both_signatures(desk: Client) -> None:
    model = ModelVersion.objects.live().model
    desk.post(
        reverse("admin:scoring_scoringmodel_change", args=[model.pk]),
        {"key": "default", "name": "Default", "needs_sign_off": "on", "agreed_handoffs": "85"},
    )
    model.refresh_from_db()
    assert (model.needs_sign_off, model.agreed_handoffs) == (True, 85)


def test_a_throw_away_domain_is_added(desk: Client) -> None:
    desk.post(reverse("admin:scoring_maildomain_add"), {"domain": "gone.example", "kind": "throwaway"})
    assert MailDomain.objects.get(domain="gone.example").kind == "throwaway"
