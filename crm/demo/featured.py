"""People written by hand: whom the demo rep finds in the queue, and whom marketing finds sent back."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from . import texts
from .cast import Fate, Firm, Happening, Person, phone, plain, working_moment
from .lands import BUILDING, COLD, DOORS, FIRE, HVAC, LANDS, LIFTS, PLUMBING, POWER
from .stories import ask, mail, view
from .texts import Page

_LANDS = {land.country: land for land in LANDS}
_GUIDE = {"title": texts.GUIDE.title, "path": texts.GUIDE.path}
_EBOOK = {"title": texts.DOWNLOADS[0].title, "path": texts.DOWNLOADS[0].path}
_WEBINAR = texts.WEBINARS[0][0]


class Asking(NamedTuple):
    """Somebody who crossed the line ``minutes`` ago with ``what``. ``hot`` looked at prices first, which
    makes it one for the short response time. ``before``: days ago, type, properties."""

    minutes: int
    name: str
    title: str
    firm: str
    industry: str
    employees: int
    country: str
    city: str
    source: str
    what: str
    message: str
    hot: bool = False
    before: tuple[tuple[float, str, dict[str, Any]], ...] = ()


#: The demo rep's queue: one overdue, five due within the hour, the rest later.
QUEUE = (
    Asking(
        78, "Ulrike Sandmann", "Head of Customer Care", "Weserlift Aufzugdienst GmbH", LIFTS, 220, "DE", "Bremen",
        "webinar", "quote_request",
        "Angebot für 85 Techniker und 6 Disponenten, Start im Februar. Die 2.300 Wartungsverträge müssten Sie übernehmen.",
        True,
        ((21, "webinar_registered", {"title": _WEBINAR}), (19, "webinar_attended", {"title": _WEBINAR, "minutes": 41, "of_minutes": 45}),
         (6.2, "case_study_view", {"path": texts.CASES[0].path, "title": texts.CASES[0].title, "seconds": 214})),
    ),
    Asking(
        49, "Matthias Oberhuber", "COO", "Tauern Gebäudetechnik GmbH", BUILDING, 340, "AT", "Salzburg",
        "paid_search", "contact_sales",
        "Compared you with two others over the weekend. Open question: can the night shift see only its own depot? Please call.",
        True,
        ((9, "ebook_download", _EBOOK), (3.1, "product_page_view", {"path": "/product/security", "title": "Where your data live", "seconds": 187})),
    ),
    Asking(
        31, "Dr. Anja Brockhaus", "Head of Operations", "Kältewerk Nord GmbH", COLD, 160, "DE", "Lübeck",
        "newsletter", "demo_request",
        "HACCP alarms at night go to three private phones. 48 technicians, 1,100 cold rooms. We decide before Christmas.",
        True,
        ((47, "newsletter_signup", {"path": "/letter"}), (12, "email_opened", {"subject": texts.MAILS[4]}),
         (5, "email_clicked", {"subject": texts.MAILS[5], "link": "see the planning board"})),
    ),
    Asking(
        24, "Reto Zgraggen", "Geschäftsführer", "Gotthard Torsysteme AG", DOORS, 110, "CH", "Altdorf",
        "organic_search", "trial_signup", "Testing with the Tuesday round, 6 of our 34 fitters.", True,
        ((2.2, "page_view", {"path": "/customers/doors", "title": texts.CASES[2].title, "seconds": 302}),),
    ),
    Asking(
        188, "Joanna Dąbrowska", "Service Manager", "Warta Klimatyzacja Sp. z o.o.", HVAC, 95, "PL", "Poznań",
        "paid_social", "email_replied", "Who do I talk to about prices for 40 people? Polish app needed.", False,
        ((16, "comparison_guide_download", _GUIDE), (4, "pricing_page_view", {"path": "/pricing", "title": "Pricing", "seconds": 233}),
         (1.1, "pricing_page_view", {"path": "/pricing", "title": "Pricing", "seconds": 95})),
    ),
    Asking(
        140, "Lieke van der Horst", "Operations Manager", "IJssel Liften B.V.", LIFTS, 130, "NL", "Zwolle",
        "referral", "contact_sales", "A colleague in Bremen showed me the board. Does it run with two languages on one team?", False,
        ((1.3, "case_study_view", {"path": texts.CASES[0].path, "title": texts.CASES[0].title, "seconds": 176}),
         (0.2, "product_page_view", {"path": texts.PRODUCT[0].path, "title": texts.PRODUCT[0].title, "seconds": 341})),
    ),
    Asking(
        115, "Stéphane Aubry", "Responsable SAV", "Vosges Froid SAS", COLD, 75, "FR", "Épinal",
        "organic_search", "demo_request", "28 techniciens, deux dépôts. Nous cherchons un outil qui fonctionne sans réseau.",
        False, ((8, "content_download", {"title": texts.DOWNLOADS[2].title, "path": texts.DOWNLOADS[2].path}),),
    ),
    Asking(
        89, "Kathrin Moosleitner", "Leitung Technik", "Inntal Brandschutz GmbH", FIRE, 58, "AT", "Innsbruck",
        "trade_fair", "demo_request", "Prüfrunden für 4.000 Feuerlöscher im Jahr, heute auf Papier. 14 Leute im Außendienst.",
        False, ((33, "event_attended", {"title": "LiftDays 2026, hall 4"}), (30, "email_opened", {"subject": texts.MAILS[0]})),
    ),
    Asking(
        12, "Ondřej Vaněk", "Jednatel", "Morava Výtahy s.r.o.", LIFTS, 140, "CZ", "Olomouc",
        "paid_search", "demo_request", "Is the app available in Czech? 52 technicians, most of them over fifty.",
        False, ((1.6, "comparison_guide_download", _GUIDE), (1.5, "product_page_view", {"path": "/product/mobile", "title": texts.PRODUCT[1].title, "seconds": 268})),
    ),
    Asking(
        56, "Bettina Kühnel", "Disposition", "Spree Sanitär GmbH", PLUMBING, 64, "DE", "Berlin",
        "direct", "contact_sales", "Bitte nach 16 Uhr anrufen, vormittags sitze ich am Notruftelefon.", False,
        ((5.3, "content_download", {"title": texts.DOWNLOADS[1].title, "path": texts.DOWNLOADS[1].path}),),
    ),
    Asking(
        41, "Volker Reinecke", "Operations Director", "Harz Elektroservice GmbH", POWER, 105, "DE", "Goslar",
        "paid_search", "quote_request", "The new budget is through. 30 licences from January, please.", False,
        ((18, "email_opened", {"subject": texts.MAILS[6]}), (4, "email_clicked", {"subject": texts.MAILS[4], "link": "see the planning board"})),
    ),
    Asking(
        19, "Gianluca Bernasconi", "Director of Field Operations", "Ceresio Clima SA", HVAC, 190, "CH", "Lugano",
        "paid_social", "demo_request", "Three languages, two cantons, 70 technicians. Show me how you plan stand-by weeks.", False,
        ((15, "ebook_download", _EBOOK), (7, "webinar_registered", {"title": texts.WEBINARS[1][0]}),
         (2, "webinar_attended", {"title": texts.WEBINARS[1][0], "minutes": 33, "of_minutes": 34})),
    ),
    Asking(
        6, "Hendrikje Lammers", "Managing Director", "Eider Kälteservice GmbH", COLD, 24, "DE", "Husum",
        "newsletter", "demo_request", "We are small (9 technicians) but the phone does not know that.",
        False, ((26, "newsletter_signup", {"path": "/letter"}),),
    ),
)  # fmt: skip

#: Open in the Nordic queue; minutes are of office hours there.
NORDIC_QUEUE = (
    Asking(
        22, "Ragnhild Hovde", "Driftsleder", "Dovre Heis AS", LIFTS, 85, "NO", "Lillehammer", "webinar", "demo_request",
        "Vi er 30 teknikere fordelt på fire dalfører. Kan dere vise vaktordningen?", True,
        ((13, "webinar_attended", {"title": _WEBINAR, "minutes": 29, "of_minutes": 45}),),
    ),
    Asking(
        48, "Jens-Ulrik Toft", "Direktør", "Limfjord Køleteknik A/S", COLD, 120, "DK", "Aalborg", "organic_search", "quote_request",
        "Tilbud på 44 brugere, gerne med ruteplanlægning.",
    ),
    Asking(
        95, "Annika Wallerstedt", "Head of Service", "Bohus Ventilation AB", HVAC, 260, "SE", "Uddevalla", "paid_search", "demo_request",
        "OVK-besiktningar ligger i ett Excelark som bara jag förstår. 90 tekniker.", False,
        ((11, "content_download", {"title": texts.DOWNLOADS[3].title, "path": texts.DOWNLOADS[3].path}),),
    ),
    Asking(
        150, "Mikko Räsänen", "Palvelupäällikkö", "Saimaa Hissihuolto Oy", LIFTS, 45, "FI", "Lappeenranta", "referral", "contact_sales",
        "Could we keep our own job numbers when we move over?",
    ),
)  # fmt: skip


#: Nobody has answered her for longer than Sweden agreed on, so she went on to another rep.
SWEDISH = NORDIC_QUEUE[2]
#: Whose clock stands still, and why.
PAUSED = ("Hendrikje Lammers", "Sits in the van until Thursday; asked to be called then.")
#: Whom the demo rep has put off for this afternoon, and why.
SNOOZED = ("Bettina Kühnel", "Mornings she answers the emergency line.")
#: Whom the manager put back into the pool; a colleague at the fair is reading about him.
GIVEN_BACK = ("Stéphane Aubry", "Wants to talk in French.")


class Returned(NamedTuple):
    """Somebody whom sales sent back ``days`` ago."""

    days: float
    name: str
    title: str
    firm: str
    industry: str
    employees: int
    country: str
    city: str
    source: str
    what: str
    reason: str
    note: str


RETURNED = (
    Returned(1.2, "Friedhelm Asmussen", "Service Manager", "Schlei Torservice GmbH", DOORS, 72, "DE", "Kappeln", "paid_search", "demo_request",
             "timing", "Contract with the old tool runs until the end of June. Wants to hear from us after Easter."),
    Returned(2.3, "Małgorzata Zielonka", "Kierownik serwisu", "Mazury Chłodnictwo Sp. z o.o.", COLD, 31, "PL", "Olsztyn", "organic_search", "contact_sales",
             "too_small", "Nine technicians today, buys a competitor in spring. Great fit then."),
    Returned(3.1, "Erik Sundelin", "Planerare", "Roslagen Hiss AB", LIFTS, 150, "SE", "Norrtälje", "webinar", "demo_request",
             "no_authority", "Planner. Her boss decides, Lovisa Ekdahl, not in our data yet."),
    Returned(4.4, "Corinne Flückiger", "Head of Operations", "Emmental Gebäudetechnik AG", BUILDING, 125, "CH", "Burgdorf", "referral", "quote_request",
             "no_budget", "Board cut everything that is not a van. New budget in April."),
    Returned(6.5, "Søren Kjeldgaard", "Servicechef", "Himmerland VVS ApS", PLUMBING, 68, "DK", "Hobro", "paid_social", "demo_request",
             "locked_in", "Signed with another one in May for a year, unhappy with the app. Ask in March."),
    Returned(8.2, "Päivi Kemppainen", "Toimitusjohtaja", "Kainuu Putkihuolto Oy", PLUMBING, 55, "FI", "Kajaani", "newsletter", "contact_sales",
             "unreachable", "Four calls on different days, two mails. The switchboard says she is abroad."),
    Returned(9.7, "Eike Hansen", "Disposition", "Ostsee Brandschutz GmbH", FIRE, 90, "DE", "Stralsund", "trade_fair", "demo_request",
             "timing", "Moves into the new depot first. February."),
    Returned(12.6, "Théo Sénéchal", "Gérant", "Ardèche Portes SARL", DOORS, 22, "FR", "Privas", "organic_search", "trial_signup",
             "too_small", "Five fitters, a shared calendar is enough for now."),
    Returned(15.3, "Bjarne Lykke", "IT Manager", "Djurs Bygningsdrift A/S", BUILDING, 310, "DK", "Grenaa", "paid_search", "quote_request",
             "no_budget", "Price is fine, year is not. The 2027 plan is made in January."),
)  # fmt: skip

#: How long ago the queue's returning customer-to-be was sent back, and with which words.
RETURNER, SENT_BACK_DAYS = "Volker Reinecke", 50
_BACK_THEN = Fate(
    "reject", 55, "no_budget", "Wants it, but this year’s money went into the charging stations."
)


def queue(rng: Random, now: datetime) -> list[Person]:
    """The people of QUEUE, who ask at the second that makes their clocks right at ``now``."""
    people = [_asking(person, now - timedelta(minutes=person.minutes), rng) for person in QUEUE]
    for person in people:
        if person.name == RETURNER:
            first = working_moment(rng, now - timedelta(days=SENT_BACK_DAYS), person.firm.land)
            person.happenings += [
                Happening(
                    first - timedelta(days=3),
                    "page_view",
                    view(texts.HOME, rng, **texts.CAMPAIGNS[person.source][0]),
                ),
                Happening(
                    first,
                    "demo_request",
                    {"path": "/demo", "message": ask("demo_request", person, rng)},
                    hot=True,
                ),
            ]
            person.fates = [_BACK_THEN, Fate("open")]
    return people


def nordic_queue(rng: Random, moments: list[datetime]) -> list[Person]:
    """The people of NORDIC_QUEUE, asking at ``moments``."""
    return [_asking(person, at, rng) for person, at in zip(NORDIC_QUEUE, moments, strict=True)]


def returned(rng: Random, now: datetime) -> list[Person]:
    """The people of RETURNED, with the question they asked and the answer they got."""
    people = []
    for them in RETURNED:
        person = _person(them, rng)
        at = working_moment(rng, now - timedelta(days=them.days), person.firm.land)
        form = {"path": "/" + them.what.split("_", maxsplit=1)[0], "message": ask(them.what, person, rng)}
        person.happenings = [
            Happening(
                at - timedelta(days=9.4),
                "page_view",
                view(rng.choice(texts.BLOG), rng, **texts.CAMPAIGNS[them.source][0]),
            ),
            Happening(at - timedelta(days=6.1), "email_opened", mail(rng)),
            Happening(at - timedelta(minutes=14), "product_page_view", view(texts.PRODUCT[0], rng)),
            Happening(at, them.what, form, hot=True),
        ]
        person.fates = [Fate("reject", 48, them.reason, them.note)]
        people.append(person)
    return people


def _asking(them: Asking, at: datetime, rng: Random) -> Person:
    person = _person(them, rng)
    looked = [
        Happening(at - timedelta(days=days), kind, properties) for days, kind, properties in them.before
    ]
    came = min([at - timedelta(hours=2), *(happening.at - timedelta(minutes=4) for happening in looked)])
    first = Page("/", texts.HOME.title) if looked else texts.BLOG[1]
    looked.append(Happening(came, "page_view", view(first, rng, **texts.CAMPAIGNS[them.source][0])))
    if them.hot:
        looked.append(Happening(at - timedelta(minutes=5), "pricing_page_view", view(texts.PRICING, rng)))
    if them.what == "email_replied":
        asked = {"subject": texts.MAILS[3], "text": them.message}
    else:
        asked = {"path": "/" + them.what.split("_", maxsplit=1)[0], "message": them.message}
    person.happenings = [*looked, Happening(at, them.what, asked, hot=True)]
    person.fates = [Fate("open")]
    return person


def _person(them: Asking | Returned, rng: Random) -> Person:
    land = _LANDS[them.country]
    words = plain(them.firm, land).split("-")
    forms = {word for form in (*land.forms, "SA") for word in plain(form, land).split("-")}
    domain = "-".join(word for word in words if word not in forms) + ".example"
    firm = Firm(them.firm, domain, land, them.industry, them.employees, them.city)
    names = plain(them.name.removeprefix("Dr. "), land).split("-")
    return Person(
        them.name,
        f"{names[0]}.{''.join(names[1:])}@{domain}",
        them.title,
        phone(rng, land),
        firm,
        them.source,
    )
