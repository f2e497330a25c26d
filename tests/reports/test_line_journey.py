"""From a line that somebody wants lower to the lead that it hands over, by the forms of the pages alone."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff.models import Handoff
from handoff.tasks import run_pipeline
from reports.models import Review
from reports.tasks import prepare_reviews
from scoring import model_file, publishing
from scoring.models import ModelVersion
from scoring.tasks import rescore_changed, rescore_everybody
from tests import factories as make
from tests.handoff.factories import pool
from tests.scoring.pasts import MODEL, rule

pytestmark = pytest.mark.django_db


def signed_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def press(client: Client, path: str, button: str, **typed: str) -> str:
    """Load ``path``, fill in and send the form with ``button`` as it stands there: the page it leads to."""
    page = client.get(path).content.decode()
    forms = re.findall(r"<form[^>]*>.*?</form>", page, flags=re.DOTALL)
    form = next(form for form in forms if button in re.sub(r"<[^>]+>", "", unescape(form)))
    head = re.match(r"<form[^>]*>", form)
    assert head is not None
    there = re.search(r'action="([^"]*)"', head[0])
    action = unescape(there[1]) if there else path
    inputs = re.findall(r"<input[^>]*>", form)
    data = {
        name[1]: unescape(value[1]) if (value := re.search(r'value="([^"]*)"', each)) else ""
        for each in inputs
        if (name := re.search(r'name="([^"]*)"', each))
    }
    data |= typed
    if 'method="post"' in head[0]:
        answer = client.post(action, data, follow=True)
    else:
        answer = client.get(action, data, follow=True)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


def works() -> None:
    """What the workers would do."""
    rescore_everybody()
    rescore_changed()
    run_pipeline()
    prepare_reviews()


def looks_at_prices(name: str) -> None:
    at = timezone.now() - timedelta(minutes=2)
    made = make.lead(name, title="Service manager", at=at - timedelta(days=1))
    make.activity(made, "pricing_page_view", at)


def test_S1_20_S1_34_a_line_is_proposed_signed_by_both_live_and_hands_leads_over() -> None:
    rules = [*MODEL["rules"], rule("pricing", {"activity": ["pricing_page_view"]}, 12, "intent")]
    first = model_file.load(data={**MODEL, "rules": rules})
    publishing.publish(version=first, by=None, reason="For a start.", at=timezone.now() - timedelta(days=9))
    mara, max_, sol = make.marketer(), make.manager(), make.rep()
    pool(sol)
    marketing, sales = signed_in(mara), signed_in(max_)
    looks_at_prices("Early Bird")
    works()
    assert not Handoff.objects.exists()  # 12 of 20

    assert "/dashboard/line/?dim=intent" in marketing.get("/dashboard/").content.decode()
    priced = press(marketing, "/dashboard/line/?dim=intent", "See the price", minimum="12", dim="intent")
    assert "<b>1 lead</b> over the SQL line" in priced
    said = press(
        marketing,
        "/dashboard/line/?dim=intent&minimum=12",
        "Propose and sign",
        why="Prices are looked at late.",
    )
    assert "signed for marketing" in said
    version = ModelVersion.objects.get(state=ModelVersion.State.CHECKED)

    press(sales, "/reviews/", "Prepare it now: weekly review")
    review = Review.objects.get(kind="weekly")
    page = f"/reviews/{review.public_id}/"
    assert "Prices are looked at late." in sales.get(page).content.decode()
    assert "Agree, live at once" not in marketing.get(page).content.decode()  # it has signed
    said = press(sales, page, "Agree, live at once")
    assert f"{version} is live." in said

    live = ModelVersion.objects.live()
    assert live == version
    assert f"version {version.number}" in sales.get("/definitions/").content.decode()
    assert "Intent 12 or more" in sales.get("/definitions/").content.decode()
    log = sales.get("/rules/versions/").content.decode()
    assert "Mara Marker for marketing and Max Manager for sales" in log

    looks_at_prices("Late Riser")
    works()
    assert [str(one.lead) for one in Handoff.objects.all()] == ["Late Riser"]
    held = marketing.get("/rules/crossings/").content.decode()
    assert "Early Bird" in held  # over it by the new line alone: waits for release
