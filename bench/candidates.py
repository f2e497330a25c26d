"""What a rule may look at in each set of sample data, without the columns that give the outcome away."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from leads.models import Lead

from .fitting import Candidate

#: A value seen less often says too little.
LEAST_SEEN = 25


def olist(leads: Iterable[Lead]) -> list[Candidate]:
    """Origin, landing page and weekday of the first contact: all that is known before the deal."""
    leads = list(leads)
    return [
        *_values("source", [lead.source for lead in leads], "engagement"),
        *_values("attributes.landing_page", _attribute(leads, "landing_page"), "engagement"),
        *_values("attributes.first_weekday", _attribute(leads, "first_weekday"), "engagement"),
    ]


def x_education_strict(leads: Iterable[Lead]) -> list[Candidate]:
    """What the form and the tracker alone know."""
    leads = list(leads)
    return [
        *_values("attributes.origin", _attribute(leads, "origin"), "fit"),
        *_values("source", [lead.source for lead in leads], "fit"),
        *_values("country", [lead.country for lead in leads], "fit"),
        Candidate("no-country", "Country unknown", "fit", {"field": "country", "op": "unknown"}),
        *[
            Candidate(
                f"seconds-{least}",
                f"{least} seconds or more on the site",
                "engagement",
                {"field": "attributes.web_seconds", "op": "gte", "value": least},
            )
            for least in (1, 60, 150, 300, 500, 700, 900, 1_100, 1_400)
        ],
        *[
            _happened(f"visits-{least}", f"{least} visits or more", ["visit"], least)
            for least in (1, 2, 3, 4, 6, 9)
        ],
        _happened("download", "Downloaded the guide", ["content_download"]),
    ]


def x_education(leads: Iterable[Lead]) -> list[Candidate]:
    """The same and what is known later, but nothing that sales wrote after the fact."""
    leads = list(leads)
    return [
        *x_education_strict(leads),
        *[
            candidate
            for name in ("occupation", "specialization", "motive", "heard_from")
            for candidate in [
                *_values(f"attributes.{name}", _attribute(leads, name), "fit"),
                Candidate(
                    f"no-{name.replace('_', '-')}",
                    f"{name.replace('_', ' ').capitalize()} unknown",
                    "fit",
                    {"field": f"attributes.{name}", "op": "unknown"},
                ),
            ]
        ],
        *_values("city", [lead.city for lead in leads], "fit"),
        *[
            _happened(f"last-{kind.replace('_', '-')}", label, [kind])
            for kind, label in [
                ("email_opened", "Opened an e-mail"),
                ("email_clicked", "Clicked in an e-mail"),
                ("email_bounced", "E-mail bounced"),
                ("unsubscribed", "Unsubscribed"),
                ("sms_sent", "Was sent a text message"),
                ("chat", "Chatted"),
                ("call_logged", "Had a call"),
                ("call_unanswered", "Did not answer a call"),
                ("contact_sales", "Asked to talk to sales"),
            ]
        ],
        Candidate(
            "last-page",
            "Came back to the site last",
            "engagement",
            {
                "activity": ["page_view"],
                "where": [{"property": "last_activity", "op": "known"}],
                "at_least": 1,
            },
        ),
        Candidate(
            "last-form",
            "Filled in a form last",
            "intent",
            {
                "activity": ["form_submitted"],
                "where": [{"property": "last_activity", "op": "known"}],
                "at_least": 1,
            },
        ),
    ]


def _values(field: str, seen: Sequence[str], dimension: str) -> list[Candidate]:
    """One candidate for each value of ``field`` that is seen often enough."""
    name = field.removeprefix("attributes.").replace("_", "-").lower()
    return [
        Candidate(
            f"{name}-{n}",
            f"{name.capitalize()}: {value}"[:160],
            dimension,
            {"field": field, "op": "eq", "value": value},
        )
        for n, (value, count) in enumerate(sorted(Counter(filter(None, seen)).items()))
        if count >= LEAST_SEEN
    ]


def _attribute(leads: Iterable[Lead], name: str) -> list[str]:
    return [str(lead.attributes.get(name) or "") for lead in leads]


def _happened(key: str, label: str, types: list[str], least: int = 1) -> Candidate:
    when: dict[str, Any] = {"activity": types, "at_least": least}
    return Candidate(key, label, "engagement", when)
