"""Which company somebody works for, by the domain of their e-mail address."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache, partial

from django.db import connection
from django.db.models.functions import Lower
from publicsuffixlist import PublicSuffixList

from leads.mail_domains import FREE, THROWAWAY
from leads.models import Company, Lead
from leads.retrying import retrying

#: Leads that ``catch_up`` reads at a time.
WINDOW = 5_000


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def site_of(email: str | None) -> str:
    """The company's domain: "ada@mail.nordwind.de" → "nordwind.de". "" where the domain names no company, as
    those of mail providers and throw-away addresses."""
    host = (email or "").rpartition("@")[2].lower()
    if not host or host in FREE or host in THROWAWAY:
        return ""
    site = str(_suffixes().privatesuffix(host) or "")
    return "" if site in FREE or site in THROWAWAY else site


def called(site: str) -> str:
    """What the company with that domain is called until somebody says: "nord-wind.de" → "Nord Wind"."""
    label = site.partition(".")[0]
    if label.startswith("xn--"):
        try:
            label = label.encode().decode("idna")
        except UnicodeError:
            return site
    words = label.replace("_", "-").split("-")
    return " ".join(word[:1].upper() + word[1:] for word in words if word) or site


def give(*, lead_ids: Iterable[int], at: datetime) -> int:
    """Give each of these leads that has no company the one of its address, made when unknown. Who has one
    keeps it. Answers how many got one. Safe to repeat, and beside another who makes the same company. 1 query
    where there is nothing to do, else 4."""
    ids = sorted(set(lead_ids))
    if not ids:
        return 0
    found = Lead.objects.filter(pk__in=ids, company=None, email__isnull=False).values_list("pk", "email")
    sites = {pk: site for pk, email in found if (site := site_of(email))}
    if not sites:
        return 0
    wanted = sorted(set(sites.values()))
    firms = _firms(wanted)
    if missing := [site for site in wanted if site not in firms]:
        new = [Company(domain=site, name=called(site), created_at=at) for site in missing]
        Company.objects.bulk_create(new, ignore_conflicts=True)
        firms |= _firms(missing)
    pairs = [(pk, firms[site]) for pk, site in sorted(sites.items())]
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH held AS MATERIALIZED (SELECT id FROM leads_lead WHERE id = ANY(%s) AND company_id IS NULL"
            " ORDER BY id FOR NO KEY UPDATE)"
            " UPDATE leads_lead l SET company_id = new.company, updated_at = %s"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, company) JOIN held USING (id)"
            " WHERE l.id = new.id AND l.company_id IS NULL",
            [list(sites), at, [pk for pk, _ in pairs], [firm for _, firm in pairs]],
        )
        given: int = cursor.rowcount
    return given


def _firms(sites: Iterable[str]) -> dict[str, int]:
    rows = Company.objects.filter(domain__in=list(sites)).annotate(site=Lower("domain"))
    return dict(rows.values_list("site", "pk"))


def catch_up(*, after: int, at: datetime) -> int | None:
    """The same for the next ``WINDOW`` leads behind the one with id ``after``: those that got their address
    in the administration, or before this was done. Answers behind which to go on, None at the end.
    Begins again after a deadlock, so that nobody costs the night's remainder."""
    waiting = Lead.objects.filter(pk__gt=after, company=None, email__isnull=False)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:WINDOW])
    retrying(partial(give, lead_ids=ids, at=at))
    return ids[-1] if len(ids) == WINDOW else None
