"""What the made-up people look at, ask, answer and say no with."""

from typing import NamedTuple


class Page(NamedTuple):
    path: str
    title: str


HOME = Page("/", "Fieldline, dispatch for field service")
PRICING = Page("/pricing", "Pricing")
GUIDE = Page("/guides/seven-dispatch-tools", "Seven dispatch tools compared")
BLOG = (
    Page("/blog/call-outs-at-night", "Who takes the call at three in the morning"),
    Page("/blog/whiteboard", "Nine signs that the whiteboard is full"),
    Page("/blog/first-time-fix", "First-time fix: what the best depots do differently"),
    Page("/blog/van-stock", "The part that was in the other van"),
    Page("/blog/apprentices", "Planning with apprentices, without paper"),
    Page("/blog/travel-time", "Forty minutes on the road, twenty on the job"),
    Page("/industries/lifts", "Dispatch for lift service"),
    Page("/industries/refrigeration", "Dispatch for refrigeration, HACCP alarms included"),
    Page("/industries/fire-safety", "Inspection rounds for fire safety"),
    Page("/about", "About Fieldline"),
)
PRODUCT = (
    Page("/product/planning-board", "The planning board"),
    Page("/product/mobile", "The technician’s app, offline too"),
    Page("/product/routes", "Routes and travel time"),
    Page("/product/contracts", "Maintenance contracts and due dates"),
    Page("/product/integrations", "Integrations: DATEV, SAP, Fortnox, Visma"),
    Page("/product/security", "Where your data live"),
)
CASES = (
    Page("/customers/lifts", "Customer story: 1,400 lifts, two dispatchers"),
    Page("/customers/cooling", "Customer story: supermarkets that never warm up"),
    Page("/customers/doors", "Customer story: from fax to app in five weeks"),
    Page("/customers/plumbing", "Customer story: 30 vans, no whiteboard"),
)
DOWNLOADS = (
    Page("/guides/spreadsheet-to-schedule", "From spreadsheet to schedule in 30 days"),
    Page("/guides/dispatch-basics", "Dispatch basics, a workbook"),
    Page("/guides/winter-peak", "Checklist: ready for the winter peak"),
    Page("/guides/contract-margins", "What a maintenance contract really earns"),
)
WEBINARS = (
    ("When every boiler fails at once: planning the winter peak", 45),
    ("Thirty minutes with the planning board", 34),
    ("Questions from dispatchers, answered live", 40),
    ("Inspection rounds without overtime", 38),
)
MAILS = (
    "From spreadsheet to schedule, 1: the phone that never stops",
    "From spreadsheet to schedule, 2: one list for all depots",
    "From spreadsheet to schedule, 3: what technicians want to know",
    "From spreadsheet to schedule, 4: the first week",
    "Fieldline letter: offline, but not out of reach",
    "Fieldline letter: travel time is working time",
    "Ready for the winter peak?",
)
LINKS = ("customer story: lifts", "checklist", "see the planning board", "book a place", "read on")

#: source of the lead → what its first visit carries.
CAMPAIGNS: dict[str, tuple[dict[str, str], ...]] = {
    "paid_search": (
        {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "technician-scheduling", "utm_term": "technician scheduling"},
        {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "leave-the-spreadsheet", "utm_term": "service planning software"},
        {"utm_source": "bing", "utm_medium": "cpc", "utm_campaign": "winter-peak", "utm_term": "dispatch software field service"},
    ),
    "organic_search": ({"referrer": "https://search.example/"}, {"referrer": "https://find.example/q"}),
    "paid_social": (
        {"utm_source": "linkedin", "utm_medium": "paid-social", "utm_campaign": "heads-of-service"},
        {"utm_source": "linkedin", "utm_medium": "paid-social", "utm_campaign": "whiteboard-is-full"},
    ),
    "newsletter": ({"utm_source": "letter", "utm_medium": "email", "utm_campaign": "fieldline-letter"},),
    "webinar": ({"utm_source": "webinar", "utm_medium": "event", "utm_campaign": "winter-peak"},),
    "trade_fair": ({"utm_source": "badge-scan", "utm_medium": "event", "utm_campaign": "liftdays-2026"},),
    "referral": ({"referrer": "https://partner.example/tools"},),
    "direct": ({},),
}  # fmt: skip
CAMPAIGNS = {
    source: tuple({"channel": source, **visit} for visit in visits) for source, visits in CAMPAIGNS.items()
}
#: What brings people back who know the site already.
RETURNS = (*CAMPAIGNS["newsletter"], *CAMPAIGNS["organic_search"], *CAMPAIGNS["paid_search"][:1])

#: What is asked → language → how. {n} technicians, {d} depots.
ASKS: dict[str, dict[str, tuple[str, ...]]] = {
    "demo_request": {
        "en": (
            "We run {n} technicians from a shared calendar and it breaks every Monday. Please show us the planning board.",
            "Looking for something the night shift can use on a phone. {n} people, two shifts.",
            "How do you handle call-outs that interrupt a planned round? {n} technicians, mostly maintenance contracts.",
            "Our dispatcher retires in summer and everything is in her head. {n} technicians.",
            "We lose about an hour a day per van on the road. {n} vans. Can we see routes on our own data?",
            "Does the app work in cellars and lift shafts without signal? {n} technicians would use it.",
            "Comparing you with two others until the end of the month. {n} technicians, {d} depots.",
        ),
        "de": (
            "{n} Monteure, {d} Standorte, geplant wird in Excel. Wir möchten das vor dem Frühjahr ändern.",
            "Bitte mit Schnittstelle zu DATEV zeigen. {n} Techniker im Außendienst.",
            "Unsere Disponentin geht im Sommer in Rente, und alles steht in ihrem Kopf. {n} Techniker.",
            "Funktioniert die App auch im Keller ohne Netz? Es geht um {n} Leute.",
            "Notdienst und Wartung laufen bei uns in zwei Listen. {n} Techniker, {d} Niederlassungen.",
        ),
        "sv": (
            "Vi är {n} tekniker på {d} orter och planerar på whiteboard. Kan ni visa hur jouren fungerar?",
            "Serviceavtalen ligger i Excel och jouren i telefonen. {n} tekniker.",
            "Fungerar appen utan täckning? Vi är {n} personer i fält.",
        ),
        "no": (
            "Vi er {n} teknikere og trenger å se vaktordningen. Kan dere vise det på norsk?",
            "Planleggeren vår slutter til sommeren. {n} teknikere, {d} avdelinger.",
        ),
        "da": (
            "Vi er {n} montører og kører fra {d} lagre. Vil gerne se ruteplanlægningen.",
            "Vagtplanen hænger på en tavle. {n} teknikere, og tavlen er fuld.",
        ),
    },
    "contact_sales": {
        "en": (
            "Can you take over contracts from our old system, about 2,300 of them? {n} technicians.",
            "Who do I talk to about a framework agreement for {d} companies of one group?",
            "Please call after four, I am on site in the mornings.",
            "Is there a way to start with one depot and add the others later? {d} in all.",
        ),
        "de": (
            "Wir brauchen ein Angebot mit Einführung vor Ort, {n} Techniker.",
            "Bitte ab 16 Uhr anrufen, vormittags bin ich auf der Baustelle.",
            "Können Sie rund 1.800 Wartungsverträge aus dem alten System übernehmen?",
        ),
        "sv": ("Vi vill veta om ni klarar kollektivavtalets regler för jour. {n} tekniker.",),
        "no": ("Kan vi starte med én avdeling og ta de andre etterpå? {d} i alt.",),
        "da": ("Ring gerne efter klokken tre, om formiddagen er jeg ude hos kunder.",),
    },
    "quote_request": {
        "en": (
            "{n} technicians, {d} dispatchers, two years. Please quote with and without routes.",
            "Need a figure for the board on Thursday: {n} users, two languages.",
        ),
        "de": (
            "Angebot für {n} Lizenzen, Einführung ab Januar.",
            "Preis für {n} Techniker und {d} Disponenten, zwei Jahre.",
        ),
        "sv": ("Offert för {n} tekniker, gärna med Fortnox-koppling.",),
        "no": ("Tilbud på {n} brukere, med Visma-kobling.",),
        "da": ("Tilbud på {n} brugere, bindingsfri hvis muligt.",),
    },
    "trial_signup": {
        "en": (
            "Want to try it with one team of {n} first.",
            "Testing with our Tuesday round.",
            "Trying the import of our contracts.",
        ),
        "de": ("Wir testen zuerst mit einer Kolonne.", "Probe mit der Dienstagstour."),
        "sv": ("Vi provar med ett lag först.",),
        "no": ("Vi prøver med ett lag først.",),
        "da": ("Vi prøver med ét hold først.",),
    },
}
REPLIES = (
    "Who do I talk to about prices for {n} people?",
    "Good timing, we are looking at exactly this. Can someone call me?",
    "Is the app available in Czech?",
    "Wir hätten Interesse, aber wie läuft die Einführung ab?",
    "Can we keep our own job numbers?",
    "Stämmer det att appen fungerar utan täckning?",
)
CALLS = (
    "Went through the current week plan, two dispatchers, phone all day. Wants to see routes.",
    "Friendly, busy. Sends the list of depots tomorrow.",
    "Budget sits with the managing director, next meeting with both.",
    "Has used a competitor before, left because of the app.",
    "Needs the works council on board, knows whom to ask.",
    "Asked about offline mode three times. That is the point to show.",
    "Contract with the old system ends in March, wants an overlap of one month.",
)

#: question → level → notes.
ANSWERS = {
    "interest": {
        1: ("Looks around, asked for prices only.", "Compares five tools, we are one of them."),
        2: ("Wants the board and the app, not the rest.", "Sees us on the short list of two."),
        3: ("Asked for our demo by name.", "Wants to try us with one depot.", "We are their first choice."),
    },
    "motivation": {
        1: ("Told to look into it.", "No pressure so far."),
        2: ("Growth: three more vans in spring.", "Customers ask for arrival times."),
        3: ("Lost two planners this year.", "Paper dockets fail the next audit.", "The owner wants it done."),
    },
    "budget": {
        1: ("Nothing set aside, would have to ask.", "Expects it to cost what Excel costs."),
        2: ("About €1,500 a month is thinkable.", "Comes out of the digital budget, rest of the year."),
        3: (
            "€24,000 approved for next year.",
            "Board agreed, purchase order after the trial.",
            "In the 2027 plan.",
        ),
    },
    "authority": {
        1: ("Collects information for the boss.", "Decision is made at group level."),
        2: ("Proposes, the managing director signs.", "Decides together with IT."),
        3: (
            "Owner, decides alone.",
            "Decides with the CFO, who is in the picture.",
            "Has the power of attorney.",
        ),
    },
    "need": {
        1: ("Curious, no pain yet.", "Whiteboard still works, they say."),
        2: ("Dispatch by phone, two people fully busy with it.", "Too many second visits."),
        3: (
            "Lost a contract over late call-outs.",
            "Night shift hands over on paper.",
            "Planner leaves in June.",
        ),
    },
    "timing": {
        1: ("Some day.", "After the ERP project, no date."),
        2: ("First half of next year.", "Once the new depot is open."),
        3: ("Must run before the winter peak.", "Start on 1 February.", "Old licence ends in March."),
    },
}

#: reject reason → notes; some rejections have none.
REJECTIONS = {
    "timing": (
        "Moves depot in spring, wants to hear from us then.",
        "ERP project first, until summer.",
        "After the audit.",
    ),
    "no_budget": ("Nothing left this year.", "Board cut all software until April.", ""),
    "too_small": ("Four technicians, a shared calendar is enough.", "Great fit in a year or two.", ""),
    "no_authority": (
        "Planner without a mandate, the boss is not interested yet.",
        "Trainee who collects offers for a project.",
    ),
    "not_a_buyer": (
        "Writes a thesis about scheduling.",
        "Applied for a job with the wrong form.",
        "Sells a similar tool.",
    ),
    "duplicate_or_customer": (
        "Customer since 2024 under the parent company.",
        "Same person with the private address.",
        "",
    ),
    "unreachable": ("Five calls, two mails, nothing.", "Number does not exist."),
    "locked_in": ("Signed with a competitor until next autumn.", "Three-year contract since May."),
    "wrong_industry": (
        "Sells software, has no field staff.",
        "A school; liked the e-book.",
        "Shop fitters, no service.",
    ),
}
#: Code of a loss reason → what there is to learn.
LOST = {
    "no_decision": "Stays with the spreadsheet for another year.",
    "competitor": "They had the other one’s reference around the corner.",
    "no_budget": "The project was stopped with the new budget.",
    "price": "A third above what they pay today.",
}
SUPPLIERS = ("RouteMaster", "PlanFix", "DispoCloud", "A spreadsheet")
ABOUT_SUPPLIERS = (
    "Contract until the end of the year.",
    "Shown to them last week.",
    "Half the price, no app.",
    "",
)
TASKS = (
    "Send the offer for the pilot",
    "Call back after their board meeting",
    "Ask for the number of vans",
    "Send the case study of a firm like theirs",
    "Agree on a date for the demo",
    "Check the interface to their ERP",
)
RATED = {
    1: "A student who needed it for a thesis.",
    2: "Nobody there remembered having asked.",
    3: "",
    4: "",
    5: "Knew what they wanted, and the reasons were right.",
}
DISPUTED = (
    "Asked for a demo by name and gave the number of vans. That is what we agreed an SQL is.",
    "Two colleagues looked at prices the same week. Nobody called them.",
    "The budget is next year’s, and so is the project: worth a call now.",
)

#: What marketing does with a lead that came back → what it says.
RETURNED = {
    "keep_warm": (
        "Budget season mails, then we look again.",
        "In the newsletter until then.",
        "Asked them when.",
    ),
    "other": ("Asked a partner nearby to see them.", "Invited the boss to the webinar in spring."),
}
#: What an MQL falls short of → why.
SHORT = {
    "long_cycle": "Decides once the old contract ends.",
    "no_money": "No budget this year.",
    "budget": "Expects it for a tenth of the price.",
    "not_willing": "Wants to see it with a neighbour first.",
}
#: Why marketing made somebody an MQL.
MET = (
    "Met at the lift fair, wants a trial in spring.",
    "Head of the regional guild, asked us to come by.",
    "Called about the guide, runs forty vans.",
)
#: What both teams mean, in their own words.
MQL = "Fits a profile of ours and has come to learn: downloaded, signed up or came back. Not sold to yet."
SQL = "Fits, and has asked for something that only sales can give; a rep has looked and takes it on."
WORDS_NOTE = "So that a newsletter alone is no SQL any more."
#: What marketing does about a reason, meeting after meeting.
ANSWERED = {
    "timing": ("All of them get the series for the budget season", "Asked for the date in the demo form"),
    "no_budget": ("Stop the “free trial” ad group", "Prices stand on the landing page now"),
    "too_small": ("Ask staff size on the demo form", "“Under 50 staff” takes more points in the next draft"),
    "no_authority": ("“Lead” in a title is not a role: fixed in the next draft",),
    "not_a_buyer": ("Students are told apart by their address",),
    "duplicate_or_customer": ("Customer list is read every night now",),
    "unreachable": ("Phone number is asked for when somebody wants a call",),
}
DECIDED = (
    (("Calls within 60 minutes from intent 26", "sales"), ("Ask staff size on the demo form", "marketing")),
    (("Listen to five calls together", "both"), ("Take prices out of the newsletter", "marketing")),
    (("“Lead” in a title is not a role", "marketing"),),
)
STILL_OPEN = {"Ask staff size on the demo form"}
STILL_RIGHT = (
    "The points stay. The higher line comes first: see in a month whether more of them are accepted."
)
HIGHER_LINE = (
    "Who crosses with the guide and the prices alone is more often a student than a buyer. Two points more "
    "of intent ask for a question as well: what that spares and costs is above."
)
