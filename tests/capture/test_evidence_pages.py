"""G-09: what is suspected is listed by signal, voided and restored in bulk, and all of it can be undone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import psycopg.errors
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.clock import database_now
from accounts.models import User
from capture import correcting, disowning, employers, looking_back, tasks
from capture.imports import undoing
from capture.imports.undone import Undone
from capture.models import EvidenceRules, Import, LookingBack
from leads import merging, voiding
from leads.models import Activity, Correction, Lead, Suspicion
from leads.voiding import Suspected
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db
PAGE = "/evidence/"
Signal, State, Verb = Suspicion.Signal, Suspicion.State, Correction.Verb


def named(
    count: int, signal: Suspicion.Signal = Signal.BURST, *, of: Lead | None = None, void: bool = False
) -> list[int]:
    """So many activities of a lead, named by ``signal``."""
    of = of or make.lead()
    source = make.activity(of, "page_view")
    Activity.objects.bulk_create(
        Activity(
            lead=of,
            type=source.type,
            occurred_at=NOW - timedelta(seconds=n),
            source="test",
            event_id=f"{of.pk}-{signal}-{n}",
        )
        for n in range(count)
    )
    source.delete()
    ids = list(Activity.objects.filter(lead=of, suspicions=None).values_list("id", flat=True))
    voiding.suspect(found=[Suspected(pk, signal, "seen", void) for pk in ids], at=NOW)
    return ids


def signed_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def states() -> dict[str, int]:
    counted: dict[str, int] = {}
    for state in Suspicion.objects.values_list("state", flat=True):
        counted[state] = counted.get(state, 0) + 1
    return counted


def test_g09_the_page_counts_by_signal_and_narrows_the_list() -> None:
    named(3, Signal.BURST, of=make.lead("Bea Burst"))
    named(2, Signal.CRAWLER, of=make.lead("Carl Crawled"), void=True)
    mara = signed_in(make.marketer())
    page = mara.get(PAGE).content.decode()
    assert "Bea Burst" in page
    assert "Carl Crawled" in page
    page = mara.get(PAGE, {"signal": "crawler", "state": "voided"}).content.decode()
    assert "Bea Burst" not in page
    assert page.count("Carl Crawled") >= 2
    assert "Nothing matches" in mara.get(PAGE, {"signal": "crawler", "state": "kept"}).content.decode()


def test_g09_marketers_correct_managers_read_reps_see_nothing() -> None:
    named(1)
    assert signed_in(make.rep()).get(PAGE).status_code == 403
    max_ = signed_in(make.manager())
    page = max_.get(PAGE)
    assert page.status_code == 200
    assert "Keep as real" not in page.content.decode()
    assert max_.post(f"{PAGE}corrections/new/", {"verb": "void", "which": "all"}).status_code == 403
    assert max_.post(f"{PAGE}rules/", {}).status_code == 200
    assert not EvidenceRules.objects.exists(), "managers read"


def test_g09_those_ticked_are_voided_with_the_reason_and_restored_by_undo() -> None:
    ids = named(3)
    mara = signed_in(make.marketer())
    ticked = list(Suspicion.objects.order_by("id").values_list("id", flat=True)[:2])
    sent = {
        "verb": "void",
        "which": "these",
        "suspicion": ticked,
        "reason": "A test of ours",
        "signal": "burst",
    }
    for _ in range(2):
        answer = mara.post(f"{PAGE}corrections/new/", sent, follow=True)
    assert answer.redirect_chain[-1][0] == f"{PAGE}?signal=burst"
    gone = Activity.objects.filter(pk__in=ids, voided_at__isnull=False)
    assert list(gone.values_list("void_reason", flat=True)) == ["A test of ours"] * 2
    first = Correction.objects.order_by("id")[0]
    assert (first.changed, Correction.objects.order_by("id")[1].changed) == (2, 0), "twice is once"

    mara.post(f"{PAGE}corrections/{first.public_id}/undoing/")
    assert not Activity.objects.filter(voided_at__isnull=False).exists()
    assert states() == {"marked": 3}
    again = mara.post(f"{PAGE}corrections/{first.public_id}/undoing/", follow=True).content.decode()
    assert "has undone this already" in again


@pytest.mark.parametrize(
    "wrong",
    [
        {"verb": "void"},
        {"verb": "burn", "which": "all"},
        {"verb": "void", "which": "all", "signal": "nothing"},
    ],
)
def test_g09_nothing_is_changed_by_half_a_form(wrong: dict[str, Any]) -> None:
    named(2)
    signed_in(make.marketer()).post(f"{PAGE}corrections/new/", wrong)
    assert not Correction.objects.exists()
    assert states() == {"marked": 2}


def test_g09_all_that_match_are_voided_in_pieces_and_put_back_as_they_were() -> None:
    before = named(5_200, Signal.BURST, of=make.lead("Bea Burst"))
    named(3, Signal.CRAWLER, of=make.lead("Carl Crawled"))
    mara = make.marketer()
    made = Correction.objects.create(
        verb=Verb.VOID, by=mara, at=NOW, chosen={"signal": "burst"}, upto=Suspicion.objects.latest("id").pk
    )
    late = named(1, Signal.BURST, of=make.lead("Late Lena"))
    steps = 0
    while correcting.go_on(seconds=0, only=made):
        steps += 1
        made.refresh_from_db()
    assert steps >= 5, "in pieces"
    made.refresh_from_db()
    assert (made.changed, made.finished_at is not None) == (5_200, True)
    assert Activity.objects.filter(pk__in=before).counted().count() == 0
    assert Activity.objects.filter(pk__in=late).counted().count() == 1, "what came later is not meant"
    assert states() == {"voided": 5_200, "marked": 4}
    assert not correcting.go_on(seconds=0), "nothing is left"

    back = correcting.undo(correction=made, by=mara, at=NOW)
    while correcting.go_on(seconds=5):
        pass
    back.refresh_from_db()
    assert back.changed == 5_200
    assert Activity.objects.counted().count() == Activity.objects.count()
    assert states() == {"marked": 5_204}


def test_g09_what_a_person_kept_as_real_no_rule_voids_again() -> None:
    [pk] = named(1, Signal.BURST)
    correcting.begin(verb=Verb.RESTORE, by=make.marketer(), at=NOW, chosen={})
    voiding.suspect(found=[Suspected(pk, Signal.TOO_SOON, "", True)], at=NOW)
    assert Activity.objects.get(pk=pk).voided_at is None
    assert states() == {"kept": 2}


def _import_undone(ids: list[int]) -> None:
    made = list(Activity.objects.filter(pk__in=ids).values_list("event_id", flat=True))
    undoing._void(Import(source="test"), made, NOW, Undone(), None)


def _recorded_twice(ids: list[int]) -> None:
    Activity.objects.filter(pk__in=ids).update(voided_at=NOW, void_reason=merging.RECORDED_TWICE)


def _restored_one_by_one(mara: User, ids: list[int]) -> None:
    for activity in Activity.objects.filter(pk__in=ids):
        voiding.say(activity=activity, verb=Verb.RESTORE, by=mara, at=NOW)


def _restored_all(mara: User, ids: list[int]) -> None:
    made = correcting.begin(verb=Verb.RESTORE, by=mara, at=NOW, chosen={})
    assert made.changed == 0
    undone = correcting.undo(correction=made, by=mara, at=NOW)
    correcting.undo(correction=undone, by=mara, at=NOW)


@pytest.mark.parametrize("restored", [_restored_all, _restored_one_by_one])
@pytest.mark.parametrize(
    ("took_out", "suspected"),
    [
        (_import_undone, "marked before"),
        (_import_undone, "voided before"),
        (_import_undone, "named since"),
        (_recorded_twice, "marked before"),
        (_recorded_twice, "named since"),
    ],
)
def test_g09_restoring_revives_neither_an_undone_import_nor_what_was_recorded_twice(
    took_out: Callable[[list[int]], None], suspected: str, restored: Callable[[User, list[int]], None]
) -> None:
    ids = named(2, void=suspected == "voided before")
    if suspected == "named since":
        Suspicion.objects.all().delete()
    took_out(ids)
    voiding.suspect(found=[Suspected(pk, Signal.CRAWLER, "", True) for pk in ids], at=NOW)
    reasons = set(Activity.objects.filter(pk__in=ids).values_list("void_reason", flat=True))
    restored(make.marketer(), ids)
    assert not Activity.objects.filter(pk__in=ids).counted().exists()
    assert set(Activity.objects.filter(pk__in=ids).values_list("void_reason", flat=True)) == reasons


def test_g09_taking_a_void_back_leaves_out_what_an_import_took_with_it_meanwhile() -> None:
    ids = named(2)
    mara = make.marketer()
    made = correcting.begin(verb=Verb.VOID, by=mara, at=NOW, chosen={})
    _import_undone(ids[:1])
    back = correcting.undo(correction=made, by=mara, at=NOW)
    assert back.changed == 1
    assert list(Activity.objects.counted().values_list("pk", flat=True)) == ids[1:]


@pytest.mark.django_db(transaction=True)
def test_g09_a_deadlock_costs_nobody_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL ends each of these once, in the middle; each begins again."""

    def once(module: Any, name: str) -> None:
        whole: Callable[..., Any] = getattr(module, name)
        ended: list[str] = []

        def work(*args: Any, **kwargs: Any) -> Any:
            if not ended:
                ended.append(name)
                raise OperationalError("deadlock") from psycopg.errors.DeadlockDetected()
            return whole(*args, **kwargs)

        monkeypatch.setattr(module, name, work)

    mara, ids = make.marketer(), named(2)
    once(voiding, "_void")
    said = voiding.say(activity=Activity.objects.get(pk=ids[0]), verb=Verb.VOID, by=mara, at=NOW)
    assert said is not None
    once(voiding, "restore")
    made = correcting.begin(verb=Verb.RESTORE, by=mara, at=database_now(), chosen={})
    assert (made.changed, made.finished_at is None) == (1, False)
    once(looking_back, "suspect")
    assert looking_back.look_back(at=NOW) == 0
    make.lead("Nora", email="nora@nordwind.example")
    once(employers, "give")
    assert employers.catch_up(after=0, at=NOW) is None
    assert Lead.objects.get(name="Nora").company is not None


def test_g09_a_manager_reads_no_counts_that_would_ask_for_the_lead_of_each() -> None:
    named(3)
    counts: dict[str, int] = {}
    for who in (make.marketer(), make.manager()):
        desk = signed_in(who)
        with CaptureQueriesContext(connection) as queries:
            page = desk.get(PAGE).content.decode()
        assert "Burst" in page
        assert ("Kept as real</th>" in page) == (who.role == "marketer")
        counts[who.role] = sum(
            "count(*)" in query["sql"] and "leads_suspicion" in query["sql"] for query in queries
        )
    assert counts == {"marketer": 2, "manager": 0}  # the page's, and the rail's, which stops early


def test_g09_an_undone_restore_is_voided_for_the_reason_it_was() -> None:
    [pk] = named(1, Signal.CRAWLER, void=True)
    mara = make.marketer()
    made = correcting.begin(verb=Verb.RESTORE, by=mara, at=NOW, chosen={"signal": "crawler"})
    assert Activity.objects.get(pk=pk).voided_at is None
    correcting.undo(correction=made, by=mara, at=NOW)
    assert Activity.objects.get(pk=pk).void_reason == "Crawler"
    assert states() == {"voided": 1}


def test_g09_the_pages_cost_the_same_for_one_and_for_fifty() -> None:
    mara = signed_in(make.marketer())

    def asked(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert mara.get(address).status_code == 200
        return len(queries)

    named(1)
    correcting.begin(verb=Verb.VOID, by=make.admin(), at=NOW, chosen={})
    few = [asked(PAGE), asked(f"{PAGE}corrections/"), asked(f"{PAGE}rules/")]
    for _ in range(30):
        named(2)
        correcting.begin(verb=Verb.VOID, by=User.objects.get(role="admin"), at=NOW, chosen={})
    assert [asked(PAGE), asked(f"{PAGE}corrections/"), asked(f"{PAGE}rules/")] == few
    assert few[0] <= 9


def test_g09_what_is_ours_is_typed_line_by_line_and_wrong_lines_are_named() -> None:
    mara = signed_in(make.marketer())
    shown = mara.get(f"{PAGE}rules/").context["form"]
    usual = {bound.html_name: bound.value() for bound in shown.treatments}
    typed = {
        **usual,
        "own_addresses": "Fieldline.example\n@partner.example\ntester@gmail.com\n",
        "own_networks": "203.0.113.7/24\n2001:db8::/32\n",
        "hidden_links": "/not-for-you*",
        "treat_burst": "void",
    }
    assert mara.post(f"{PAGE}rules/", typed).status_code == 302
    kept = EvidenceRules.objects.get()
    assert kept.own_addresses == ["fieldline.example", "partner.example", "tester@gmail.com"]
    assert kept.own_networks == ["203.0.113.0/24", "2001:db8::/32"]
    assert kept.treatment(Signal.BURST) == "void"

    for name, line in [
        ("own_networks", "0.0.0.0/0"), ("own_networks", "10.0.0.300"), ("own_addresses", "gmail"),
        ("hidden_links", "/*"), ("hidden_links", "https://x.example/"), ("treat_burst", "shoot"),
    ]:  # fmt: skip
        answer = mara.post(f"{PAGE}rules/", {**typed, name: line})
        assert answer.status_code == 422, line
        assert name in answer.context["form"].errors
    assert EvidenceRules.objects.get().own_networks == kept.own_networks


def test_g09_what_our_own_people_did_before_somebody_said_so_counts_no_more() -> None:
    ours, other = (
        make.lead("Eve", email="eve@mail.fieldline.example"),
        make.lead("Ada", email="ada@firm.example"),
    )
    near = make.lead("Bo", email="bo@notfieldline.example")
    for lead in (ours, other, near):
        make.activity(lead, "pricing_page_view")
    mara = signed_in(make.marketer())
    usual = {bound.html_name: bound.value() for bound in mara.get(f"{PAGE}rules/").context["form"].treatments}

    page = mara.post(f"{PAGE}rules/", {**usual, "own_addresses": "fieldline.example"}, follow=True)

    assert "is being named" in page.content.decode()
    tasks.look_for_bots()
    assert set(Activity.objects.filter(voided_at=None).values_list("lead", flat=True)) == {other.pk, near.pk}
    assert Suspicion.objects.get().signal == Signal.OWN_ADDRESS
    again = mara.post(f"{PAGE}rules/", {**usual, "own_addresses": "fieldline.example"}, follow=True)
    assert "is being named" not in again.content.decode()


def test_g09_all_that_our_own_people_did_is_named_in_steps_that_may_be_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, other = make.lead("Eve", email="eve@fieldline.example"), make.lead("Ada", email="ada@firm.example")
    for _ in range(4):
        make.activity(ours, "pricing_page_view")
        make.activity(other, "pricing_page_view")
    monkeypatch.setattr(disowning, "STEP", 3)
    mara = signed_in(make.marketer())
    rules = f"{PAGE}rules/"
    usual = {bound.html_name: bound.value() for bound in mara.get(rules).context["form"].treatments}
    mara.post(rules, {**usual, "own_addresses": "fieldline.example"})

    disowning.go_on(seconds=-1)
    assert 0 < Suspicion.objects.count() < 4
    assert "is being named" in mara.get(rules).content.decode()
    with monkeypatch.context() as killed:
        killed.setattr(LookingBack, "save", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            disowning.go_on()
    disowning.go_on()

    assert set(Activity.objects.filter(voided_at=None).values_list("lead", flat=True)) == {other.pk}
    assert "is being named" not in mara.get(rules).content.decode()


def test_g09_what_own_people_did_is_named_when_they_are_no_longer_ignored() -> None:
    make.activity(make.lead("Eve", email="eve@fieldline.example"), "pricing_page_view")
    mara = signed_in(make.marketer())
    rules = f"{PAGE}rules/"
    usual = {bound.html_name: bound.value() for bound in mara.get(rules).context["form"].treatments}
    typed = {**usual, "own_addresses": "fieldline.example"}
    mara.post(rules, {**typed, "treat_own_address": "ignore"})
    tasks.look_for_bots()
    assert not Suspicion.objects.exists()

    mara.post(rules, {**typed, "treat_own_address": "void"})
    tasks.look_for_bots()
    assert not Activity.objects.counted().exists()
