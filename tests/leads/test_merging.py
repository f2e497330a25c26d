"""Two leads that are one person become one, and two again."""

import json
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from leads import consent, folding, merging, unmerging
from leads.aliases import note_use
from leads.models import (
    Activity,
    Alias,
    AliasUse,
    Company,
    CompetingSupplier,
    Lead,
    LeadAccess,
    LeadExternalId,
    LookAlike,
    Merge,
    Opportunity,
    Supplier,
    Visitor,
)
from scoring import rescoring
from scoring.merging import foresee
from scoring.models import Adjustment, Score
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)

#: Not part of how a lead is: what waits for a worker, when a score was stamped, what a merge leaves behind.
ASIDE = {
    "leads.ChangedLead",
    "leads.Merge",
    "leads.LeadHistory",
}


def everything_about(*ids: int) -> dict[str, list[str]]:
    """Every row that points at these leads, and the leads, as the database would write them out."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (to_jsonb(t) - 'updated_at')::text FROM leads_lead t WHERE id = ANY(%s) ORDER BY id",
            [list(ids)],
        )
        found["leads.Lead"] = [row for (row,) in cursor.fetchall()]
        for relation in sorted(folding.relations()):
            label, _, name = relation.rpartition(".")
            if label in ASIDE:
                continue
            model = apps.get_model(label)
            column = model._meta.get_field(name).column
            cursor.execute(
                f"SELECT (to_jsonb(t) - 'computed_at')::text FROM {model._meta.db_table} t"  # noqa: S608
                f" WHERE {column} = ANY(%s) ORDER BY 1",
                [list(ids)],
            )
            found[relation] = [row for (row,) in cursor.fetchall()]
    return found


def totals(lead: Lead) -> dict[int, int]:
    rescoring.rescore_now(lead_id=lead.pk, at=LATER)
    return dict(Score.objects.filter(lead=lead).values_list("model_id", "total"))


def test_every_model_that_points_at_a_lead_says_what_merging_means_for_it() -> None:
    assert folding.relations() == set(folding.settled)


def test_C16_both_histories_count_and_what_both_recorded_counts_once() -> None:
    ada, twin = make.lead("Ada"), make.lead("A. Ada")
    make.activity(ada, "demo_request", event_id="one", source="hook")
    make.activity(twin, "demo_request", event_id="one", source="api")  # the same event by two ways
    make.activity(ada, "page_view", properties={"path": "/a"})
    make.activity(twin, "page_view", properties={"path": "/a"})  # recorded twice
    make.activity(twin, "page_view", properties={"path": "/b"})
    merging.merge(ada, twin, by=make.marketer(), at=LATER)
    counted = Activity.objects.counted().filter(lead=ada)
    assert sorted(counted.values_list("type__key", flat=True)) == ["demo_request", "page_view", "page_view"]
    assert Activity.objects.filter(lead=ada).count() == 5
    assert not Lead.objects.filter(pk=twin.pk).exists()


def test_C16_the_merged_score_is_that_of_one_lead_who_did_it_all() -> None:
    ada, twin, whole = make.lead("Ada"), make.lead("Twin"), make.lead("Whole")
    for number, lead in enumerate([ada, ada, twin]):
        at = NOW - timedelta(days=number)
        make.activity(lead, "pricing_page_view", at)
        make.activity(whole, "pricing_page_view", at)
    make.activity(ada, "demo_request", NOW)
    make.activity(twin, "demo_request", NOW)
    make.activity(whole, "demo_request", NOW)
    for lead in (ada, twin):
        totals(lead)
    merging.merge(ada, twin, by=make.marketer(), at=LATER)
    assert totals(ada) == totals(whole)


def test_G12_only_a_person_who_may_merges() -> None:
    ada, twin = make.lead(), make.lead()
    with pytest.raises(merging.MergeRefused, match="Marketing and those who lead sales"):
        merging.merge(ada, twin, by=make.rep())
    assert Lead.objects.count() == 2


def test_what_merging_does_to_the_score_is_known_before() -> None:
    ada, twin = make.lead("Ada"), make.lead("Twin", title="Head of Operations", company=make.company())
    for lead in (ada, twin):
        make.activity(lead, "demo_request", properties={"form": "demo"})
        make.activity(lead, "pricing_page_view", NOW - timedelta(days=lead.pk % 5))
        totals(lead)
    Adjustment.objects.create(lead=twin, kind="add", dimensions=["fit"], points=3, at=NOW, reason="Met")
    taken = merging.taken_by_default(ada, twin)
    facts = merging.put_together(ada, twin, taken)
    shared = merging.shared_activities(ada, twin)
    assert len(shared) == 1
    foreseen = foresee(keep=ada, drop=twin, facts=facts, left_out=shared, at=LATER)
    merging.merge(ada, twin, by=make.marketer(), at=LATER)
    assert [round(each.merged * 100) for each in foreseen] == [*totals(ada).values()]


def test_a_lead_is_not_merged_with_itself_and_none_twice() -> None:
    ada, twin, mara = make.lead(), make.lead(), make.marketer()
    with pytest.raises(merging.MergeRefused, match="the same lead"):
        merging.merge(ada, ada, by=mara)
    merging.merge(ada, twin, by=mara)
    with pytest.raises(merging.MergeRefused, match="a moment ago"):
        merging.merge(ada, twin, by=mara)
    assert Merge.objects.count() == 1


def test_two_open_deals_are_not_one() -> None:
    ada, twin = make.lead(), make.lead()
    for lead in (ada, twin):
        Opportunity.objects.create(lead=lead)
    with pytest.raises(merging.MergeRefused, match="Both have an open deal"):
        merging.merge(ada, twin, by=make.marketer())


def test_what_the_kept_lead_lacks_comes_from_the_other_and_choices_hold() -> None:
    ada = make.lead("Ada", title="", phone="1", attributes={"seats": 5})
    twin = make.lead("Twin", title="CFO", phone="2", attributes={"seats": 9, "fleet": 1.50})
    assert merging.taken_by_default(ada, twin) == {"title", "attributes.fleet"}
    merging.merge(ada, twin, by=make.marketer(), chosen={"phone", "email", "attributes.seats"})
    kept = Lead.objects.get()
    assert (kept.name, kept.title, kept.phone, kept.email) == ("Ada", "", "2", twin.email)
    assert kept.attributes == {"seats": 9}
    names = Alias.objects.order_by("pk").values_list("public_id", "email")
    assert list(names) == [(twin.public_id, None), (None, ada.email)]


@pytest.mark.parametrize("keep_said_no", [True, False])
def test_a_no_on_either_side_holds_though_the_other_said_yes_later(keep_said_no: bool) -> None:
    ada, twin = make.lead(), make.lead()
    no, yes = (ada, twin) if keep_said_no else (twin, ada)
    consent.record(lead=no, channel="email", granted=False, at=NOW, source="link")
    consent.record(lead=yes, channel="email", granted=True, at=NOW + timedelta(hours=1), source="form")
    merging.merge(ada, twin, by=make.marketer(), at=LATER)
    assert consent.current(lead=ada)["email"].granted is False


def _furnish(lead: Lead, other: Lead) -> None:
    """Something of every kind, and some that both have."""
    dach, nordics = make.team("DACH"), make.team("Nordics")
    supplier, _ = Supplier.objects.get_or_create(name="RouteMaster")
    rep = make.user("Sol Seller", "rep", dach, email=f"sol{lead.pk}@handoff.example")
    for one in (lead, other):
        LeadAccess.objects.create(lead=one, team=dach)
        LeadExternalId.objects.create(lead=one, source="crm", external_id=f"x{one.pk}")
        CompetingSupplier.objects.create(lead=one, supplier=supplier, by=rep)
        consent.record(lead=one, channel="email", granted=True, at=NOW, source="form")
        Visitor.objects.create(anonymous_id=f"visitor-{one.pk:030}", lead=one, first_seen_at=NOW)
        Adjustment.objects.create(
            lead=one, kind="add", dimensions=["fit"], points=3, at=NOW, reason="Met at a fair"
        )
    LeadAccess.objects.create(lead=other, team=nordics)
    consent.record(lead=other, channel="phone", granted=False, at=NOW, source="form")
    Opportunity.objects.create(lead=other)


def test_undone_at_once_both_are_as_before() -> None:
    ada = make.lead("Ada", title="CEO", attributes={"exact": 1.10, "big": 12345678901234567890})
    twin = make.lead("Twin", company=make.company("Nordwind"), phone="123", attributes={"deep": {"a": [1.0]}})
    _furnish(ada, twin)
    for lead in (ada, twin):
        make.activity(lead, "demo_request")
        make.activity(lead, "page_view", properties={"path": f"/{lead.pk}"})
        totals(lead)
    before = everything_about(ada.pk, twin.pk)
    mara = make.marketer()
    made = merging.merge(ada, twin, by=mara, at=LATER)
    assert everything_about(twin.pk)["leads.Lead"] == []
    unmerging.undo(made, by=mara, at=LATER)
    for lead in (ada, twin):
        totals(lead)
    assert everything_about(ada.pk, twin.pk) == before


KINDS = ["page_view", "pricing_page_view", "demo_request", "email_clicked"]
acts = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3)), max_size=5)


def _written(name: str, did: list[tuple[str, int]]) -> Lead:
    lead = make.lead(name)
    for kind, days in did:
        make.activity(lead, kind, NOW - timedelta(days=days))
    totals(lead)
    return lead


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=acts, two=acts)
def test_C16_merging_and_undoing_changes_nothing_whatever_they_did(one: Any, two: Any) -> None:
    mara = _marketer()
    ada, twin = _written("Ada", one), _written("Twin", two)
    before = everything_about(ada.pk, twin.pk)
    made = merging.merge(ada, twin, by=mara, at=LATER)
    assert Activity.objects.filter(lead=ada).count() == len(one) + len(two)
    totals(ada)
    unmerging.undo(made, by=mara, at=LATER)
    for lead in (ada, twin):
        totals(lead)
    after = everything_about(ada.pk, twin.pk)
    for crossed in ("scoring.LineState.lead", "scoring.Crossing.lead"):  # what came since stays: it happened
        before.pop(crossed), after.pop(crossed)
    assert after == before


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(did=st.tuples(acts, acts, acts))
def test_C16_in_whatever_order_three_are_merged_the_score_is_the_same(did: Any) -> None:
    mara, found = _marketer(), []
    for order in ([(0, 1), (0, 2)], [(0, 2), (0, 1)], [(1, 2), (0, 1)]):
        three = [_written(f"Lead {number}", each) for number, each in enumerate(did)]
        for keep, drop in order:
            merging.merge(three[keep], three[drop], by=mara, at=LATER)
        found.append(totals(three[0]))
    assert found[0] == found[1] == found[2]


def _marketer() -> User:
    return User.objects.filter(role="marketer").first() or make.marketer()


def test_a_chain_of_merges_is_undone_from_its_end() -> None:
    a, b, c, mara = make.lead("Anna"), make.lead("Berta"), make.lead("Cleo"), make.marketer()
    first = merging.merge(b, a, by=mara, at=LATER)
    second = merging.merge(c, b, by=mara, at=LATER)
    first.refresh_from_db()
    assert first.kept_id == c.pk
    assert {alias.public_id for alias in c.aliases.all()} == {a.public_id, b.public_id}
    with pytest.raises(unmerging.UndoRefused, match="Undo the merge with Berta first"):
        unmerging.undo(first, by=mara, at=LATER)
    unmerging.undo(second, by=mara, at=LATER)
    first.refresh_from_db()
    unmerging.undo(first, by=mara, at=LATER)
    assert set(Lead.objects.values_list("name", flat=True)) == {"Anna", "Berta", "Cleo"}
    assert not Alias.objects.exists()


def test_after_30_days_a_merge_stands() -> None:
    ada, twin, mara = make.lead(), make.lead(), make.marketer()
    made = merging.merge(ada, twin, by=mara, at=NOW)
    with pytest.raises(unmerging.UndoRefused, match="for 30 days"):
        unmerging.undo(made, by=mara, at=NOW + timedelta(days=31))


def test_what_a_merge_wrote_down_goes_once_it_can_be_undone_no_more() -> None:
    ada, twin, mara = make.lead(), make.lead(), make.marketer()
    made = merging.merge(ada, twin, by=mara, at=NOW)
    assert unmerging.forget_ways_back(at=NOW + timedelta(days=30)) == 0
    assert unmerging.forget_ways_back(at=NOW + timedelta(days=31)) == 1
    made.refresh_from_db()
    assert made.steps == []


def test_an_undone_merge_is_not_undone_again() -> None:
    ada, twin, mara = make.lead(), make.lead(), make.marketer()
    made = merging.merge(ada, twin, by=mara, at=NOW)
    unmerging.undo(made, by=mara, at=NOW)
    with pytest.raises(unmerging.UndoRefused, match="was undone"):
        unmerging.undo(made, by=mara, at=NOW)


def test_undoing_leaves_what_somebody_changed_since_and_what_came_to_the_kept_lead() -> None:
    ada, twin = make.lead("Ada", title=""), make.lead("Twin", title="CFO", phone="123456")
    browser = Visitor.objects.create(anonymous_id="v" * 32, lead=twin, first_seen_at=NOW)
    mara = make.marketer()
    made = merging.merge(ada, twin, by=mara, at=NOW)
    Lead.objects.filter(pk=ada.pk).update(title="CEO")
    own = make.activity(ada, "page_view", LATER, received_at=LATER)
    theirs = make.activity(ada, "page_view", LATER, visitor=browser, received_at=LATER)
    unmerging.undo(made, by=mara, at=LATER)
    ada.refresh_from_db()
    assert (ada.title, ada.phone) == ("CEO", "")
    assert [Activity.objects.get(pk=each.pk).lead_id for each in (own, theirs)] == [ada.pk, twin.pk]


def test_undoing_says_so_when_the_old_address_is_somebody_elses_by_now() -> None:
    ada, twin, mara = make.lead(), make.lead(), make.marketer()
    made = merging.merge(ada, twin, by=mara, at=NOW)
    make.lead(email=twin.email)
    with pytest.raises(unmerging.UndoRefused, match="has the old address"):
        unmerging.undo(made, by=mara, at=NOW)
    assert Merge.objects.standing().exists()


@pytest.mark.django_db(transaction=True)
def test_an_undo_leaves_out_what_points_at_somebody_who_is_gone_since() -> None:
    """Foreign keys are looked at when a transaction ends, so it must end here."""
    a, b, c, d = (make.lead(name) for name in ("Anna", "Berta", "Cleo", "Dora"))
    mara, firm = make.marketer(), make.company("Gone AG")
    Lead.objects.filter(pk=b.pk).update(company=firm)
    pair = {"older": b, "reasons": ["phone"], "found_at": NOW}
    LookAlike.objects.create(newer=d, **pair)
    LookAlike.objects.create(newer=c, **pair)
    first = merging.merge(a, b, by=mara, at=LATER, chosen=[])
    merging.merge(c, d, by=mara, at=LATER)
    Company.objects.filter(pk=firm.pk).delete()  # as undoing its import does, once it is nobody's
    unmerging.undo(first, by=mara, at=LATER)
    assert Lead.objects.get(pk=b.pk).company is None
    assert [(each.older_id, each.newer_id) for each in LookAlike.objects.all()] == [(b.pk, c.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_kept_lead_does_not_get_a_company_back_that_is_gone_since() -> None:
    mara, firm = make.marketer(), make.company("Gone AG")
    ada, twin = make.lead("Ada", company=firm), make.lead("Twin", company=make.company())
    made = merging.merge(ada, twin, by=mara, at=LATER, chosen=["company"])
    Company.objects.filter(pk=firm.pk).delete()
    unmerging.undo(made, by=mara, at=LATER)
    ada.refresh_from_db()
    assert ada.company is None


@pytest.mark.django_db(transaction=True)
def test_undoing_says_so_when_anything_else_stands_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what the database finds only at the end, which would be nobody's to tell."""
    ada, twin, mara = make.lead("Ada"), make.lead("Twin"), make.marketer()
    made = merging.merge(ada, twin, by=mara, at=NOW)

    def unfounded(merged: Merge, late: Any) -> None:
        LeadAccess.objects.create(lead_id=merged.dropped_key, team_id=0)

    monkeypatch.setattr(folding, "returning", [unfounded])
    with pytest.raises(unmerging.UndoRefused, match="What changed since"):
        unmerging.undo(made, by=mara, at=NOW)
    assert Lead.objects.get() == ada


def test_a_column_that_is_newer_than_a_merge_has_its_default_after_the_undo() -> None:
    ada, twin, mara = make.lead("Ada"), make.lead("Twin", phone="123"), make.marketer()
    made = merging.merge(ada, twin, by=mara, at=NOW)
    made.refresh_from_db()
    for step in made.steps:
        if step["did"] == "remove":
            rows = [json.loads(row) for row in step["rows"]]
            step["rows"] = [json.dumps({k: v for k, v in row.items() if k != "phone"}) for row in rows]
    made.save()
    unmerging.undo(made, by=mara, at=NOW)
    assert Lead.objects.get(pk=twin.pk).phone == ""


@pytest.mark.parametrize("said_at", [LATER, NOW - timedelta(days=9)])
def test_S16_a_no_that_was_said_since_holds_for_the_lead_that_is_back_too(said_at: Any) -> None:
    """Also one that a list of withdrawals dates before the merge: it was of either of the two."""
    ada, twin, mara = make.lead("Ada"), make.lead("Twin"), make.marketer()
    for one in (ada, twin):
        consent.record(lead=one, channel="phone", granted=True, at=NOW, source="form")
    consent.record(lead=twin, channel="email", granted=True, at=NOW - timedelta(days=10), source="form")
    made = merging.merge(ada, twin, by=mara, at=NOW)
    consent.record(lead=ada, channel="email", granted=False, at=said_at, source="link")
    unmerging.undo(made, by=mara, at=LATER)
    held = consent.current(lead=Lead.objects.get(pk=twin.pk))
    assert {channel: event.granted for channel, event in held.items()} == {"email": False, "phone": True}
    assert consent.current(lead=ada)["email"].granted is False


def test_a_no_that_only_the_kept_lead_had_said_is_its_own_again() -> None:
    ada, twin, mara = make.lead("Ada"), make.lead("Twin"), make.marketer()
    consent.record(lead=ada, channel="email", granted=False, at=NOW, source="link")
    consent.record(lead=twin, channel="email", granted=True, at=LATER, source="form")
    made = merging.merge(ada, twin, by=mara, at=LATER)
    unmerging.undo(made, by=mara, at=LATER)
    assert consent.current(lead=Lead.objects.get(pk=twin.pk))["email"].granted is True


def _arrived(name: str, lead: Lead, event_id: str) -> Activity:
    """An event that came since under that name."""
    note_use(said=[(name, event_id)], source="hook")
    return make.activity(lead, "page_view", LATER, event_id=event_id, source="hook", received_at=LATER)


def test_C43_what_came_under_the_kept_leads_own_old_address_stays_with_it() -> None:
    ada, twin, mara = make.lead("Ada"), make.lead("Twin"), make.marketer()
    made = merging.merge(ada, twin, by=mara, at=NOW, chosen=["email"])
    assert ada.email
    own = _arrived(ada.email, ada, "one")
    assert AliasUse.objects.count() == 1
    unmerging.undo(made, by=mara, at=LATER)
    own.refresh_from_db()
    assert own.lead_id == ada.pk


def test_C43_what_came_under_a_name_from_a_merge_before_goes_with_it() -> None:
    a, b, c, mara = make.lead("Anna"), make.lead("Berta"), make.lead("Cleo"), make.marketer()
    merging.merge(b, a, by=mara, at=NOW)
    second = merging.merge(c, b, by=mara, at=NOW)
    assert a.email
    theirs = _arrived(a.email, c, "one")
    unmerging.undo(second, by=mara, at=LATER)
    theirs.refresh_from_db()
    assert theirs.lead_id == b.pk


@pytest.mark.django_db(transaction=True)
def test_two_people_merging_the_same_two_at_once_merge_once() -> None:
    ada, twin = make.lead(), make.lead()
    for number in range(20):
        make.activity(ada if number % 2 else twin, "page_view")
    mara, together, said = make.marketer(), Barrier(2), []

    def one(keep: Lead, drop: Lead) -> None:
        together.wait()
        try:
            merging.merge(keep, drop, by=mara)
            said.append("merged")
        except merging.MergeRefused as refusal:
            said.append(str(refusal))
        finally:
            connections.close_all()

    threads = [Thread(target=one, args=pair) for pair in ((ada, twin), (twin, ada))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["One of the two is gone: somebody merged it a moment ago.", "merged"]
    assert Activity.objects.filter(lead=Lead.objects.get()).count() == 20
