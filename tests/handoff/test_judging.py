"""Marketing's own judgement: an MQL with a note, a lead again, closed; and what an MQL falls short of."""

from datetime import timedelta

import pytest
from django.http import QueryDict

from handoff import judging, mqls, shortfalls, strength
from handoff.judging import JudgementStands, NoteNeeded
from handoff.models import Shortfall
from handoff.permissions import NotYours
from leads import merging, unmerging
from leads.lifecycle import StageConflict
from leads.models import Lead, StageChange
from leads.stages import Stage
from scoring import model_file
from scoring.models import Score
from tests.factories import NOW, lead, marketer, rep
from tests.handoff.factories import crossing

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def test_s0_07_a_marketer_makes_a_lead_an_mql_with_a_note():
    petra, mara = lead(), marketer()
    judging.judge(lead=petra, to=Stage.MQL, by=mara, note=" Met at the fair. ", at=NOW)
    assert judging.judge(lead=petra, to=Stage.MQL, by=mara, note="Met at the fair.", at=NOW) is None

    petra.refresh_from_db()
    change = StageChange.objects.get(lead=petra)
    assert petra.stage == Stage.MQL
    assert (change.by, change.note, change.cause) == (mara, "Met at the fair.", "person")


def test_s0_07_without_a_reason_it_is_no_judgement_and_sales_gives_none():
    petra = lead()
    with pytest.raises(NoteNeeded):
        judging.judge(lead=petra, to=Stage.MQL, by=marketer(), note="  ", at=NOW)
    with pytest.raises(NotYours):
        judging.judge(lead=petra, to=Stage.MQL, by=rep(), note="Nice.", at=NOW)
    assert not StageChange.objects.exists()


def test_what_sales_has_is_not_marketings_to_judge():
    with pytest.raises(StageConflict, match="is SQL by now"):
        judging.judge(lead=lead(stage=Stage.SQL), to=Stage.MQL, by=marketer(), note="Mine.", at=NOW)


def test_a_judgement_is_taken_back_by_who_gave_it_within_ten_minutes():
    petra, mara = lead(), marketer()
    judging.judge(lead=petra, to=Stage.MQL, by=mara, note="Met at the fair.", at=NOW)
    petra.refresh_from_db()
    with pytest.raises(JudgementStands):
        judging.take_back(lead=petra, by=marketer("Mia Marker"), at=NOW)
    with pytest.raises(JudgementStands):
        judging.take_back(lead=petra, by=mara, at=NOW + HOUR)
    judging.take_back(lead=petra, by=mara, at=NOW + timedelta(minutes=9))
    petra.refresh_from_db()
    assert (petra.stage, petra.stage_reason) == (Stage.LEAD, "")
    assert not petra.milestones.exists(), "as if it had not been"


def test_the_judgement_that_is_meant_is_taken_back_and_no_other():
    petra, mara = lead(), marketer()
    first = judging.judge(lead=petra, to=Stage.CLOSED, by=mara, note="A student.", at=NOW)
    second = judging.judge(lead=petra, to=Stage.MQL, by=mara, note="Buys after all.", at=NOW + MINUTE)
    with pytest.raises(JudgementStands, match="has gone on since"):
        judging.take_back(lead=petra, by=mara, at=NOW + 2 * MINUTE, step=first)
    petra.refresh_from_db()
    assert petra.stage == Stage.MQL
    judging.take_back(lead=petra, by=mara, at=NOW + 2 * MINUTE, step=second)
    petra.refresh_from_db()
    assert petra.stage == Stage.CLOSED


def test_s0_09_the_newest_shortfall_holds_and_the_history_is_kept():
    petra, mara = lead(stage=Stage.MQL), marketer()
    first = shortfalls.record(lead=petra, kind="no_money", by=mara, at=NOW, note="In March again.")
    assert shortfalls.record(lead=petra, kind="no_money", by=mara, at=NOW, note="In March again.") == first
    shortfalls.record(lead=petra, kind="long_cycle", by=mara, at=NOW + HOUR)

    assert shortfalls.of_leads([petra.pk])[petra.pk].kind == "long_cycle"
    assert [one.kind for one in petra.shortfalls.order_by("at")] == ["no_money", "long_cycle"]
    shortfalls.record(lead=petra, kind="none", by=mara, at=NOW + 2 * HOUR)
    assert shortfalls.of_leads([petra.pk]) == {}
    petra.refresh_from_db()
    assert petra.stage == Stage.MQL, "S0-10: who lacks the budget stays an MQL"


def test_s0_09_two_leads_that_are_one_have_the_newer_shortfall():
    one, two, mara = lead(stage=Stage.MQL), lead(stage=Stage.MQL), marketer()
    shortfalls.record(lead=one, kind="no_money", by=mara, at=NOW)
    shortfalls.record(lead=two, kind="not_willing", by=mara, at=NOW + HOUR)
    key = two.pk
    made = merging.merge(one, two, by=mara, at=NOW + HOUR)
    assert Shortfall.objects.holding().get().kind == "not_willing"
    unmerging.undo(made, by=mara, at=NOW + HOUR)
    assert {short.kind: short.lead_id for short in Shortfall.objects.holding()} == {
        "no_money": one.pk,
        "not_willing": key,
    }


def test_s4_07_s4_08_what_made_it_an_mql_says_whether_it_is_strong():
    reader = lead(stage=Stage.MQL, stage_reason="weak")
    asker = lead(stage=Stage.MQL, stage_reason="strong")
    returned = lead(stage=Stage.MQL, stage_reason="timing")
    crossing(returned, intent=2500)
    met = lead(stage=Stage.MQL, stage_reason=judging.JUDGED)

    found = {one.pk: one.strength for one in strength.with_strength(Lead.objects.all())}
    assert found == {reader.pk: "weak", asker.pk: "strong", returned.pk: "strong", met.pk: "weak"}
    assert set(strength.of_strength(Lead.objects.all(), "weak")) == {reader, met}


def test_s4_07_a_sign_of_intent_under_any_model_is_strong_wherever_it_is_asked():
    asker, mara = lead(stage=Stage.MQL, stage_reason="weak"), marketer()
    version = model_file.load(data={"model": "other", "rules": [], "lines": []})
    Score.objects.create(
        lead=asker, model=version.model, version=version, intent=900, fit=0, engagement=0, total=900,
        computed_at=NOW, fading=False,
    )  # fmt: skip
    for kind, found in (("strong", [asker]), ("weak", [])):
        parameters = QueryDict(f"strength={kind}")
        assert list(mqls.listed_mqls(parameters=parameters, user=mara, at=NOW)) == found
        assert list(strength.of_strength(Lead.objects.all(), kind)) == found
    assert strength.with_strength(Lead.objects.all()).get().strength == "strong"
