"""Tell robots from people by what they send. Nobody is turned away for it, but a network that has
sent very many: a submission that looks like a robot's waits until somebody looks, with what gave it away."""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from capture.models import Submission, WebForm
from capture.models.web_form import SubmissionQuerySet

from .stamps import Stamp

#: Nobody reads and fills in a form faster.
QUICKEST = timedelta(seconds=2)
#: In so long a time, so many submissions of a form from one network are people; without a script in the page,
#: which most robots do without, so many from one network and from all.
WHILE, OF_NETWORK = timedelta(minutes=10), 6
OF_NETWORK_UNSCRIPTED, OF_ALL_UNSCRIPTED = 3, 4
#: In so long a time, so many submissions of a form from one network are held: more of one robot tell no more.
HOLDS, HELD_OF_NETWORK = timedelta(hours=1), 200
ENOUGH = "Looks like a robot’s, and enough of its network was held within the hour."
#: One page is sent so often: people go back and mend what they wrote.
OF_PAGE = 3
_LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)
#: Lines in which no person writes a link.
_LINES = ("name", "title", "company", "city")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a post tells of who sent it. ``proof`` is None when no script ran in the page, else whether it is
    the right one; ``network`` a keyed hash."""

    stamp: Stamp | None
    trap: str
    proof: bool | None
    network: str


def signals(*, form: WebForm, evidence: Evidence, answers: Mapping[str, Any], at: datetime) -> list[str]:
    """What gives a robot away, as sentences; [] for a person. 3 queries at most, each of a
    few rows however many there are."""
    found = []
    if evidence.trap:
        found.append("Filled in a field that people do not see.")
    if evidence.stamp is None:
        found.append("Was not sent from a page of ours.")
    elif (took := at - evidence.stamp.at) < QUICKEST:
        found.append(f"Was sent {max(took.total_seconds(), 0):.1f} seconds after the page was opened.")
    if evidence.proof is False:
        found.append("Carries a script’s token that our script did not make.")
    if any(_LINK.search(str(answers.get(key, ""))) for key in _LINES):
        found.append("Has a link where a name belongs.")
    return found or _floods(form, evidence, at)


def _floods(form: WebForm, evidence: Evidence, at: datetime) -> list[str]:
    lately = Submission.objects.filter(web_form=form, submitted_at__gt=at - WHILE, submitted_at__lte=at)
    scripted = list(
        lately.filter(network=evidence.network).values_list("with_script", flat=True)[:OF_NETWORK]
    )
    if len(scripted) >= OF_NETWORK:
        return ["One of many from one network within ten minutes."]
    if evidence.proof is None and scripted.count(False) >= OF_NETWORK_UNSCRIPTED:
        return ["One of several from one network within ten minutes, from pages where no script ran."]
    # An attack that is held anyway does not keep out people who run no scripts.
    unscripted = lately.unscripted_and_let_in()
    if evidence.proof is None and _has(unscripted, OF_ALL_UNSCRIPTED):
        return ["One of many within ten minutes from pages where no script ran."]
    if evidence.stamp and _has(Submission.objects.filter(page_key=evidence.stamp.key), OF_PAGE):
        return ["The same page was sent again and again with other answers."]
    return []


def holds_enough(*, form: WebForm, network: str, at: datetime) -> bool:
    """Whether of ``network`` no more is to be held of ``form``. One query."""
    lately = Submission.objects.filter(web_form=form, submitted_at__gt=at - HOLDS, submitted_at__lte=at)
    return _has(lately.held().filter(network=network), HELD_OF_NETWORK)


def _has(rows: SubmissionQuerySet, many: int) -> bool:
    """Whether there are so ``many``; it reads no more of them."""
    return rows.order_by().values("pk")[:many].count() >= many


def network(address: str | None) -> str:
    """A keyed hash of the network that ``address`` is in: an IPv4 address, or an IPv6 /64, which is one
    household. "" for what is no address."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found
    whole = str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
    return hmac.new(settings.SECRET_KEY.encode(), whole.encode(), hashlib.sha256).hexdigest()[:32]
