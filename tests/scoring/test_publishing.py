"""How a version goes live: checked, signed by both sides, published with a reason, brought back."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from scoring import model_file, publishing, rescoring
from scoring.model_file import ModelFileError
from scoring.models import (
    Crossing,
    LineState,
    ModelVersion,
    Publication,
    Rule,
    RuleGroup,
    Score,
    ScoringModel,
    SignOff,
)
from tests import factories as make
from tests.factories import NOW

DAY = timedelta(days=1)
SIDES = ("marketing", "sales")

pytestmark = pytest.mark.django_db


def model(**parts: Any) -> dict[str, Any]:
    return {"model": "default", "rules": [], "lines": [], "triggers": [], "blockers": [], **parts}


def rule(points: int = 25, **settings: Any) -> dict[str, Any]:
    return {
        "key": "demo",
        "label": "Requested a demo",
        "dimension": "intent",
        "points": points,
        "when": {"activity": ["demo_request"]},
        **settings,
    }


def line(least: int, leave: int = 0) -> dict[str, Any]:
    return {"stage": "sql", "min": {"intent": least}, "leave": leave}


def draft(**parts: Any) -> ModelVersion:
    return model_file.load(data=model(**{"rules": [rule()], **parts}))


def published(by: User | None = None, reason: str = "for the test", **parts: Any) -> ModelVersion:
    version = publishing.publish(version=draft(**parts), by=by, reason=reason, at=NOW)
    rescore_all()
    return version


def rescore_all() -> None:
    while rescoring.rescore_changed(at=NOW):
        pass
    rescoring.continue_publishing(at=NOW, seconds=10)


def needs_both_sides() -> None:
    ScoringModel.objects.update(needs_sign_off=True)


def signed(version: ModelVersion) -> ModelVersion:
    version = publishing.check_draft(version=version, by=None, at=NOW)
    publishing.sign(version=version, side="marketing", by=make.marketer(), at=NOW)
    publishing.sign(version=version, side="sales", by=make.manager(), at=NOW)
    return version


# Draft → checked


def test_a_checked_draft_is_closed_for_editing_and_says_by_whom() -> None:
    mara, version = make.marketer(), draft()

    checked = publishing.check_draft(version=version, by=mara, at=NOW)

    assert (checked.state, checked.checked_by, checked.checked_at) == ("checked", mara, NOW)
    with pytest.raises(IntegrityError, match="is checked and cannot change"), transaction.atomic():
        version.rules.update(points=1)


def test_a_draft_with_a_rule_that_cannot_be_computed_is_not_checked() -> None:
    version = draft()
    version.rules.update(when={"field": "shoe_size", "op": "known"})

    with pytest.raises(ModelFileError, match="shoe_size"):
        publishing.check_draft(version=version, by=None, at=NOW)

    version.refresh_from_db()
    assert version.is_draft


def test_checking_twice_keeps_the_first_check() -> None:
    mara, version = make.marketer(), draft()
    publishing.check_draft(version=version, by=mara, at=NOW)

    again = publishing.check_draft(version=version, by=make.admin(), at=NOW + DAY)

    assert (again.checked_by, again.checked_at) == (mara, NOW)


def test_reopening_takes_the_signatures_back() -> None:
    version = signed(draft())

    reopened = publishing.reopen(version=version)

    assert (reopened.state, reopened.checked_at, reopened.checked_by) == ("draft", None, None)
    assert not reopened.sign_offs.exists()
    assert publishing.reopen(version=version).is_draft


def test_what_is_live_is_neither_checked_nor_reopened() -> None:
    live = published()
    with pytest.raises(publishing.NotADraft, match=r"is published already, published by the product on 17 "):
        publishing.check_draft(version=live, by=None, at=NOW)
    with pytest.raises(publishing.NotChecked, match="published already"):
        publishing.reopen(version=live)


@pytest.mark.django_db(transaction=True)
def test_an_edit_that_meets_the_check_waits_and_is_refused() -> None:
    version = draft()
    refused: list[Exception] = []

    def edit() -> None:
        try:
            Rule.objects.filter(version=version).update(points=1)
        except IntegrityError as error:
            refused.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        publishing.check_draft(version=version, by=None, at=NOW)
        editing = threading.Thread(target=edit)
        editing.start()
        editing.join(0.3)
        assert editing.is_alive(), "it waits for the check"
    editing.join(10)

    assert len(refused) == 1
    assert version.rules.get().points == 25


def test_a_draft_goes_though_what_was_made_from_it_is_live() -> None:
    first = draft()
    second = publishing.draft_from(version=first, by=None)
    publishing.publish(version=second, by=None, reason="for the test", at=NOW)
    publishing.discard(version=first)
    second.refresh_from_db()
    assert second.based_on is None
    with pytest.raises(IntegrityError, match="cannot change"), transaction.atomic():
        ModelVersion.objects.filter(pk=second.pk).update(based_on=second)


# Signatures


@pytest.mark.parametrize(
    ("who", "side", "may"),
    [
        (make.marketer, "marketing", True),
        (make.marketer, "sales", False),
        (make.manager, "sales", True),
        (make.manager, "marketing", False),
        (make.admin, "marketing", True),
        (make.admin, "sales", True),
        (make.rep, "marketing", False),
        (make.rep, "sales", False),
    ],
)
def test_each_side_is_signed_by_its_own_people(who: Any, side: str, may: bool) -> None:
    version = publishing.check_draft(version=draft(), by=None, at=NOW)
    if may:
        assert publishing.sign(version=version, side=side, by=who(), at=NOW).side == side
    else:
        with pytest.raises(publishing.NotYours, match=f"signs for {side}"):
            publishing.sign(version=version, side=side, by=who(), at=NOW)


def test_one_person_signs_for_one_side_only() -> None:
    ada, version = make.admin(), publishing.check_draft(version=draft(), by=None, at=NOW)
    first = publishing.sign(version=version, side="marketing", by=ada, at=NOW)

    assert publishing.sign(version=version, side="marketing", by=ada, at=NOW + DAY) == first
    with pytest.raises(publishing.AlreadySigned, match="You signed for marketing; somebody else"):
        publishing.sign(version=version, side="sales", by=ada, at=NOW)


def test_a_second_signature_for_a_side_is_told_whose_came_first() -> None:
    version = publishing.check_draft(version=draft(), by=None, at=NOW)
    publishing.sign(version=version, side="marketing", by=make.marketer(), at=NOW)

    with pytest.raises(publishing.AlreadySigned, match="Mara Marker signed for marketing on 17 November"):
        publishing.sign(version=version, side="marketing", by=make.admin(), at=NOW)


def test_a_draft_is_checked_before_anybody_signs() -> None:
    with pytest.raises(publishing.NotChecked, match="check it first"):
        publishing.sign(version=draft(), side="marketing", by=make.marketer(), at=NOW)


def test_a_model_that_needs_both_sides_is_published_only_with_both() -> None:
    needs_both_sides()
    ada, version = make.admin(), draft()

    def publish() -> ModelVersion:
        return publishing.publish(version=version, by=ada, reason="Agreed on Tuesday", at=NOW)

    with pytest.raises(publishing.NotSigned, match="check it, then marketing signs it, then sales signs it"):
        publish()
    publishing.check_draft(version=version, by=ada, at=NOW)
    publishing.sign(version=version, side="marketing", by=make.marketer(), at=NOW)
    with pytest.raises(publishing.NotSigned, match=r"is not ready: sales signs it\."):
        publish()
    publishing.sign(version=version, side="sales", by=make.manager(), at=NOW)

    assert publish().state == "published"


def test_marketing_publishes_what_both_sides_signed_and_nothing_else() -> None:
    mira = make.marketer("Mira Other")
    with pytest.raises(publishing.NotYours, match="An admin publishes"):
        publishing.publish(version=draft(), by=mira, reason="because", at=NOW)
    with pytest.raises(publishing.NotYours):
        publishing.publish(version=signed(draft()), by=mira, reason="because", at=NOW)

    needs_both_sides()
    version = ModelVersion.objects.get(state="checked")

    assert publishing.publish(version=version, by=mira, reason="because", at=NOW).state == "published"


@pytest.mark.parametrize("who", [make.manager, make.rep])
def test_sales_publishes_nothing(who: Any) -> None:
    with pytest.raises(publishing.NotYours):
        publishing.publish(version=draft(), by=who(), reason="because", at=NOW)


# Publishing


def test_publishing_writes_the_change_log_and_retires_the_one_before() -> None:
    before, ada = ModelVersion.objects.live(), make.admin()

    version = published(by=ada, reason="  Reps asked for fewer ")

    log = Publication.objects.get(version=version)
    assert (log.kind, log.at, log.by, log.reason) == ("published", NOW, ada, "Reps asked for fewer")
    before.refresh_from_db()
    assert (before.state, version.reason) == ("retired", "Reps asked for fewer")


def test_publishing_needs_a_reason() -> None:
    with pytest.raises(publishing.ReasonMissing):
        publishing.publish(version=draft(), by=None, reason="  ", at=NOW)


def test_who_looked_at_another_live_version_is_told_who_was_first() -> None:
    seen = ModelVersion.objects.live().number
    mine, yours = draft(), draft(rules=[rule(30)])
    publishing.publish(version=yours, by=make.admin(), reason="because", at=NOW, over=seen)

    with pytest.raises(
        publishing.PublishedMeanwhile,
        match="went live meanwhile, published by Ada Admin on 17 November at 10:36",
    ):
        publishing.publish(version=mine, by=None, reason="because", at=NOW, over=seen)

    mine.refresh_from_db()
    assert mine.is_draft


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_once_one_wins_and_the_other_is_told() -> None:
    version, people = draft(), [make.admin("Ada Admin"), make.admin("Ann Admin")]
    gate, told = threading.Barrier(2), []

    def publish(by: User) -> None:
        try:
            gate.wait(10)
            publishing.publish(version=version, by=by, reason=f"said {by.name}", at=NOW)
        except publishing.NotADraft as refused:
            told.append(str(refused))
        finally:
            connection.close()

    threads = [threading.Thread(target=publish, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    log = Publication.objects.get(version=version)
    assert told == [
        f"Default, version 2 is published already, published by {log.by} on 17 November at 10:36."
    ]
    assert ModelVersion.objects.published().count() == 1


# Bringing back


def test_bringing_back_is_one_step_and_a_row_of_the_log() -> None:
    ada, first, second = make.admin(), ModelVersion.objects.live(), published()

    back = publishing.bring_back(version=first, by=ada, at=NOW + DAY)

    second.refresh_from_db()
    log = Publication.objects.order_by("-id")[0]
    assert (back.state, back.rescored_to, second.state) == ("published", 0, "retired")
    assert (log.version, log.kind, log.by) == (first, "back", ada)
    assert log.reason == f"Rolled back from version {second.number}"

    publishing.bring_back(version=second, by=ada, at=NOW + 2 * DAY)

    assert Publication.objects.order_by("-id")[0].reason == f"Brought back over version {first.number}"
    assert publishing.version_before(first) is None
    assert publishing.version_before(second) == first


def test_scores_and_places_after_a_rollback_are_those_before() -> None:
    first = published(lines=[line(20)])
    ada, ben = make.lead("Ada Over"), make.lead("Ben Under")
    make.activity(ada, "demo_request")
    make.activity(ben, "page_view")
    rescore_all()

    def standing() -> tuple[list[Any], list[Any]]:
        scores = Score.objects.order_by("lead").values_list("lead", "fit", "engagement", "intent", "version")
        states = LineState.objects.filter(inside=True).order_by("lead", "stage").values_list("lead", "stage")
        return list(scores), list(states)

    before = standing()
    views = {**rule(40), "key": "view", "when": {"activity": ["page_view"]}}
    published(rules=[rule(), views], lines=[line(20)])
    assert standing() != before

    publishing.bring_back(version=first, by=None, at=NOW)
    rescore_all()

    assert standing() == before


def test_after_a_rollback_nothing_of_what_was_rolled_back_waits() -> None:
    """Cleo would have stayed inside, within the leave margin of the old line."""
    first = published(rules=[rule(18)], lines=[line(20, leave=5)])
    cleo = make.lead("Cleo Close")
    make.activity(cleo, "demo_request")
    rescore_all()
    second = published(rules=[rule(18)], lines=[line(15)])
    crossing = Crossing.objects.held().get()
    assert (crossing.lead, crossing.version) == (cleo, second)

    publishing.bring_back(version=first, by=None, at=NOW)
    rescore_all()

    crossing.refresh_from_db()
    assert (crossing.outcome, crossing.handled_at) == ("overtaken", NOW)
    assert not Crossing.objects.held().exists()
    assert not LineState.objects.filter(lead=cleo, inside=True).exists()


def test_who_is_over_the_old_line_all_the_same_waits_again_under_it() -> None:
    first = published(lines=[line(20)])
    second = published(lines=[line(1)])
    lead = make.lead()
    make.activity(lead, "page_view")
    rescore_all()
    third = published(rules=[{**rule(), "when": {"activity": ["page_view"]}}], lines=[line(20)])
    make.activity(lead, "demo_request")
    rescore_all()
    assert Crossing.objects.held().get().version == third

    publishing.bring_back(version=first, by=None, at=NOW)
    rescore_all()

    again = Crossing.objects.held().get()
    assert (again.version, again.cycle, second.state) == (first, 2, "published")


def test_what_waited_before_the_version_was_retired_still_waits() -> None:
    first = published()
    lead = make.lead()
    make.activity(lead, "demo_request")
    rescore_all()
    second = published(lines=[line(20)])
    third = published(lines=[line(20), line(30)])

    publishing.bring_back(version=second, by=None, at=NOW)
    rescore_all()

    assert (first.state, third.state) == ("published", "published"), "as they were read"
    assert Crossing.objects.held().get().version == second


def test_only_what_was_live_comes_back() -> None:
    live = published()
    with pytest.raises(publishing.NotRetired, match="was never live: publish it instead"):
        publishing.bring_back(version=draft(), by=None, at=NOW)
    with pytest.raises(publishing.NotRetired, match="is published already"):
        publishing.bring_back(version=live, by=None, at=NOW)


@pytest.mark.parametrize("who", [make.marketer, make.manager, make.rep])
def test_an_admin_brings_back(who: Any) -> None:
    first = ModelVersion.objects.live()
    published()
    with pytest.raises(publishing.NotYours):
        publishing.bring_back(version=first, by=who(), at=NOW)


# Drafting and discarding


def test_a_draft_says_the_same_as_its_model_with_larger_groups() -> None:
    version = draft(groups=[{"key": "small", "cap": 5}], rules=[rule(group="small")])
    large = RuleGroup.objects.create(version=version, key="large", cap=9)
    version.groups.filter(key="small").update(within=large)
    version.lines.create(stage="sql", min_intent=5, cool_down_days=7)
    ModelVersion.objects.filter(pk=version.pk).update(time_zone="Europe/Berlin", grades_from=3)
    version.refresh_from_db()

    made = publishing.draft_from(version=version, by=make.marketer())

    assert model_file.save(version=made) == model_file.save(version=version)
    assert made.groups.get(key="small").within == made.groups.get(key="large")
    assert made.rules.get().group.version == made
    assert (made.based_on, made.time_zone, made.grades_from) == (version, "Europe/Berlin", 3)
    assert made.lines.get().cool_down_days == 7


def test_a_version_with_a_rule_that_no_longer_fits_can_be_drafted_from_to_mend_it() -> None:
    version = draft()
    broken = {"field": "shoe_size", "op": "known"}
    version.rules.update(when=broken, disabled_at=NOW, disabled_reason="There is no field.")

    made = publishing.draft_from(version=version, by=None)

    assert (made.rules.get().when, made.rules.get().disabled_at) == (broken, None)


def test_a_draft_is_discarded_with_all_its_parts() -> None:
    version = draft(groups=[{"key": "g", "cap": 5}], rules=[rule(group="g")], lines=[line(5)])

    publishing.discard(version=version)
    publishing.discard(version=version)

    assert not ModelVersion.objects.filter(pk=version.pk).exists()


def test_only_a_draft_is_discarded() -> None:
    version = publishing.check_draft(version=draft(), by=None, at=NOW)
    with pytest.raises(publishing.NotADraft, match="is checked: reopen it first"):
        publishing.discard(version=version)
    with pytest.raises(publishing.NotADraft, match="Make a new draft"):
        publishing.discard(version=ModelVersion.objects.live())


def test_the_database_keeps_signatures_apart() -> None:
    version, mara = draft(), make.marketer()
    SignOff.objects.create(version=version, side="marketing", by=mara, at=NOW)
    with pytest.raises(IntegrityError, match="once_a_person"), transaction.atomic():
        SignOff.objects.create(version=version, side="sales", by=mara, at=NOW)


def test_the_log_is_never_rewritten() -> None:
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        Publication.objects.update(reason="another")
