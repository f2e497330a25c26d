"""G-09: what is voided does not count anywhere: the score is as if it had never come, a handoff that rests on
it goes back to where it came from, and what sales has answered is named."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Team, User
from handoff import decisions, pipeline, standing
from handoff.models import EvidenceCheck, Handoff, Pool, StuckEvidence
from leads import lifecycle, merging, voiding
from leads.models import Activity, Correction, EvidenceChange, Lead, StageChange, Suspicion
from leads.stages import Phase, Stage
from leads.voiding import Suspected
from notifications.models import Notification
from scoring import rescoring
from scoring.models import Crossing, LineState, Score
from tests.factories import NOW, activity, admin, company, lead, manager, marketer, rep, team
from tests.handoff.factories import crossing, pool

pytestmark = pytest.mark.django_db
Verb, Signal = Correction.Verb, Suspicion.Signal
LATER = NOW + timedelta(minutes=5)
PAGE = "/handoffs/voided-evidence/"


def fitting(name: str = "Ada Example") -> Lead:
    """Over the SQL line as soon as it asks for a demo."""
    firm = company(employees=240, industry="HVAC")
    return lead(
        name, title="Head of Operations", company=firm, phone="+49 30 1234567", at=NOW - timedelta(days=9)
    )


def work(at: Any = NOW) -> None:
    while rescoring.rescore_changed(at=at):
        pass
    while pipeline.run(at=at):
        pass


def scores_of(of: Lead) -> tuple[int, ...] | None:
    return Score.objects.filter(lead=of).values_list("fit", "engagement", "intent", "total").first()


def say(verb: Correction.Verb, *which: Activity, at: Any = LATER) -> None:
    by = User.objects.filter(role="marketer").first() or marketer()
    for each in which:
        voiding.say(
            activity=Activity.objects.get(pk=each.pk), verb=verb, by=by, at=at, reason="A test of ours"
        )


def asked_for_a_demo(name: str = "Ada Example", to: User | None = None) -> tuple[Handoff, Activity]:
    to = to or User.objects.filter(role="rep").first() or rep()
    if not Pool.objects.exists():
        pool(to)
    who = fitting(name)
    demo = activity(who, "demo_request", NOW - timedelta(minutes=1))
    work()
    return Handoff.objects.get(lead=who), demo


def test_g09_voided_the_score_is_as_if_it_had_never_come_and_restored_as_if_nothing_had_been() -> None:
    bots, none = fitting("Bots Only"), fitting("Nothing Came")
    for who in (bots, none):
        activity(who, "page_view", NOW - timedelta(days=2))
    came = [activity(bots, kind, NOW - timedelta(hours=n)) for n, kind in enumerate(
        ["pricing_page_view", "email_clicked", "content_download", "demo_request"]
    )]  # fmt: skip
    lifecycle.advance_phases(lead_ids=[bots.pk, none.pk], at=NOW)
    work()
    before, phase = scores_of(bots), Lead.objects.values_list("phase", "phase_at").get(pk=bots.pk)
    assert before != scores_of(none)

    say(Verb.VOID, *came)
    work(NOW)
    assert scores_of(bots) == scores_of(none)
    assert Lead.objects.get(pk=bots.pk).phase == Phase.AWARENESS
    say(Verb.RESTORE, *came)
    work(NOW)
    assert scores_of(bots) == before
    assert Lead.objects.values_list("phase", "phase_at").get(pk=bots.pk) == phase


def test_g09_a_phase_that_a_marketer_set_stays() -> None:
    ada = fitting()
    looked = activity(ada, "pricing_page_view", NOW - timedelta(hours=1))
    lifecycle.set_phase(lead=ada, phase=Phase.DECISION, at=NOW + timedelta(minutes=2))
    Activity.objects.filter(pk=looked.pk).update(received_at=NOW)
    say(Verb.VOID, looked)
    assert Lead.objects.get(pk=ada.pk).phase == Phase.DECISION


def test_g09_an_open_handoff_that_rests_on_voided_evidence_goes_back_and_the_rep_is_told() -> None:
    max_ = manager()
    handoff, demo = asked_for_a_demo()
    was = handoff.stage_change.from_stage
    say(Verb.VOID, demo)
    work(LATER)

    handoff.refresh_from_db()
    assert handoff.status == Handoff.Status.WITHDRAWN
    back = Lead.objects.get(pk=handoff.lead_id)
    assert back.stage == Stage.LEAD, f"from {was}: an MQL it was by the same demo request"
    told = Notification.objects.filter(kind="taken_back").order_by("recipient")
    assert {note.recipient for note in told} == {handoff.rep, max_}
    assert {note.title for note in told} == {"Ada Example was taken back"}
    assert "voided" in told[0].body
    step = StageChange.objects.filter(lead=back, from_stage=Stage.HANDED_OVER).get()
    assert (step.cause, step.reason, step.by) == ("voided", "taken_back", None)
    assert not EvidenceChange.objects.exists()
    work(LATER)
    assert told.count() == 2, "said once"


@pytest.mark.parametrize("by_line_first", [False, True])
def test_g09_of_merged_mqls_the_one_set_by_hand_stays_one_and_the_one_by_voided_evidence_does_not(
    by_line_first: bool,
) -> None:
    """At the same stage, the merged lead stands there since the first of the two did."""
    by_line, by_hand = lead("Lia Line", at=NOW - timedelta(days=9)), lead("Hanna Hand", at=NOW)
    looked = activity(by_line, "pricing_page_view", NOW - timedelta(minutes=2))
    crossing(by_line, "mql", at=NOW)
    pipeline.run(at=NOW)
    by_line.refresh_from_db()
    assert by_line.stage == Stage.MQL
    hand = NOW + timedelta(minutes=1 if by_line_first else -1)
    lifecycle.move(lead=by_hand, to=Stage.MQL, at=hand, cause=StageChange.Cause.PERSON)
    merging.merge(by_hand, by_line, by=marketer(), at=NOW + timedelta(minutes=3))
    say(Verb.VOID, looked)
    standing.look_again(at=LATER)
    assert Lead.objects.get(pk=by_hand.pk).stage == (Stage.LEAD if by_line_first else Stage.MQL)


def test_g09_what_a_merge_found_recorded_twice_is_no_voided_evidence_while_its_other_record_counts() -> None:
    handoff, demo = asked_for_a_demo("Ada Example")
    twin = lead("Ada Twin", at=NOW - timedelta(days=1))
    other = activity(twin, "demo_request", demo.occurred_at)
    trifle = activity(handoff.lead, "page_view", NOW - timedelta(minutes=3))
    merged = merging.merge(
        twin,
        Lead.objects.get(pk=handoff.lead_id),
        by=User.objects.filter(role="marketer").first() or marketer(),
        at=NOW + timedelta(minutes=2),
    )
    demo.refresh_from_db()
    assert demo.void_reason == merging.RECORDED_TWICE
    say(Verb.VOID, trifle)
    work(LATER)
    assert not EvidenceCheck.objects.filter(voided__gt=0).exists()
    say(Verb.VOID, other)
    work(LATER)
    check = EvidenceCheck.objects.get()
    assert (check.voided, check.stands) == (1, False)
    assert Handoff.objects.get(pk=handoff.pk).status == Handoff.Status.WITHDRAWN
    assert merged.kept_id == twin.pk


def test_g09_restored_it_crosses_again() -> None:
    handoff, demo = asked_for_a_demo()
    say(Verb.VOID, demo)
    work(LATER)
    assert not Handoff.objects.open().exists()
    say(Verb.RESTORE, demo)
    work(LATER)
    again = Handoff.objects.open().get()
    assert (again.lead_id, again.cycle) == (handoff.lead_id, 2)
    assert Crossing.objects.filter(lead=again.lead, stage="sql").count() == 2


def test_g09_what_has_other_reasons_stays_with_the_rep() -> None:
    handoff, demo = asked_for_a_demo()
    activity(handoff.lead, "contact_sales", NOW + timedelta(minutes=1))
    work(NOW + timedelta(minutes=2))
    say(Verb.VOID, demo)
    work(LATER)
    assert Handoff.objects.get(pk=handoff.pk).is_open
    assert Lead.objects.get(pk=handoff.lead_id).stage == Stage.HANDED_OVER


def test_g09_what_fell_by_time_alone_is_not_taken_back_for_a_trifle() -> None:
    handoff, _ = asked_for_a_demo()
    trifle = activity(handoff.lead, "page_view", NOW - timedelta(minutes=2))
    say(Verb.VOID, trifle, at=NOW + timedelta(days=80))
    work(NOW + timedelta(days=80))
    assert Handoff.objects.get(pk=handoff.pk).is_open


def test_g09_a_rep_who_has_talked_to_the_lead_keeps_it_and_it_is_listed() -> None:
    handoff, demo = asked_for_a_demo()
    Handoff.objects.filter(pk=handoff.pk).update(first_touch_at=NOW + timedelta(minutes=3))
    say(Verb.VOID, demo)
    work(LATER)
    assert Handoff.objects.get(pk=handoff.pk).is_open
    check = EvidenceCheck.objects.get()
    assert (check.stands, check.taken_back, check.share) == (False, False, 100)


def test_g09_what_sales_accepted_stays_and_is_listed_with_what_is_void() -> None:
    sol, max_, mara = rep(), manager(), marketer()
    handoff, demo = asked_for_a_demo("Ada Accepted", to=sol)
    decisions.accept(handoff=handoff, by=sol, at=NOW + timedelta(minutes=2))
    say(Verb.VOID, demo)
    work(LATER)
    assert Lead.objects.get(pk=handoff.lead_id).stage == Stage.SQL
    check = EvidenceCheck.objects.get()
    assert (check.voided, check.share, check.stands) == (1, 100, False)
    assert check.total_without < check.total_then

    for who in (max_, mara):
        page = signed_in(who).get(PAGE).content.decode()
        assert "Ada Accepted" in page
        assert "<b>100%</b>" in page
        assert f">{check.points_without:.0f}<" in page
    assert signed_in(sol).get(PAGE).status_code == 403
    assert "Ada Accepted" not in signed_in(manager("Nora Nordics", other_team())).get(PAGE).content.decode()

    say(Verb.RESTORE, demo)
    work(LATER)
    assert "Ada Accepted" not in signed_in(mara).get(f"{PAGE}?show=all").content.decode()


def other_team() -> Team:
    return team("Nordics")


def signed_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def test_g09_a_held_crossing_that_rests_on_voided_evidence_asks_nobody() -> None:
    rep()
    who = fitting()
    work()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL handoff.quiet = on")
    demo = activity(who, "demo_request", NOW - timedelta(minutes=1))
    work()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL handoff.quiet = off")
    assert Crossing.objects.to_release().filter(lead=who, stage="sql").exists()
    say(Verb.VOID, demo)
    work(LATER)
    assert not LineState.objects.filter(lead=who, stage="sql", inside=True).exists()
    assert not Crossing.objects.to_release().filter(lead=who, stage="sql").exists()


def test_g09_what_a_rule_voids_later_takes_the_handoff_back_as_well() -> None:
    handoff, demo = asked_for_a_demo()
    for _ in range(2):
        voiding.suspect(found=[Suspected(demo.pk, Signal.BURST, "", True)], at=LATER)
        work(LATER)
    assert Handoff.objects.get(pk=handoff.pk).status == Handoff.Status.WITHDRAWN


def test_g09_what_goes_wrong_with_one_lead_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    first, one = asked_for_a_demo("Ada First")
    second, other = asked_for_a_demo("Ben Second")
    whole: Callable[..., Any] = standing._check

    def check(handoff: Handoff, *rest: Any) -> None:
        if handoff.pk == first.pk:
            raise ValueError
        whole(handoff, *rest)

    monkeypatch.setattr(standing, "_check", check)
    say(Verb.VOID, one, other)
    work(LATER)
    assert Handoff.objects.get(pk=first.pk).is_open
    assert Handoff.objects.get(pk=second.pk).status == Handoff.Status.WITHDRAWN
    monkeypatch.setattr(standing, "_check", whole)
    work(LATER + timedelta(minutes=2))
    assert Handoff.objects.get(pk=first.pk).status == Handoff.Status.WITHDRAWN, "the next look comes to it"


def test_g09_the_list_costs_the_same_for_one_and_for_many() -> None:
    mara = signed_in(marketer("Mia Marker"))

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert mara.get(f"{PAGE}?show=all").status_code == 200
        return len(queries)

    _, demo = asked_for_a_demo()
    say(Verb.VOID, demo)
    work(LATER)
    few = asked()
    for n in range(12):
        _, demo = asked_for_a_demo(f"Lead Number{n}")
        say(Verb.VOID, demo)
    work(LATER)
    assert EvidenceCheck.objects.count() == 13
    assert asked() == few <= 5


def test_g09_one_activity_is_voided_and_restored_on_the_leads_page() -> None:
    sol = rep()
    handoff, demo = asked_for_a_demo(to=sol)
    desk = signed_in(sol)
    at = f"/leads/{handoff.lead.public_id}/"
    address = f"{at}activities/{demo.pk}/voiding/"
    assert address in desk.get(at).content.decode()
    assert desk.get(address).status_code == 200
    assert desk.post(address, {"verb": "void", "why": "nonsense"}).status_code == 422

    desk.post(address, {"verb": "void", "why": "A test of ours"})
    demo.refresh_from_db()
    assert demo.void_reason == "A test of ours"
    page = desk.get(at).content.decode()
    assert "Does not count: A test of ours" in page
    assert "tl__void" in page
    assert "tl__void" not in desk.get(f"{at}?t=web").content.decode()
    assert "tl__void" in desk.get(f"{at}?t=voided").content.decode()
    said = Correction.objects.get()
    assert (said.by, said.changed) == (sol, 1)
    assert "It stood so already" in desk.post(address, {"verb": "void"}, follow=True).content.decode()

    desk.post(address, {"verb": "restore"})
    demo.refresh_from_db()
    assert demo.voided_at is None


def fails_for(lead_id: int, monkeypatch: pytest.MonkeyPatch, how: Exception) -> list[int]:
    """Looking at one lead goes wrong each time; the list says at whom was looked."""
    real, looked = standing._look_at, []

    def look(at_whom: int, version: int, at: Any) -> bool:
        looked.append(at_whom)
        if at_whom == lead_id:
            raise how
        return real(at_whom, version, at)

    monkeypatch.setattr(standing, "_look_at", look)
    return looked


def test_f10_a_lead_that_always_fails_is_parked_and_starves_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, one = asked_for_a_demo()
    good, other = asked_for_a_demo("Ben Second")
    say(Verb.VOID, one, other)
    looked = fails_for(bad.lead_id, monkeypatch, ValueError("no such rule"))

    for minutes in (0, 1, 2, 7, 8, 60):
        standing.look_again(at=LATER + timedelta(minutes=minutes), limit=1)

    assert looked.count(bad.lead_id) == 3
    good.refresh_from_db()
    assert good.status == Handoff.Status.WITHDRAWN
    stuck = StuckEvidence.objects.get()
    assert (stuck.lead_id, stuck.attempts, stuck.next_at) == (bad.lead_id, 3, None)
    assert stuck.error == "ValueError: no such rule"
    page = signed_in(admin()).get("/admin/handoff/stuckevidence/").content.decode()
    assert "ValueError: no such rule" in page


def test_f10_a_lead_that_kills_its_worker_is_tried_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, one = asked_for_a_demo()
    say(Verb.VOID, one)
    looked = fails_for(bad.lead_id, monkeypatch, KeyboardInterrupt())  # nothing is caught, as of a dead one
    for minutes in (0, 2, 10, 20, 30):
        with suppress(KeyboardInterrupt):
            standing.look_again(at=LATER + timedelta(minutes=minutes))

    assert looked == [bad.lead_id] * 3
    assert StuckEvidence.objects.get().error == "A worker died over it."


@pytest.mark.parametrize("away", [OperationalError, InterfaceError, SoftTimeLimitExceeded])
def test_f10_a_database_that_is_away_or_time_that_is_up_is_no_try(
    away: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, one = asked_for_a_demo()
    say(Verb.VOID, one)
    with monkeypatch.context() as patched:
        fails_for(bad.lead_id, patched, away("gone"))
        for _ in range(4):
            with pytest.raises(away):
                standing.look_again(at=LATER)
    assert not StuckEvidence.objects.exists(), "nobody reads that a worker died over it"

    assert standing.look_again(at=LATER) == 1
    bad.refresh_from_db()
    assert bad.status == Handoff.Status.WITHDRAWN


@pytest.mark.django_db(transaction=True)
def test_f10_a_connection_that_is_lost_during_a_look_is_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    _, one = asked_for_a_demo()
    say(Verb.VOID, one)

    def cut(*_: Any) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return True

    with monkeypatch.context() as patched:
        patched.setattr(standing, "_look_at", cut)
        with pytest.raises(OperationalError):
            standing.look_again(at=LATER)
    connection.close()  # where it was not mended, the tests after this one have a whole one
    assert not StuckEvidence.objects.exists()


def test_f10_what_failed_before_the_database_was_away_stays_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, one = asked_for_a_demo()
    say(Verb.VOID, one)
    for minutes, error in ((0, ValueError("no such rule")), (2, OperationalError("gone"))):
        with monkeypatch.context() as patched, suppress(OperationalError):
            fails_for(bad.lead_id, patched, error)
            standing.look_again(at=LATER + timedelta(minutes=minutes))
    stuck = StuckEvidence.objects.get()
    assert (stuck.attempts, stuck.next_at) == (1, LATER + timedelta(minutes=2))


def test_f10_a_parked_lead_is_looked_at_when_its_evidence_changes_or_somebody_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad, one = asked_for_a_demo()
    say(Verb.VOID, one)
    with monkeypatch.context() as patched:
        fails_for(bad.lead_id, patched, ValueError("no such rule"))
        for minutes in (0, 2, 10):
            standing.look_again(at=LATER + timedelta(minutes=minutes))
    assert standing.look_again(at=LATER + timedelta(hours=1)) == 0
    EvidenceChange.objects.update(version=F("version") + 1)
    with monkeypatch.context() as patched:
        fails_for(bad.lead_id, patched, ValueError("still"))
        standing.look_again(at=LATER + timedelta(hours=2))
    assert StuckEvidence.objects.get().attempts == 1

    ours = signed_in(admin())
    ours.post("/admin/handoff/stuckevidence/", {"action": "look_again", "_selected_action": [bad.lead_id]})
    assert not StuckEvidence.objects.exists()
    assert standing.look_again(at=LATER + timedelta(hours=2)) == 1
    assert not StuckEvidence.objects.exists()
    bad.refresh_from_db()
    assert bad.status == Handoff.Status.WITHDRAWN


def test_f10_a_lead_that_somebody_has_for_a_moment_was_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    _, one = asked_for_a_demo()
    say(Verb.VOID, one)
    with monkeypatch.context() as patched:
        patched.setattr(standing, "_look_at", lambda *_: False)
        for _ in range(5):
            assert standing.look_again(at=LATER) == 0
    assert not StuckEvidence.objects.exists()
    assert standing.look_again(at=LATER) == 1


def test_g09_a_colleagues_lead_is_not_for_a_rep_to_void_and_another_teams_is_not_there() -> None:
    sol, other, stranger = rep(), rep("Otto Other"), rep("Nils Nordic", other_team())
    handoff, demo = asked_for_a_demo(to=sol)
    address = f"/leads/{handoff.lead.public_id}/activities/{demo.pk}/voiding/"
    assert signed_in(other).post(address, {"verb": "void", "why": "A mistake"}).status_code == 403
    assert signed_in(stranger).get(address).status_code == 404
    another = activity(fitting("Ben Other"), "page_view")
    mara = signed_in(marketer())
    assert mara.get(address.replace(str(demo.pk), str(another.pk))).status_code == 404
    assert mara.get(address).status_code == 200
    demo.refresh_from_db()
    assert demo.voided_at is None
