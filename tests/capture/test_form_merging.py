"""What visitors sent while two leads were one goes back with whom it is of."""

import pytest
from django.utils import timezone

from capture.models import Submission
from capture.webforms import confirming
from leads import consent, merging, unmerging
from leads.models import Activity, Lead
from tests import factories as make
from tests.capture.forms import built, send

pytestmark = pytest.mark.django_db


def merged() -> tuple[Lead, Lead]:
    ada, twin = make.lead("Ada", email="ada@firm.example"), make.lead("Twin", email="twin@firm.example")
    merging.merge(ada, twin, by=make.marketer())
    return ada, twin


def undone(ada: Lead) -> None:
    made = ada.merges.get()
    unmerging.undo(made, by=made.by)


@pytest.mark.parametrize("confirmed", ["before", "after"])
def test_S16_a_confirmation_makes_whoever_sent_the_form_agree_and_nobody_else(confirmed: str) -> None:
    ada, twin = merged()
    send(built("newsletter"), {"email": "twin@firm.example", "consent": "on"})
    submission = Submission.objects.get()
    assert submission.lead == ada
    if confirmed == "before":
        confirming.confirm(submission=submission, at=timezone.now())
    undone(ada)
    if confirmed == "after":
        confirming.confirm(submission=submission, at=timezone.now())
    submission.refresh_from_db()
    assert (submission.lead_id, Activity.objects.get().lead_id) == (twin.pk, twin.pk)
    assert consent.current(lead=Lead.objects.get(pk=twin.pk))["email"].granted is True
    assert consent.current(lead=ada) == {}


def test_what_the_kept_lead_sent_stays_with_it() -> None:
    ada, _ = merged()
    send(built("guide", offer_url="https://www.fieldline.example/g.pdf"), {"consent": "on"})
    undone(ada)
    assert Submission.objects.get().lead == ada
    assert consent.current(lead=ada)["email"].granted is True
