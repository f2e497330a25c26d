import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from leads import marking


def _leads_of(rows: str) -> str:
    return (
        f"SELECT DISTINCT l.id AS lead_id FROM ({rows}) r"
        " JOIN leads_lead l ON split_part(lower(l.email), '@', 2) = r.domain"
    )


class MailDomain(models.Model):
    """A domain that names no company: "gmail.com", where anybody can open a mailbox, or one that throws its
    mailboxes away. The product brings lists; a company may add to them or take from them, and the leads with
    such an address are scored again."""

    class Kind(models.TextChoices):
        FREE = "free", "Free provider"
        THROWAWAY = "throwaway", "Throw-away addresses"

    domain = models.CharField(max_length=253, primary_key=True)
    kind = models.CharField(max_length=9, choices=Kind.choices, default=Kind.FREE)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(domain=Lower("domain")) & ~Q(domain=""), name="scoring_maildomain_lower"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["free", "throwaway"]), name="scoring_maildomain_kind_known"
            ),
        ]
        triggers = [
            marking.found_by(
                "mail_domain_inserted", pgtrigger.Insert, _leads_of("SELECT domain FROM new_rows")
            ),
            marking.found_by(
                "mail_domain_updated",
                pgtrigger.Update,
                _leads_of("SELECT domain FROM new_rows UNION SELECT domain FROM old_rows"),
            ),
            marking.found_by(
                "mail_domain_deleted", pgtrigger.Delete, _leads_of("SELECT domain FROM old_rows")
            ),
        ]

    def __str__(self) -> str:
        return self.domain
