"""The pages of duplicates: what they say, who may, and that every old address leads on."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from handoff import merging
from leads import duplicates
from leads.models import Activity, Lead, LeadAccess, LookAlike, Merge
from scoring.rescoring import rescore_changed
from tests import factories as make
from tests.handoff.factories import offered, pool

pytestmark = pytest.mark.django_db

PHONE = "+49 170 1234567"


def signed_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


@pytest.fixture
def mara() -> User:
    return make.marketer()


def two() -> tuple[Lead, Lead]:
    ada = make.lead("Ada Lovelace", phone=PHONE, title="CFO")
    twin = make.lead("Ada Lovelace", phone=PHONE, title="CEO")
    make.activity(ada, "demo_request")
    make.activity(twin, "page_view")
    duplicates.search(seconds=5)
    return ada, twin


def of(keep: Lead, drop: Lead, rest: str = "") -> str:
    return f"/duplicates/{keep.public_id}/{drop.public_id}/{rest}"


def test_a_pair_is_listed_with_why_and_opens_side_by_side(mara: User) -> None:
    ada, twin = two()
    page = signed_in(mara).get("/duplicates/").content.decode()
    assert "Same phone number" in page
    assert of(ada, twin) in page
    pair = signed_in(mara).get(of(ada, twin)).content.decode()
    assert "CFO" in pair
    assert "CEO" in pair
    assert "See what merging does" in pair


def test_G12_the_question_names_the_effect_and_merging_does_what_it_said(mara: User) -> None:
    ada, twin = two()
    rescore_changed()
    client = signed_in(mara)
    asked = client.get(of(ada, twin), {"review": "1", "take-title": "drop"}).content.decode()
    assert f"From Ada Lovelace ({twin.email}) come 1 activity." in asked
    assert f"What comes for {twin.email} still reaches it." in asked
    assert Lead.objects.count() == 2
    answer = client.post(of(ada, twin, "merge/"), {"take-title": "drop"})
    assert answer.headers["Location"] == f"/leads/{ada.public_id}/"
    kept = Lead.objects.get()
    assert (kept.pk, kept.title) == (ada.pk, "CEO")
    assert Activity.objects.filter(lead=kept).count() == 2
    again = client.post(of(ada, twin, "merge/"), {"take-title": "drop"})
    assert again.headers["Location"] == f"/leads/{ada.public_id}/"
    assert Merge.objects.count() == 1


def test_a_merge_leads_to_the_next_pair_that_waits(mara: User) -> None:
    ada, twin = two()
    bo = make.lead("Bo Lind", phone="+46 8 5551234")
    other = make.lead("Bo Lind", phone="+46 8 5551234")
    duplicates.search(seconds=5)
    client = signed_in(mara)

    page = client.post(of(ada, twin, "merge/"), follow=True).content.decode()
    assert f'href="{of(bo, other)}">Next pair' in page

    assert "Next pair" not in client.post(of(bo, other, "merge/"), follow=True).content.decode()


def test_the_timeline_says_who_merged_and_undoes_it(mara: User) -> None:
    ada, twin = two()
    client = signed_in(mara)
    client.post(of(ada, twin, "merge/"))
    made = Merge.objects.get()
    page = client.get(f"/leads/{ada.public_id}/").content.decode()
    assert "Mara Marker <b>merged</b>" in page
    assert f"/merges/{made.public_id}/undo/" in page
    back = client.post(f"/merges/{made.public_id}/undo/")
    assert back.headers["Location"] == f"/leads/{twin.public_id}/"
    assert Lead.objects.count() == 2
    page = client.get(f"/leads/{ada.public_id}/").content.decode()
    assert "undid the merge" in page
    assert f"/merges/{made.public_id}/undo/" not in page


def test_the_old_address_of_a_merged_lead_leads_on_and_what_is_posted_there_too(mara: User) -> None:
    ada, twin = two()
    client = signed_in(mara)
    client.post(of(ada, twin, "merge/"))
    seen = client.get(f"/leads/{twin.public_id}/score/?days=90")
    assert (seen.status_code, seen.headers["Location"]) == (302, f"/leads/{ada.public_id}/score/?days=90")
    posted = client.post(f"/leads/{twin.public_id}/phase/", {"phase": "decision"})
    assert (posted.status_code, posted.headers["Location"]) == (307, f"/leads/{ada.public_id}/phase/")
    assert client.get(f"/leads/{uuid4()}/").status_code == 404


def test_whoever_may_not_open_the_kept_lead_is_not_told_of_it(mara: User) -> None:
    ada, twin = two()
    signed_in(mara).post(of(ada, twin, "merge/"))
    answer = signed_in(make.rep()).get(f"/leads/{twin.public_id}/")
    assert answer.status_code == 404
    assert str(ada.public_id) not in answer.content.decode()


def test_what_was_merged_is_listed_without_what_the_merges_wrote_down(mara: User) -> None:
    ada, twin = two()
    client = signed_in(mara)
    client.post(of(ada, twin, "merge/"))
    with CaptureQueriesContext(connection) as caught:
        assert "Ada Lovelace" in client.get("/duplicates/?show=merged").content.decode()
    assert not [each["sql"] for each in caught if '"leads_merge"."steps"' in each["sql"]]


def test_the_number_of_duplicates_is_beside_the_rails_entry_of_who_sees_all_leads(mara: User) -> None:
    """A manager's few among very many would have to be looked for on every page."""
    ada, twin = two()
    max_ = make.manager()
    for lead in (ada, twin):
        LeadAccess.objects.create(lead=lead, team=max_.teams.get())
    assert signed_in(mara).get("/duplicates/").context["rail"].get("duplicates") == 1
    page = signed_in(max_).get("/duplicates/")
    assert page.context["rail"].get("duplicates") is None
    assert of(ada, twin) in page.content.decode()


def test_G12_not_a_duplicate_goes_off_the_list_and_comes_back_when_taken_back(mara: User) -> None:
    ada, twin = two()
    client = signed_in(mara)
    client.post(of(twin, ada, "dismissal/"))
    duplicates.search(seconds=5, at=timezone.now() + timedelta(days=2))
    assert "No duplicates" in client.get("/duplicates/").content.decode()
    assert "Two people, says Mara Marker" in client.get("/duplicates/?show=dismissed").content.decode()
    client.post(of(ada, twin, "dismissal/removal/"))
    assert of(ada, twin) in client.get("/duplicates/").content.decode()


def test_a_manager_merges_the_leads_of_their_teams_only_and_a_rep_none() -> None:
    ada, twin = two()
    max_ = make.manager()
    client = signed_in(max_)
    LeadAccess.objects.create(lead=ada, team=max_.teams.get())
    assert client.get(of(ada, twin)).status_code == 404
    assert client.post(of(ada, twin, "merge/")).status_code == 404
    assert "No duplicates" in client.get("/duplicates/").content.decode()
    LeadAccess.objects.create(lead=twin, team=max_.teams.get())
    assert of(ada, twin) in client.get("/duplicates/").content.decode()
    client.post(of(ada, twin, "merge/"))
    assert Lead.objects.count() == 1
    assert signed_in(make.rep()).get("/duplicates/").status_code == 403


def test_any_two_can_be_merged_by_looking_one_up(mara: User) -> None:
    ada, other = make.lead("Ada Lovelace"), make.lead("Countess Byron")
    page = signed_in(mara).get(f"/leads/{ada.public_id}/merge/", {"q": "byron"}).content.decode()
    assert of(ada, other) in page


def test_the_question_says_whose_handoff_goes_on_and_whose_is_taken_back(mara: User) -> None:
    sol, nils = make.rep("Sol Seller"), make.rep("Nils Seller")
    pool(sol, nils)
    first = offered(of=make.lead("Ada"), at=make.NOW - timedelta(hours=1))
    second = offered(of=make.lead("Twin"))
    page = signed_in(mara).get(of(second.lead, first.lead), {"review": "1"}).content.decode()
    assert f"{first.rep} goes on with the handoff" in page
    assert f"The other handoff is taken back from {second.rep}, who is told." in page


def test_hostile_names_stay_text(mara: User) -> None:
    bad = "<script>alert(1)</script> X"
    ada, twin = (
        make.lead(bad, phone=PHONE, email="a@x.example"),
        make.lead(bad, phone=PHONE, email="b@x.example"),
    )
    duplicates.search(seconds=5)
    client = signed_in(mara)
    for url in ("/duplicates/", of(ada, twin), of(ada, twin) + "?review=1"):
        assert "<script>alert" not in client.get(url).content.decode()


def _queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_the_list_asks_as_much_for_fifty_pairs_as_for_one(mara: User) -> None:
    client = signed_in(mara)
    ada, twin = two()
    urls = ["/duplicates/", "/duplicates/?show=dismissed", "/duplicates/?show=merged", of(ada, twin)]
    few = [_queries(client, url) for url in urls] and [_queries(client, url) for url in urls]
    for number in range(50):
        one = make.lead("Ben Many", phone=f"+49 30 00{number:04}", company=make.company())
        other = make.lead("Ben Many", phone=f"+49 30 00{number:04}")
        make.activity(twin, "page_view")
    duplicates.search(seconds=5)
    assert LookAlike.objects.count() == 51
    for pair in LookAlike.objects.exclude(older=ada)[:10]:
        duplicates.dismiss(pair=pair, by=mara, at=make.NOW)
    merging.merge(keep=one, drop=other, by=mara, at=timezone.now())
    assert [_queries(client, url) for url in urls] == few
