"""What both teams mean by MQL and SQL, in their own words (S1-12)."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from accounts import sides
from accounts.models import User
from scoring import model_file, publishing, written
from scoring.models import ModelVersion, WrittenDefinition
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db
PAGE = "/definitions/"


@pytest.fixture
def mara(db: None) -> User:
    return make.marketer()


@pytest.fixture
def max_(db: None) -> User:
    return make.manager()


def proposed(by: User, mql: str = "Came to learn.", sql: str = "Asked to be called.") -> WrittenDefinition:
    side = sides.of(by, {})[-1] if sides.of(by, {}) else "sales"  # an admin here for sales
    return written.propose(by=by, side=side, mql=mql, sql=sql, note="So we agree.", at=NOW)


def in_force(mara: User, max_: User, mql: str = "Came to learn.") -> WrittenDefinition:
    words = proposed(mara, mql)
    written.sign(definition=words, by=mara, side="marketing", at=NOW)
    return written.sign(definition=words, by=max_, side="sales", at=NOW + timedelta(hours=1))


def test_S1_12_words_are_in_force_once_both_teams_signed_and_not_before(mara: User, max_: User) -> None:
    words = proposed(mara)
    assert (words.number, words.version) == (1, ModelVersion.objects.live())
    assert [(one.side, one.by) for one in words.sign_offs.all()] == [
        ("marketing", mara)
    ]  # who proposes, signs
    assert written.in_force() is None
    with pytest.raises(written.NotYours):
        written.sign(definition=words, by=mara, side="sales", at=NOW)
    written.sign(definition=words, by=max_, side="sales", at=NOW)
    assert written.in_force() == words
    assert written.proposed() is None


def test_S1_12_nobody_signs_for_both_teams_and_a_rep_for_none(mara: User) -> None:
    ada, sol = make.admin(), make.rep()
    words = proposed(ada)
    with pytest.raises(written.AlreadySigned, match="somebody else signs"):
        written.sign(definition=words, by=ada, side="marketing", at=NOW)
    with pytest.raises(written.NotYours):
        written.sign(definition=words, by=sol, side="sales", at=NOW)
    with pytest.raises(written.NotYours):
        proposed(sol, "Other words")


def test_S1_12_newer_words_replace_those_that_wait_and_the_old_ones_hold_until_they_are_signed(
    mara: User, max_: User
) -> None:
    first = in_force(mara, max_)
    second = proposed(mara, "Came twice to learn.")
    third = proposed(max_, "Came three times to learn.")
    with pytest.raises(written.Overtaken):
        written.sign(definition=second, by=max_, side="sales", at=NOW)
    assert written.in_force() == first
    assert written.proposed() == third
    with pytest.raises(written.NothingNew):
        proposed(mara, "Came three times to learn.")
    assert proposed(max_, "Came three times to learn.") == third  # sent twice


def test_S1_12_what_was_written_down_never_changes(mara: User, max_: User) -> None:
    words = in_force(mara, max_)
    for change in ({"mql": "Anything."}, {"in_force_at": NOW}):
        with pytest.raises(DatabaseError), transaction.atomic():
            WrittenDefinition.objects.filter(pk=words.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        WrittenDefinition.objects.filter(pk=words.pk).delete()


def test_S1_12_everybody_reads_who_signed_what_changed_and_what_held_before(mara: User, max_: User) -> None:
    in_force(mara, max_)
    in_force(mara, max_, "Came twice to learn.")
    reader = Client()
    reader.force_login(make.rep())
    said = reader.get(PAGE).content.decode()
    assert "Came twice to learn." in said
    assert "number 2, in force since 17 November 2026" in said
    assert "Marketing: Mara Marker" in said
    assert "Sales: Max Manager" in said
    assert "So we agree." in said
    assert "Came to learn." in said.split("Earlier words")[1]
    assert "Propose other words" not in said
    assert "Intent 20 or more" in said  # the generated ones beside them


def test_S1_12_newer_rules_than_the_words_are_said(mara: User, max_: User) -> None:
    in_force(mara, max_)
    client = Client()
    client.force_login(mara)
    assert "The rules are newer" not in client.get(PAGE).content.decode()
    draft = model_file.load(data=model_file.starter("default"))
    publishing.publish(version=draft, by=None, reason="Newer", at=NOW)
    assert "The rules are newer than these words." in client.get(PAGE).content.decode()


def test_S1_12_both_sides_propose_and_sign_on_the_page(mara: User, max_: User) -> None:
    clients = {}
    for who in (mara, max_):
        clients[who] = Client()
        clients[who].force_login(who)
    url = reverse("scoring:definition-words")
    words = {"mql": "Came.", "sql": "Asked.", "side": "marketing"}
    assert clients[mara].post(url, {**words, "sql": ""}).status_code == 422
    assert clients[mara].post(url, {**words, "side": "sales"}).status_code == 422
    clients[mara].post(url, {**words, "note": "New"})
    assert clients[mara].post(url, words).status_code == 302
    assert clients[max_].post(url, {**words, "side": "sales"}).status_code == 409
    said = clients[mara].get(PAGE).content.decode()
    assert "Marketing: Mara Marker" in said
    assert "Sign for marketing" not in said
    sign = reverse("scoring:definition-signature", args=[1])
    assert clients[mara].post(sign, {"side": "sales"}).status_code == 403
    clients[max_].post(sign, {"side": "sales"})
    found = written.in_force()
    assert found is not None
    assert (found.number, found.mql) == (1, "Came.")
    rep = Client()
    rep.force_login(make.rep())
    assert rep.post(url, {**words, "mql": "x"}).status_code == 403
    assert clients[max_].post(sign, {"side": "moon"}).status_code == 404
