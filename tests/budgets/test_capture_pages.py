"""How many questions the pages of what arrives ask of the database: the same for 5 rows and for 50."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from capture import arrivals, sites
from capture.arrivals import Became, TurnedAway
from capture.hooks import arranging
from capture.models import (
    Hook,
    Import,
    ImportWindow,
    InboxItem,
    PageRule,
    RejectedRow,
    Site,
    Source,
    Submission,
    WebForm,
)
from handoff.models import EvidenceCheck
from leads.models import Activity, ActivityType, Correction, LookAlike, Merge, Suspicion
from tests import factories as make
from tests.budgets import crowds
from tests.capture.forms import built

pytestmark = pytest.mark.django_db

FRAME = 3  # session, user, the rail's counts
EVIDENCE = FRAME + (
    1  # suspicions with activity, lead, company and correction
    + 1  # what the sources are called
    + 2  # the signals: what happens to them, how many of each
    + 1  # sources to filter by
)
BUDGETS = {
    "/sources/": FRAME
    + 2  # what each brought in a day, and in a week
    + 1  # sources
    + 1,  # what waits
    "/sources/{source}/": FRAME
    + 1  # the source
    + 1  # what it brought, day by day
    + 1,  # what was refused
    "/sites/": FRAME + 2,  # sites, what they brought
    "/sites/{site}/": FRAME
    + 1  # the site
    + 1  # what it brought
    + 3  # what came last: how far activities go, these, what was refused
    + 2,  # its rules, activity types
    "/forms/": FRAME
    + 1  # what each brought
    + 1  # how many are held
    + 1,  # forms
    "/forms/{form}/submissions/": FRAME + 3,  # the form, its questions, submissions
    "/forms/review/": FRAME + 1,  # what is held, with its form
    "/hooks/": FRAME
    + 1  # hooks
    + 1  # what each brought
    + 1,  # how many posts wait
    "/hooks/{hook}/inbox/": FRAME
    + 1  # the hook
    + 1  # posts
    + 1,  # how many wait
    "/imports/": FRAME + 1,
    "/imports/{one}/": FRAME
    + 1  # the import
    + 1  # whether it can be undone
    + 1,  # rejected rows
    "/evidence/": EVIDENCE,
    "/evidence/rules/": FRAME + 3,
    "/evidence/corrections/": FRAME + 1,
    "/handoffs/voided-evidence/": FRAME + 1,
    "/duplicates/": FRAME + 1,
    "/duplicates/?show=dismissed": FRAME + 1,
    "/duplicates/?show=merged": FRAME + 1,
    "/duplicates/{pair}/": FRAME
    + 2  # whether both are there, both with companies
    + 3  # scores, lines, the live version
    + 6  # how many activities, browsers, tasks, deals, handoffs and adjustments each has
    + 5  # handoffs twice, consent, open deals, why they look alike
    + 1,  # the context of what may be written
}


def grow(to: int, mara: User, sol: User) -> dict[str, str]:
    """``to`` rows on every list. Returns what stands for the names in an address."""
    numbers = range(Import.objects.count(), to)
    doors(numbers, mara)
    brought_in(numbers, mara)
    firms = crowds.companies(numbers)
    at = timezone.now()
    handed = crowds.handed_over(sol, "Mine", firms, at=at)
    EvidenceCheck.objects.bulk_create(
        EvidenceCheck(
            handoff=each,
            at=at,
            activities=4,
            voided=3,
            share=75,
            total_then=50,
            total_without=5,
            stands=False,
        )
        for each in handed
    )
    of = [each.lead for each in handed]
    crowds.looked_at_prices(of, at=at)
    suspected(at, mara)
    twins = crowds.leads("Twin", firms, at=at)
    for dismissed in (False, True):
        others = crowds.leads(f"Other{dismissed}", firms, at=at)
        word = {"dismissed_at": at, "dismissed_by": mara} if dismissed else {}
        LookAlike.objects.bulk_create(
            LookAlike(older=old, newer=new, reasons=["name", "phone"], found_at=at, **word)
            for old, new in zip(twins, others, strict=True)
        )
    Merge.objects.bulk_create(
        Merge(kept=lead, dropped_key=lead.pk, dropped_id=uuid.uuid4(), dropped_name="Ada", by=mara, at=at)
        for lead in of
    )
    pair = LookAlike.objects.waiting().select_related("older", "newer")[0]
    return {
        "source": str(Source.objects.get(key="api").public_id),
        "site": str(Site.objects.order_by("id")[0].public_id),
        "form": str(WebForm.objects.order_by("id")[0].public_id),
        "hook": str(Hook.objects.order_by("id")[0].public_id),
        "one": str(Import.objects.order_by("id")[0].public_id),
        "pair": f"{pair.older.public_id}/{pair.newer.public_id}",
    }


def doors(numbers: range, mara: User) -> None:
    """A website, a form and a hook for each of ``numbers``, each with what it brought."""
    at, page_view = timezone.now(), ActivityType.objects.get(key="page_view")
    for number in numbers:
        site = sites.make(
            name=f"Site {number}",
            origins=[f"https://s{number}.example"],
            waits_for_consent=False,
            by=mara,
            at=at,
        )
        built(name=f"Form {number}")
        hook = arranging.make(name=f"Hook {number}", preset="", signing="none", by=mara, at=at)
        for source in (site.source, hook.source):
            kind = Source.Kind(source.kind)
            arrivals.note(source=source.key, kind=kind, became=Became(accepted=3), at=at)
    PageRule.objects.bulk_create(
        PageRule(site=Site.objects.order_by("id")[0], position=number, pattern=f"/p{number}", type=page_view)
        for number in numbers
    )
    refused = [TurnedAway("email", "Is missing.")] * len(numbers)
    arrivals.note(source="api", kind=Source.Kind.API, became=Became(refused=refused), at=at)
    arrivals.add_up(at=at + timedelta(hours=1))
    form, hook = WebForm.objects.order_by("id")[0], Hook.objects.order_by("id")[0]
    Submission.objects.bulk_create(
        Submission(
            web_form=form, key=f"{number}{state}", submitted_at=at, state=state, email=f"p{number}@x.example",
            answers={"name": "Ada"}, signals=["hidden"] if state == "held" else [],
        )
        for number in numbers
        for state in ("held", "taken")
    )  # fmt: skip
    InboxItem.objects.bulk_create(
        InboxItem(hook=each, key=f"{number}", received_at=at, body="{}", state=InboxItem.State.WAITING)
        for number in numbers
        for each in (hook, Hook.objects.order_by("-id")[0])
    )


def brought_in(numbers: range, mara: User) -> None:
    made = Import.objects.bulk_create(
        Import(
            file=f"list-{number}.csv", kind="leads", source="list", live=False, created_by=mara,
            looked={"rows": 1, "columns": [{"name": "Email", "heading": "Email"}]},
        )
        for number in numbers
    )  # fmt: skip
    one = Import.objects.order_by("id")[0]
    ImportWindow.objects.bulk_create(ImportWindow(of=each, first_row=1) for each in made)
    RejectedRow.objects.bulk_create(
        RejectedRow(of=one, line=number, reason="email: Is missing.", cells=["x"]) for number in numbers
    )


def suspected(at: datetime, mara: User) -> None:
    """Each activity that nothing speaks against so far, and a correction for each of these."""
    fresh = list(Activity.objects.filter(suspicions=None))
    words = Correction.objects.bulk_create(
        Correction(verb="void", by=mara, at=at, upto=0, finished_at=at, chosen={"signal": "crawler"})
        for _ in fresh
    )
    Suspicion.objects.bulk_create(
        Suspicion(activity=each, signal="crawler", detail="bot", at=at, state="voided", correction=word)
        for each, word in zip(fresh, words, strict=True)
    )


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    def sign(who: User) -> Client:
        client = Client()
        client.force_login(who)
        return client

    return sign


@pytest.mark.parametrize("path", BUDGETS)
def test_p_7_a_page_asks_as_much_for_50_rows_as_for_5(path: str, signed_in: Callable[[User], Client]) -> None:
    mara, sol = make.marketer(), make.rep("Sol Seller")
    client, asked = signed_in(mara), {}
    for rows in (5, 50):
        address = path.format(**grow(rows, mara, sol))
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        assert answer.status_code == 200
        asked[rows] = len(queries)
    assert asked == dict.fromkeys((5, 50), BUDGETS[path])
