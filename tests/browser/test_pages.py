"""The pages of sales and marketing: readable for everybody, at every width, in both schemes."""

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from accounts import calendars, tokens
from accounts.models import Absence, BusinessCalendar, User
from capture import collecting, correcting, sites
from capture.bots import Client
from capture.models import Site, Submission
from capture.webforms import stamps
from handoff import decisions, escalation, pausing, saved_views, snoozing
from handoff.models import Handoff, RejectReason, SlaPolicy, Task
from leads import costs, duplicates, merging, voiding
from leads.models import CampaignCost, Correction, Lead, LeadAccess, Opportunity, Suspicion
from leads.stages import Stage
from leads.voiding import Suspected
from notifications import endpoints, switching
from notifications.models import Browser, Delivery, Dispatch, Endpoint
from scoring import model_file, publishing, reviewing
from scoring.models import ModelVersion
from tests.browser import worlds
from tests.browser.test_frame import LOOKS, sideways
from tests.capture.forms import built, send
from tests.factories import PASSWORD, activity, company
from tests.fixtures.browser import axe_violations
from tests.scoring.waiting import held

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.fixture
def addresses(transactional_db: None) -> list[tuple[str, str]]:
    """Who opens what, with something of everything on the pages."""
    cast, now = worlds.cast(), timezone.now()
    worlds.mqls()
    overdue = worlds.asks_for_a_demo(worlds.fitting("Overdue Ole"), at=now - timedelta(hours=3))
    marta = worlds.asks_for_a_demo(worlds.fitting("Marta Kowalczyk"))
    worlds.fitting("Karin Beck", marta.lead.company)
    back = worlds.asks_for_a_demo(worlds.fitting("Lucas Meyer"), at=now - timedelta(hours=5))
    timing = RejectReason.objects.get(code="timing")
    decisions.reject(handoff=back, by=cast.sol, reason=timing, at=now, note="Contract until March.")
    sql = worlds.asks_for_a_demo(worlds.fitting("Sven Sql"))
    decisions.accept(handoff=sql, by=cast.sol, at=now)
    asleep = worlds.asks_for_a_demo(worlds.fitting("Asleep Asta"))
    snoozing.snooze(handoff=asleep, by=cast.sol, until=now + timedelta(hours=2), at=now, reason="Talks")
    free = worlds.asks_for_a_demo(worlds.fitting("Free Fritz"))
    Handoff.objects.filter(pk=free.pk).update(rep=None, assigned_at=None)
    saved_views.keep(owner=cast.sol, page="queue", name="Germany", query="country=DE", team=None)
    tasks(cast, marta.lead)
    twins = lookalikes(cast.max, marta.lead)
    return [
        ("sol", "/queue/"),
        ("sol", f"/queue/?lead={marta.lead.public_id}"),
        ("sol", f"/queue/?lead={marta.lead.public_id}&snooze=1"),
        ("sol", "/queue/?country=FR"),
        ("sol", "/queue/?view=snoozed"),
        ("sol", f"/leads/{free.lead.public_id}/?from=queue&view=due"),
        ("sol", f"/handoffs/{marta.public_id}/snooze/"),
        ("sol", "/views/"),
        ("sol", "/search/?q=marta"),
        ("sol", "/queue/?view=decided"),
        ("max", "/team/"),
        ("mara", "/reports/conversion/?days=365"),
        ("max", "/reports/conversion/?count=cohort&by=month&country=DE&first=2026-01-01"),
        ("max", "/reports/conversion/leads/?days=365&step=mql"),
        ("mara", "/reports/figures/"),
        ("max", "/reports/agreed/"),
        ("max", "/dashboard/line/?dim=intent&minimum=24"),
        ("mara", "/dashboard/"),
        ("max", "/dashboard/?dim=fit&days=365"),
        ("max", "/dashboard/leads/?figure=mqls&days=365"),
        *money(cast, sql.lead),
        ("mara", "/reports/speed/?days=90"),
        ("mara", "/reports/sent-back/?first=2026-01-01&last=2030-01-01&by=rule"),
        ("max", "/reports/sent-back/leads/?first=2026-01-01&last=2030-01-01&reason=timing"),
        ("max", "/reports/speed/leads/?stage=mql"),
        ("mara", "/reports/"),
        ("mara", "/reports/gaps/?first=2026-01-01&last=2030-01-01"),
        ("max", "/reports/mqls/?first=2026-01-01&last=2030-01-01"),
        ("max", "/reports/forecast/?ahead=quarter"),
        ("mara", "/reports/rules/?first=2026-01-01&last=2030-01-01"),
        ("mara", "/reports/response/?first=2026-01-01&last=2030-01-01&by=policy"),
        ("max", "/reports/response/leads/?first=2026-01-01&last=2030-01-01&what=overdue"),
        ("sol", "/tasks/"),
        ("sol", "/tasks/?view=done"),
        ("max", f"/leads/{marta.lead.public_id}/"),
        ("max", f"/leads/{marta.lead.public_id}/alerts/"),
        ("sol", f"/leads/{marta.lead.public_id}/?from=queue&view=due"),
        ("sol", f"/leads/{overdue.lead.public_id}/?reject=1"),
        ("sol", f"/leads/{sql.lead.public_id}/"),
        ("sol", f"/leads/{back.lead.public_id}/"),
        ("mara", f"/leads/{back.lead.public_id}/"),
        ("sol", f"/leads/{sql.lead.public_id}/score/?days=90"),
        ("mara", f"/leads/{back.lead.public_id}/score/?at=2026-11-01T10:00"),
        ("mara", "/duplicates/"),
        ("mara", "/duplicates/?show=merged"),
        ("max", f"/duplicates/{twins[0]}/{twins[1]}/"),
        ("mara", f"/duplicates/{twins[0]}/{twins[1]}/?review=1"),
        ("mara", f"/leads/{twins[0]}/merge/?q=marta"),
        ("mara", "/rules/book/"),
        ("sol", "/rules/?rule=target-industry"),
        ("mara", "/rules/?rule=pricing"),
        ("mara", "/rules/?trigger=interest"),
        ("mara", "/rules/?settings=model"),
        ("mara", "/rules/?new=line"),
        ("mara", "/rules/?q=zebra"),
        ("mara", "/rules/starters/"),
        ("mara", "/rules/moves/"),
        ("mara", "/leads/"),
        ("mara", "/mqls/"),
        ("mara", "/mqls/?view=back"),
        ("mara", "/mqls/?view=strong&sort=signal&period=28"),
        ("mara", "/leads/?strength=weak&flow=awareness-in-28"),
        ("mara", segment(cast)),
        ("mara", "/views/"),
        *evidence(cast),
        *setup(cast),
        *alerts(cast),
        *versions(cast),
    ]


def money(cast: worlds.Cast, of: Lead) -> list[tuple[str, str]]:
    """Costs, what came of them, and deals that were won and lost."""
    now = timezone.now()
    yesterday = now - timedelta(days=1)
    days = {"first": (now - timedelta(days=40)).date(), "last": yesterday.date()}
    said = costs.a_day(source="paid_search", campaign="spring " * 9, amount=Decimal(20), **days)
    costs.record(
        costs=[*said, *costs.a_day(source="fair", amount=Decimal(7), currency="USD", **days)],
        by=cast.mara,
        at=now,
    )
    for outcome in ("won", "lost"):
        Opportunity.objects.create(
            lead=of, owner=cast.sol, amount=9_000, created_at=yesterday, closed_at=yesterday, outcome=outcome
        )
    one = CampaignCost.objects.order_by("pk")[0]
    return [
        ("mara", "/reports/sources/?days=90&touch=linear"),
        ("max", "/reports/sources/leads/?days=90&measure=leads&touch=last"),
        ("max", "/reports/deals/?days=90"),
        ("mara", "/reports/deals/?days=90&by=reason"),
        ("mara", "/costs/"),
        ("mara", "/costs/?source=paid_search"),
        ("mara", "/costs/new/"),
        ("mara", "/costs/file/"),
        ("mara", f"/costs/{one.public_id}/"),
    ]


def segment(cast: worlds.Cast) -> str:
    """The address of a view of the marketing queue, as a segment."""
    view = saved_views.keep(owner=cast.mara, page="mqls", name="Only read, DACH", query="strength=weak")
    return f"/segments/{view.public_id}/"


def lookalikes(max_: User, of: Lead) -> list[str]:
    """``of`` and somebody who looks like them, and two that were merged."""
    pair = [of, worlds.fitting(of.name, of.company)]
    pair += [worlds.fitting("Twin Teresa"), worlds.fitting("Twin Tess")]
    for lead in pair:
        LeadAccess.objects.get_or_create(lead=lead, team=max_.teams.get())
    duplicates.search(seconds=5)
    merging.merge(pair[2], pair[3], by=max_)
    return [str(lead.public_id) for lead in pair[:2]]


def tasks(cast: worlds.Cast, of: Lead) -> None:
    """One that is late, one of a colleague's for today, one for later, one that is done."""
    now, given = timezone.now(), {"lead": of, "owner": cast.sol, "created_by": cast.sol}
    Task.objects.create(title="Send the offer", due_at=now - timedelta(days=1), **given)
    Task.objects.create(title="Call", due_at=now + timedelta(minutes=1), **{**given, "created_by": cast.max})
    Task.objects.create(title="Ask who decides " * 8, due_at=now + timedelta(days=4), **given)
    Task.objects.create(title="Greet", due_at=now, done_at=now, done_by=cast.max, **given)


def setup(cast: worlds.Cast) -> list[tuple[str, str]]:
    """Response times, calendars, people and teams, each as who may set it and as a reader; a paused clock."""
    now = timezone.now()
    hot = SlaPolicy.objects.get(name="Asked for something")
    munich = BusinessCalendar(name="Munich", time_zone="Europe/Berlin", country="DE", subdivision="BY")
    hours = [calendars.Hours(day, time(9), time(17)) for day in range(5)]
    calendars.save(calendar=munich, hours=hours, by=cast.ada, at=now)
    Absence.objects.create(user=cast.sofia, starts_at=now, ends_at=now + timedelta(days=3), reason="Fair")
    paused = worlds.asks_for_a_demo(worlds.fitting("Paused Paula"))
    pausing.pause(handoff=paused, by=cast.sol, reason="Asked to be called in June", at=now)
    escalation.run(at=now)
    tried = f"team={cast.sol.teams.get().public_id}&at=2026-05-08T16:00&intent=28&fit=30&engagement=5"
    return [
        ("max", "/response-times/"),
        ("sol", f"/response-times/?{tried}"),
        ("max", f"/response-times/{hot.public_id}/"),
        ("max", "/response-times/new/?promise=contact"),
        ("max", "/calendars/"),
        ("max", f"/calendars/{munich.public_id}/"),
        ("sol", f"/calendars/{munich.public_id}/"),
        ("ada", "/people/"),
        ("ada", f"/people/{cast.sofia.public_id}/"),
        ("max", f"/people/{cast.sofia.public_id}/"),
        ("ada", "/people/new/"),
        ("sol", "/teams/"),
        ("ada", f"/teams/{cast.sol.teams.get().public_id}/"),
        ("sol", f"/leads/{paused.lead.public_id}/"),
    ]


def alerts(cast: worlds.Cast) -> list[tuple[str, str]]:
    """An endpoint in trouble, one that is off, alerts in every state, and a browser that may show some."""
    now = timezone.now()
    for name, url in (("n8n", "https://n8n.example.com/hook"), ("Slack #sales", "https://hooks.slack.com/x")):
        made = Endpoint(name=name, events=["lead.handed_over", "lead.accepted"], created_by=cast.ada)
        made.point_to(url)
        endpoints.equip(made)
        made.save()
    Endpoint.objects.filter(name="n8n").update(failing_since=now)
    off = Endpoint.objects.get(name="Slack #sales")
    worlds.asks_for_a_demo(worlds.fitting("Told Toni"))
    for state in ("parked", "sending"):
        worlds.asks_for_a_demo(worlds.fitting(f"Told {state}"))
        Dispatch.objects.filter(pk=Dispatch.objects.latest("id").pk).update(
            state=state, attempts=3, error="It answered 500.", tried_at=now
        )
    Dispatch.objects.filter(pk__in=Dispatch.objects.filter(state="waiting").values("pk")[:1]).update(
        state="sent", sent_at=now, status=200, took_ms=84, attempts=1
    )
    switching.switch_off(endpoint=off, why=Endpoint.Off.GONE, at=now)
    for number, delivery in enumerate(Delivery.objects.filter(notification__recipient=cast.sol)[:5]):
        state, reason = [
            ("sent", ""), ("waiting", "quiet"), ("digest", ""), ("skipped", "off"), ("parked", "")
        ][number]  # fmt: skip
        Delivery.objects.filter(pk=delivery.pk).update(
            state=state, reason=reason, attempts=1, error="554 no", sent_at=now
        )
    Browser.objects.create(user=cast.sol, label="Firefox on Linux", digest="a" * 64, url="https://p.example/")
    hook = Endpoint.objects.get(name="n8n").public_id
    tokens.issue(user=cast.sol, scope="read", name="Laptop")
    return [
        ("sol", "/alerts/"),
        ("sol", "/profile/"),
        ("sol", "/profile/hours/"),
        ("ada", "/profile/tokens/?whose=all"),
        ("sol", "/profile/alerts/"),
        ("mara", "/profile/alerts/"),
        ("mara", "/alerts/?kind=returned"),
        ("ada", "/alerts/?became=parked"),
        ("ada", "/webhooks/"),
        ("ada", "/webhooks/new/"),
        ("mara", "/sources/"),
        ("mara", f"/sources/{visited().source.public_id}/"),
        ("mara", "/sites/"),
        ("mara", "/sites/new/"),
        ("mara", f"/sites/{visited().public_id}/?page=/pricing"),
        *web_forms(cast),
        ("ada", f"/webhooks/{hook}/"),
        ("ada", f"/webhooks/{off.public_id}/?state=parked"),
    ]


def evidence(cast: worlds.Cast) -> list[tuple[str, str]]:
    """Named by several signals, some voided by hand, and a handoff that rested on it."""
    now, bot = timezone.now(), worlds.asks_for_a_demo(worlds.fitting("Boris Scanner"))
    decisions.accept(handoff=bot, by=cast.sol, at=now)
    ids = list(bot.lead.activities.values_list("id", flat=True))
    voiding.suspect(
        found=[
            Suspected(ids[0], Suspicion.Signal.TOO_SOON, "2 s after delivery", void=False),
            Suspected(ids[1], Suspicion.Signal.CRAWLER, "Googlebot/2.1 " * 8, void=True),
        ],
        at=now,
    )
    worlds.work()
    stranger = {"id": "bot", "kind": "page", "at": now.isoformat(), "url": "https://www.fieldline.example/"}
    collecting.collect(
        site=visited(), body={"anonymous_id": "c" * 32, "events": [stranger]}, at=now,
        client=Client("66.249.66.1", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    )  # fmt: skip
    said = correcting.begin(
        verb=Correction.Verb.VOID, by=cast.mara, at=now, reason="A scanner", chosen={"signal": "too_soon"}
    )
    return [
        ("mara", "/evidence/"),
        ("max", "/evidence/?signal=crawler"),
        ("mara", "/evidence/?signal=burst&state=kept"),
        ("mara", "/evidence/rules/"),
        ("max", "/evidence/rules/"),
        ("mara", "/evidence/corrections/"),
        ("mara", f"/evidence/corrections/{said.public_id}/"),
        ("max", "/handoffs/voided-evidence/?show=all"),
        ("mara", f"/leads/{bot.lead.public_id}/?t=voided"),
        ("mara", f"/leads/{bot.lead.public_id}/activities/{ids[0]}/voiding/"),
        ("sol", f"/leads/{bot.lead.public_id}/activities/{ids[1]}/voiding/"),
    ]


def web_forms(cast: worlds.Cast) -> list[tuple[str, str]]:
    """A form with a submission that was taken and one that was held, and what visitors see of it."""
    form = built("guide", offer_url="https://www.fieldline.example/guide.pdf", offer_name="The guide")
    send(form, {"consent": "on"})
    send(form, {"contact_website": "https://spam.example", "name": "N" * 90})
    held, taken = Submission.objects.order_by("-id")
    confirming = stamps.link(taken)
    return [
        ("mara", "/forms/"),
        ("mara", "/forms/new/"),
        ("mara", f"/forms/{form.public_id}/"),
        ("mara", "/forms/review/"),
        ("mara", f"/forms/{form.public_id}/submissions/"),
        ("mara", f"/forms/{form.public_id}/submissions/{held.public_id}/"),
        ("ada", f"/forms/{form.public_id}/submissions/{taken.public_id}/"),
        ("sol", f"/f/{form.key}/"),
        ("sol", f"/f/{form.key}/embed/"),
        ("sol", f"/f/{form.key}/thanks/"),
        ("sol", f"/f/{form.key}/confirm/{confirming}/"),
    ]


def visited() -> Site:
    """A website with visits, and somebody who should not send."""
    now = timezone.now()
    by, origin = User.objects.get(name="Mara Marker"), "https://www.fieldline.example"
    if there := Site.objects.first():
        return there
    made = sites.make(name="Website", origins=[origin], waits_for_consent=True, by=by, at=now)
    for number in range(3):
        visit = {"id": f"v{number}", "kind": "page", "at": now.isoformat(), "url": f"{origin}/pricing"}
        collecting.collect(site=made, body={"anonymous_id": "a" * 32, "events": [visit, {}]}, at=now)
    return made


def versions(cast: worlds.Cast) -> list[tuple[str, str]]:
    """Versions in every state, and leads that wait for release."""
    now, first = timezone.now(), ModelVersion.objects.live()
    held("Held Hanna", title="Head of Service", company=company("Nordwind GmbH"))
    held("Held Mql", stage="mql")
    data = model_file.save(version=first)
    stricter = {**data, "rules": data["rules"][1:], "lines": [{"stage": "sql", "min": {"intent": 22}}]}
    publishing.publish(version=model_file.load(data=stricter), by=cast.ada, reason="Fewer, better.", at=now)
    signed = publishing.check_draft(version=model_file.load(data=data), by=cast.mara, at=now)
    publishing.sign(version=signed, side="marketing", by=cast.mara, at=now)
    publishing.draft_from(version=first, by=cast.mara)
    reviewing.record(model=first.model, by=cast.max, note="Rejections fell.", at=now)
    return [
        ("mara", "/rules/versions/"),
        ("sol", "/rules/versions/1/"),
        ("max", "/rules/versions/3/"),
        ("mara", "/rules/versions/4/?against=1"),
        ("mara", "/rules/crossings/"),
        ("max", "/rules/crossings/"),
    ]


@pytest.mark.parametrize("part", [0, 1, 2, 3, 4])
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages_are_accessible_and_fit(
    open_page: Open, addresses: list[tuple[str, str]], width: int, scheme: str, part: int
) -> None:
    """A fifth of the pages each time: all of them take longer than one test may."""
    mine = addresses[part::5]
    people = {name: User.objects.get(email=f"{name}@handoff.example") for name in {name for name, _ in mine}}
    pages = {name: open_page(who, width=width, scheme=scheme) for name, who in people.items()}
    for name, path in mine:
        page = pages[name]
        assert page.goto(path).status == 200
        assert axe_violations(page) == [], path
        assert sideways(page) <= 0, path


@pytest.mark.parametrize(("width", "scheme"), [*LOOKS, (320, "dark")])
def test_what_a_form_is_answered_with_is_accessible_and_fits(
    open_page: Open, transactional_db: None, width: int, scheme: str
) -> None:
    """A leaver's confirmation, a dry run of times that are not saved, a colleague who is away, what was typed
    as the session ended, a refusal, and one's tasks: no address leads to most of them."""
    cast = worlds.cast()
    handoff = worlds.asks_for_a_demo(worlds.fitting("Marta Kowalczyk"))
    tasks(cast, handoff.lead)
    page = open_page(cast.max, width=width, scheme=scheme)

    def judged(text: str) -> None:
        expect(page.locator("main")).to_contain_text(text)
        assert axe_violations(page) == [], text
        assert sideways(page) <= 0, text

    page.goto(f"/people/{cast.sol.public_id}/leaving/")
    page.locator("select[name=to]").select_option(str(cast.sofia.public_id))
    page.locator("[name=reason]").fill("Leaves on 30 November")
    page.locator("main form button.btn--primary").click()
    judged("goes from Sol Seller to Sofia Reuter")
    page.goto("/response-times/new/")
    page.locator("#id_name").fill("Large firms")
    page.get_by_role("button", name="Try").click()
    judged("is due")
    now = timezone.now()
    Absence.objects.create(user=cast.sofia, starts_at=now, ends_at=now + timedelta(days=2), reason="ill")
    page.goto(f"/leads/{handoff.lead.public_id}/")
    page.get_by_label("Give to").select_option(str(cast.sofia.public_id))
    page.get_by_role("button", name="Reassign").click()
    judged("is not taking leads")
    page = open_page(cast.sol, width=width, scheme=scheme)
    page.goto("/tasks/")
    page.get_by_text("Move…").first.click()
    judged("Ask who decides")
    assert page.goto("/routing/pools/").status == 403
    judged("403")
    page.goto(f"/leads/{handoff.lead.public_id}/")
    page.get_by_label("What was said?").fill("Wants a second quote")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Log it").click()
    page.locator("input[name=login]").fill(cast.sol.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/unsent/**")
    judged("Wants a second quote")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_lead_with_endless_words_pushes_nothing_aside(
    open_page: Open, transactional_db: None, width: int
) -> None:
    cast, now, endless = worlds.cast(), timezone.now(), "W" * 190
    worlds.mqls()
    mql = worlds.fitting(endless, stage=Stage.MQL)
    activity(mql, "pricing_page_view", now - timedelta(hours=2))
    worlds.work()
    handoff = worlds.asks_for_a_demo(worlds.fitting(f"Doro {endless}"))
    Lead.objects.filter(pk__in=[mql.pk, handoff.lead_id]).update(title=f"Director {endless}")
    Lead.objects.filter(pk=handoff.lead_id).update(city="W" * 120, campaign="W" * 120)
    lead_page = f"/leads/{handoff.lead.public_id}/"
    preview = f"/queue/?lead={handoff.lead.public_id}"
    for who, paths in (
        (cast.sol, (preview, f"{lead_page}?from=queue&view=due", f"{lead_page}?reject=1", "/notifications/")),
        (cast.mara, ("/leads/", "/mqls/", lead_page)),
    ):
        page = open_page(who, width=width)
        for path in paths:
            assert page.goto(path).status == 200
            assert page.evaluate(PUSHED_ASIDE) == [], path
    page.goto("/leads/")
    stages = "[...document.querySelectorAll('tbody td:nth-child(3)')].map((it) => it.getBoundingClientRect())"
    assert page.evaluate(f"{stages}.every((it) => it.right <= innerWidth)")


#: What of the page can be pushed sideways, or has slipped out of it to the right.
PUSHED_ASIDE = """() => [
  ...[...document.querySelectorAll(":root, main, .scroll-x, .split__list, .peek, .peek__body")]
    .filter((it) => it.scrollWidth > it.clientWidth),
  ...[...document.querySelectorAll("main :is(.btn, time, .sla, .tag)")]
    .filter((it) => it.getBoundingClientRect().right > innerWidth - 8 && it.checkVisibility()),
].map((it) => `${it.tagName}.${it.className}`)"""


@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_asks_for_what_is_not_there(
    open_page: Open, addresses: list[tuple[str, str]], width: int
) -> None:
    more = ["/", "/definitions/", "/notifications/", "/profile/", "/ui/", "/accounts/sessions/"]
    visits = {
        name: (
            User.objects.get(email=f"{name}@handoff.example"),
            [*(path for reader, path in addresses if reader == name), *more],
        )
        for name in ("sol", "max", "mara", "ada")
    }
    strangers = ["/accounts/login/", "/accounts/password/reset/"]
    refused: list[str] = []

    def listen(answer: Response) -> None:
        if answer.status >= 400:
            refused.append(f"{answer.status} {answer.url}")

    for who, paths in [(None, strangers), *visits.values()]:
        page = open_page(who, width=width)
        page.on("response", listen)
        for path in paths:
            page.goto(path)
            page.wait_for_timeout(150)  # for what scripts ask for

    assert refused == []


def test_nothing_is_styled_or_run_from_within_a_page(
    open_page: Open, addresses: list[tuple[str, str]]
) -> None:
    pages = {
        name: open_page(User.objects.get(email=f"{name}@handoff.example"))
        for name in ("sol", "max", "mara", "ada")
    }
    for name, path in addresses:
        page = pages[name]
        source = page.request.get(path).text()
        assert " style=" not in source, path
        assert "<style" not in source, path
        page.goto(path)
        assert page.locator("script:not([src]):not([type='application/json'])").count() == 0, path
