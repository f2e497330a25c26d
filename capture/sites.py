"""Set up a website: its addresses, the snippet for its pages, and what its pages stand for."""

import re
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.text import slugify

from leads.models import ActivityType

from .models import PageRule, Site, Source

if TYPE_CHECKING:
    from accounts.models import User

#: What most sites have, until somebody says otherwise.
STARTERS = (
    ("/pricing*", "pricing_page_view"),
    ("/product*", "product_page_view"),
    ("/case-studies/*", "case_study_view"),
    ("/careers*", "careers_page_view"),
)
MOST_ORIGINS = 20
_HOST = re.compile(r"(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*")


class OriginRefused(ValueError):
    """What was typed is no address of a site; the message is a sentence."""


def origin(typed: str) -> str:
    """The address of a site as browsers name it, of what somebody typed: "Fieldline.example/blog" is
    "https://fieldline.example". Raises OriginRefused."""
    said = typed.strip().lower()
    try:
        parts = urlsplit(said if "://" in said else f"https://{said}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise OriginRefused(f"“{typed.strip()[:80]}” is not the address of a site.") from None
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        host = ""
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or parts.username:
        raise OriginRefused(f"“{typed.strip()[:80]}” is not the address of a site.")
    if host.startswith("*.") and host.count(".") < 2:
        raise OriginRefused(f"“{host}” stands for half the web; name the domain.")
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


@transaction.atomic
def make(*, name: str, origins: list[str], waits_for_consent: bool, by: "User", at: datetime) -> Site:
    """A new site with the usual page rules. Its key in ``source`` is made of its name and never changes."""
    stem = slugify(name)[:50] or "site"
    taken = set(Source.objects.filter(key__startswith=stem).values_list("key", flat=True))
    key = next(
        each for n in range(1, len(taken) + 2) if (each := stem if n == 1 else f"{stem}-{n}") not in taken
    )
    source = Source.objects.create(key=key, name=name, kind=Source.Kind.SCRIPT, created_at=at, created_by=by)
    site = Site.objects.create(source=source, origins=origins, waits_for_consent=waits_for_consent)
    types = dict(ActivityType.objects.values_list("key", "id"))
    PageRule.objects.bulk_create(
        PageRule(site=site, position=position, pattern=pattern, type_id=types[kind])
        for position, (pattern, kind) in enumerate(STARTERS)
        if kind in types
    )
    return site


@transaction.atomic
def add_rule(*, site: Site, pattern: str, kind: ActivityType) -> PageRule:
    """Say what the pages that fit ``pattern`` stand for, after the rules that are there; a pattern that is
    there stands for ``kind`` from now on. What came before keeps what it was."""
    Site.objects.select_for_update().get(pk=site.pk)
    last = PageRule.objects.filter(site=site).in_order().last()
    position = last.position + 1 if last else 0
    rule, made = PageRule.objects.get_or_create(
        site=site, pattern=pattern, defaults={"type": kind, "position": position}
    )
    if not made:
        rule.type = kind
        rule.save(update_fields=["type"])
    return rule


@transaction.atomic
def move_up(*, rule: PageRule) -> None:
    """Ask ``rule`` before the one that stands above it; the first stays first."""
    Site.objects.select_for_update().get(pk=rule.site_id)
    rules = list(PageRule.objects.filter(site=rule.site_id).in_order())
    place = rules.index(rule)
    if place:
        rules[place - 1], rules[place] = rules[place], rules[place - 1]
    for position, each in enumerate(rules):
        each.position = position
    PageRule.objects.bulk_update(rules, ["position"])
