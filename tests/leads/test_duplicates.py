"""Leads that look as if they were one person are found, and what people said of them is remembered."""

from datetime import timedelta

import pytest
from django.db import connection

from leads import duplicates, merging, unmerging
from leads.models import Lead, LookAlike, LookAlikeSearch
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def found() -> set[tuple[str, str, str]]:
    rows = LookAlike.objects.waiting().select_related("older", "newer")
    return {(row.older.name, row.newer.name, ",".join(row.reasons)) for row in rows}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada.lovelace@gmail.com", "AdaLovelace+news@googlemail.com"),
        ("ada+crm@outlook.com", "ada@outlook.com"),
    ],
)
def test_C43_a_mailbox_is_the_same_however_its_service_lets_it_be_written(one: str, other: str) -> None:
    make.lead("Ada", email=one), make.lead("Twin", email=other)
    duplicates.search(seconds=5, at=NOW)
    assert found() == {("Ada", "Twin", "email")}


def test_C43_at_a_companys_own_mail_dots_and_tags_make_another_mailbox() -> None:
    make.lead("Ada", email="ada.l@nordwind.example"), make.lead("Ben", email="adal+x@nordwind.example")
    duplicates.search(seconds=5, at=NOW)
    assert found() == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"phone": "+49 170 1234567"}, {"phone": "0170/1234567", "country": "DE"}),
        ({"phone": "0049 (0) 170 1234567"}, {"phone": "+49 170-123 45 67"}),
        ({"phone": "(415) 555-0100", "country": "US"}, {"phone": "1 415 555 0100", "country": "US"}),
    ],
)
def test_a_number_is_the_same_however_it_is_written(one: dict[str, str], other: dict[str, str]) -> None:
    make.lead("Ada Lovelace", **one), make.lead("Ada Lovelace", **other)
    duplicates.search(seconds=5, at=NOW)
    assert found() == {("Ada Lovelace", "Ada Lovelace", "phone")}


def test_two_who_share_a_switchboard_are_two_people() -> None:
    make.lead("Ada", phone="+49 30 123456"), make.lead("Ben", phone="+49 30 123456")
    duplicates.search(seconds=5, at=NOW)
    assert found() == set()


def test_C43_a_company_alone_makes_nobody_alike_but_a_full_name_there_does() -> None:
    nordwind = make.company("Nordwind")
    again = make.company("NORDWIND")
    make.lead("Ada Lovelace", company=nordwind), make.lead("Ben Miller", company=nordwind)
    make.lead("ada lovelace", company=nordwind), make.lead("Ada  Lovelace", company=again)
    make.lead("Ada Lovelace", company=again)
    make.lead("Anna", company=nordwind), make.lead("Anna", company=nordwind)  # a first name says little
    duplicates.search(seconds=5, at=NOW)
    assert found() == {
        ("Ada Lovelace", "ada lovelace", "name"),
        ("Ada Lovelace", "Ada Lovelace", "firm"),
        ("ada lovelace", "Ada Lovelace", "firm"),
    }


def test_searching_twice_finds_nothing_twice_and_the_pass_comes_back_after_a_day() -> None:
    make.lead("Ada", phone="+49 170 1234567")
    other = make.lead("Ada", phone="")
    duplicates.search(seconds=5, at=NOW)
    Lead.objects.filter(pk=other.pk).update(phone="+49 170 1234567")
    assert duplicates.search(seconds=5, at=NOW) == 0
    assert found() == set()
    for _ in range(2):
        duplicates.search(seconds=5, at=NOW + DAY)
    assert found() == {("Ada", "Ada", "phone")}
    Lead.objects.filter(pk=other.pk).update(phone="")
    duplicates.search(seconds=5, at=NOW + 2 * DAY)
    assert found() == set()


def test_of_a_crowd_each_is_paired_with_the_first_few_and_it_is_said() -> None:
    for _ in range(12):
        make.lead("Info", phone="+49 30 123456")
    duplicates.search(seconds=5, at=NOW)
    assert LookAlike.objects.count() == 1 + 2 + 9 * duplicates.MOST_EACH
    assert LookAlike.objects.filter(crowded=True).count() == 8 * duplicates.MOST_EACH


def test_G12_not_a_duplicate_is_remembered_whichever_way_round_and_can_be_taken_back() -> None:
    mara = make.marketer()
    make.lead("Ada", phone="+49 170 1234567"), make.lead("Ada", phone="+49 170 1234567")
    duplicates.search(seconds=5, at=NOW)
    pair = LookAlike.objects.get()
    assert duplicates.dismiss(pair=pair, by=mara, at=NOW) is True
    assert duplicates.dismiss(pair=pair, by=mara, at=NOW) is False
    duplicates.search(seconds=5, at=NOW + DAY)
    assert found() == set()
    assert duplicates.bring_back(pair=pair) is True
    assert found() == {("Ada", "Ada", "phone")}


def test_G12_who_is_not_the_dropped_lead_is_not_the_kept_one_either() -> None:
    mara = make.marketer()
    ada, other, keep = (make.lead("Ada", phone="+49 170 1234567") for _ in range(3))
    duplicates.search(seconds=5, at=NOW)
    duplicates.dismiss(pair=LookAlike.objects.get(older=ada, newer=other), by=mara, at=NOW)
    made = merging.merge(keep, ada, by=mara, at=NOW)
    duplicates.search(seconds=5, at=NOW + DAY)
    assert found() == set()
    unmerging.undo(made, by=mara, at=NOW)
    assert LookAlike.objects.waiting().count() == 2


def test_G12_the_search_merges_nobody() -> None:
    make.lead("Ada", phone="+49 170 1234567"), make.lead("Ada", phone="+49 170 1234567")
    duplicates.search(seconds=5, at=NOW)
    assert Lead.objects.count() == 2


def test_another_worker_at_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    make.lead()
    monkeypatch.setattr(duplicates, "CHUNK", 1)
    assert duplicates.search(seconds=5, at=NOW) >= 1
    assert LookAlikeSearch.objects.get().pass_ended_at == NOW


def test_each_likeness_is_found_by_its_own_index() -> None:
    """Never a pair of everybody with everybody: also with sequential reads forbidden there is an index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"
        )
        cursor.execute(
            "EXPLAIN " + duplicates._FIND, {"first": 1, "last": 9, "at": NOW, "each": 3, "looked": 50}
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    for index in ("leads_lead_mailbox", "leads_lead_dialled", "leads_lead_name_at_company"):
        assert index in plan, plan
