import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from leads import marking


def _leads_of(rows: str) -> str:
    return (
        f"SELECT l.id AS lead_id FROM {rows} r"
        " JOIN leads_lead l ON split_part(lower(l.email), '@', 2) = r.domain"
    )


class FreeMailDomain(models.Model):
    """A domain at which anybody can open a mailbox: "gmail.com". The product brings a list; a company may
    add to it or take from it, and the leads with such an address are scored again."""

    domain = models.CharField(max_length=253, primary_key=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(domain=Lower("domain")) & ~Q(domain=""), name="scoring_freemaildomain_lower"
            )
        ]
        triggers = [
            marking.found_by("free_mail_inserted", pgtrigger.Insert, _leads_of("new_rows")),
            marking.found_by("free_mail_deleted", pgtrigger.Delete, _leads_of("old_rows")),
        ]

    def __str__(self) -> str:
        return self.domain
