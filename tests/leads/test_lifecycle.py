import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.lifecycle import MoveRefused, StageConflict, move
from leads.models import Lead, StageChange
from leads.stages import MOVES, Stage
from tests import factories as make

CROSSING = StageChange.Cause.CROSSING


@pytest.mark.django_db
def test_a_move_is_written_on_the_lead_and_in_its_history() -> None:
    ada, mara = make.lead("Ada"), make.marketer()
    change = move(lead=ada, to=Stage.MQL, at=make.NOW, cause=StageChange.Cause.PERSON, by=mara, note="met")
    ada.refresh_from_db()
    assert (ada.stage, ada.stage_at) == (Stage.MQL, make.NOW)
    assert (change.from_stage, change.to_stage, change.by, change.note) == ("lead", "mql", mara, "met")


@pytest.mark.django_db
def test_whoever_is_slower_hears_where_the_lead_is() -> None:
    ada = make.lead("Ada")
    seen_by_the_slower = Lead.objects.get(pk=ada.pk)
    move(lead=ada, to=Stage.HANDED_OVER, at=make.NOW, cause=CROSSING)
    with pytest.raises(StageConflict, match="Ada is Handed over by now"):
        move(lead=seen_by_the_slower, to=Stage.MQL, at=make.NOW, cause=CROSSING)
    assert StageChange.objects.count() == 1


@pytest.mark.django_db
def test_a_customer_does_not_become_an_mql_again() -> None:
    ada = make.lead("Ada", stage=Stage.CUSTOMER)
    with pytest.raises(MoveRefused):
        move(lead=ada, to=Stage.MQL, at=make.NOW, cause=CROSSING)


@given(st.sampled_from(list(Stage)))
def test_every_stage_can_reach_an_end(start: Stage) -> None:
    reached, waiting = {start}, [start]
    while waiting:
        for stage in MOVES[waiting.pop()] - reached:
            reached.add(stage)
            waiting.append(stage)
    assert Stage.CLOSED in reached
