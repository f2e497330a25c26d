"""G-09: what is suspected is listed by signal, voided and restored in bulk, and all of it can be undone."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from capture import correcting
from capture.models import EvidenceRules
from leads import voiding
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
