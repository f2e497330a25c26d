"""What comes in from outside, through the same verbs as anybody's: a website, forms, a mail service, a tool that
nobody has explained yet, and a list from a fair. So every page about sources has something to decide on."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from capture import collecting, looking_back, sites
from capture.bots import Client
from capture.hooks import arranging as hook_arranging
from capture.hooks import inbox, presets, receiving
from capture.imports import steering, uploading, working
from capture.models import EvidenceRules, Hook, Import, Site, WebForm
from capture.webforms import arranging, starters, taking
from capture.webforms.stamps import Stamp
from capture.webforms.suspecting import Evidence
from leads import duplicates
from leads.models import Lead
from leads.stages import Stage

from .logins import DOMAIN, STAFF

ADDRESS = f"https://www.{DOMAIN}"
BROWSER = Client(user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
CRAWLER = Client(user_agent="Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)")
#: So many known leads have a part in it, so far away from the line that nothing of it hands anybody over.
PEOPLE = 24
#: What the fair's list says of people whom we know by another address, and of those whom we do not.
KNOWN_TWICE = 3
FIRST_NAMES = ("Robin", "Alex", "Kim", "Sascha", "Noa", "Toni", "Eli", "Charlie", "Mika")
#: Longer ago than the tools that came last, when the sites were set up.
SET_UP = timedelta(days=20)


def arrive(*, now: datetime) -> None:
    """Set the sources up and let things arrive until ``now``; the caller scores. Expects leads."""
    marketer = User.objects.get(email=STAFF[1].email)
    quiet = Lead.objects.filter(stage=Stage.LEAD).exclude(email="").exclude(phone="").exclude(company=None)
    people = list(quiet.select_related("company").order_by("pk")[:PEOPLE])
    EvidenceRules.objects.update_or_create(pk=1, defaults={"own_addresses": [DOMAIN]})
    _visit(_site(marketer, now), people[:8], now)
    _fill_in(marketer, people[8:14], now)
    _mail(marketer, people[14:20], now)
    _check_in(marketer, people[20:22], now)
    _import(marketer, people[:KNOWN_TWICE], people[-len(FIRST_NAMES) :], now)
    duplicates.search(seconds=30, at=now)
    looking_back.look_back(at=now, seconds=30)


def _site(by: User, now: datetime) -> Site:
    return sites.make(name="Website", origins=[ADDRESS], waits_for_consent=True, by=by, at=now - SET_UP)


def _visit(site: Site, people: Sequence[Lead], now: datetime) -> None:
    """Some say who they are, some do not; one clicks faster than people do, and a crawler comes by."""
    for number, lead in enumerate(people):
        at = now - timedelta(hours=3 + 17 * number, minutes=7 * number)
        paths = ["/", "/blog/route-planning/", "/about/"][: 1 + number % 3]
        _pages(site, number, paths, at, email=_address(lead) if number % 2 else "")
    busy = [f"/blog/page-{page}/" for page in range(1, 27)]
    _pages(
        site, 90, busy, now - timedelta(hours=5), email=_address(people[1]), apart=timedelta(milliseconds=200)
    )
    _pages(site, 91, ["/", "/blog/"], now - timedelta(hours=9), email=_address(people[3]), client=CRAWLER)


def _pages(
    site: Site,
    browser: int,
    paths: Sequence[str],
    at: datetime,
    *,
    email: str = "",
    apart: timedelta = timedelta(seconds=40),
    client: Client = BROWSER,
) -> None:
    events = [
        {
            "id": UUID(int=browser * 1_000 + number).hex,
            "kind": "page",
            "at": (at + number * apart).isoformat(),
            "url": f"{ADDRESS}{path}",
            "title": path.strip("/").rpartition("/")[2].replace("-", " ").capitalize() or "Fieldline",
        }
        for number, path in enumerate(paths)
    ]
    if email:
        said = {"id": UUID(int=browser * 1_000 + 999).hex, "kind": "identify", "email": email}
        events.insert(0, said | {"at": at.isoformat(), "url": ADDRESS})
    sent_at = at + len(paths) * apart
    body = {"anonymous_id": f"{browser:032x}", "sent_at": sent_at.isoformat(), "events": events}
    collecting.collect(site=site, body=body, at=sent_at, client=client)


def _fill_in(by: User, people: Sequence[Lead], now: datetime) -> None:
    """A newsletter and a guide; one of those who want it is no person."""
    made = now - SET_UP
    letter = arranging.make(name="Newsletter", starter=starters.of("newsletter"), by=by, at=made)
    letter.confirms, letter.thanks = False, "Thank you. The next one comes in four weeks."
    letter.save(update_fields=["confirms", "thanks"])
    guide = arranging.make(name="Route planning guide", starter=starters.of("guide"), by=by, at=made)
    guide.offer_name, guide.offer_url = (
        "Route planning in 30 minutes (PDF)",
        f"{ADDRESS}/files/route-planning.pdf",
    )
    guide.save(update_fields=["offer_name", "offer_url"])
    for number, lead in enumerate(people[:4]):
        _send(letter, {"email": _address(lead)}, now - timedelta(days=1 + 4 * number, hours=2))
    for number, lead in enumerate(people[4:]):
        answers = {"name": lead.name, "email": _address(lead), "company": str(lead.company)}
        _send(guide, answers, now - timedelta(days=2 + 5 * number, hours=1))
    robot = {
        "name": "Cheap backlinks https://rank.example",
        "email": "sales@rank.example",
        "company": "Rank Example",
    }
    _send(guide, robot, now - timedelta(hours=4))


def _send(form: WebForm, answers: dict[str, str], at: datetime) -> None:
    asked = tuple(answers)
    page = f"{form.pk}-{at:%m%d%H%M%S}"
    stamp = Stamp(page, at - timedelta(seconds=50), asked, form.consent_version)
    evidence = Evidence(stamp=stamp, trap="", proof=True, network=f"demo-{page}")
    came = {"url": f"{ADDRESS}/{form.key}/", "path": f"/{form.key}/"}
    wording = form.wordings.first() if form.consent_version else None
    sent = taking.Sent(answers=answers, wording=wording, came=came, anonymous_id="", evidence=evidence)
    taking.take(form=form, sent=sent, at=at)


def _mail(by: User, people: Sequence[Lead], now: datetime) -> None:
    """A mail service tells what became of a mailing. Two mailboxes are looked after by scanners, which follow
    links before anybody can have read them."""
    hook = hook_arranging.make(name="Postmark", preset="postmark", signing="basic", by=by, at=now - SET_UP)
    sent = now - timedelta(hours=30)
    for number, lead in enumerate(people):
        mail = {"Recipient": _address(lead), "MessageID": f"route-planning-{number}", "Tag": "route-planning"}
        _post(hook, {**mail, "RecordType": "Delivery", "DeliveredAt": sent.isoformat()}, sent)
        waited = timedelta(seconds=2) if number < 2 else timedelta(hours=1 + number)
        opened = {**mail, "RecordType": "Open", "ReceivedAt": (sent + waited).isoformat()}
        _post(hook, opened, sent + waited)
        if number < 3:
            link = {"OriginalLink": f"{ADDRESS}/blog/route-planning/", "RecordType": "Click"}
            clicked = sent + waited + timedelta(seconds=1)
            _post(hook, {**mail, **link, "ReceivedAt": clicked.isoformat()}, clicked)


def _check_in(by: User, people: Sequence[Lead], now: datetime) -> None:
    """A tool that nobody has explained yet: what it posts waits, and nothing is lost."""
    hook = hook_arranging.make(
        name="Fair check-in", preset="", signing=Hook.Signing.NONE, by=by, at=now - timedelta(days=1)
    )
    for number, lead in enumerate(people):
        first, _, last = lead.name.partition(" ")
        visitor = {"mail": _address(lead), "first_name": first, "last_name": last, "org": str(lead.company)}
        post = {"event": "visitor.checked_in", "visitor": visitor, "hall": "B4"}
        _post(hook, post, now - timedelta(hours=6, minutes=11 * number))


def _post(hook: Hook, body: Mapping[str, object], at: datetime) -> None:
    receiving.store(
        hook=hook,
        body=json.dumps(body),
        key="",
        content_type="application/json",
        headers={"user-agent": presets.every()[hook.preset].name if hook.preset else "check-in/2.3"},
        at=at,
    )
    inbox.work(at=at + timedelta(seconds=1))


def _import(by: User, twice: Sequence[Lead], colleagues: Sequence[Lead], now: datetime) -> None:
    """The list of a fair: some on it we know by another address, and one cannot be read."""
    stream = io.StringIO()
    rows = csv.writer(stream)
    rows.writerow(["Full name", "E-Mail", "Company", "Website", "Telephone", "Badge"])
    for lead in twice:
        domain, surname = _domain_and_surname(lead)
        rows.writerow([lead.name, f"{surname}@{domain}", lead.company, domain, lead.phone, "visitor"])
    for first, lead in zip(FIRST_NAMES, colleagues, strict=False):
        domain, surname = _domain_and_surname(lead)
        name, address = f"{first} {lead.name.split()[-1]}", f"{first.lower()}.{surname}@{domain}"
        rows.writerow([name, address, lead.company, domain, "", "visitor"])
    rows.writerow(["Unreadable card", "a.lindqvist(at)", "", "", "", "visitor"])
    file = SimpleUploadedFile("service-fair.csv", stream.getvalue().encode(), content_type="text/csv")
    one = uploading.keep(upload=file, kind=Import.Kind.LEADS, source="service-fair", live=False, by=by)
    while one.state == Import.State.READING and working.work():
        one.refresh_from_db()
    steering.match(one=one)
    steering.start(one=one, at=now)
    while working.work():
        pass


def _address(lead: Lead) -> str:
    """Everybody who has a part in it has one."""
    return lead.email or ""


def _domain_and_surname(lead: Lead) -> tuple[str, str]:
    """ "firm.example" and "byron" of ada.byron@firm.example."""
    local, _, domain = _address(lead).partition("@")
    return domain, local.rpartition(".")[2]
