"""What a fresh database gets: the starter model, live, and the lists of mail domains."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from leads.mail_domains import FREE, THROWAWAY
from leads.models import ActivityType

from . import model_file, publishing
from .models import MailDomain, ScoringModel

REASON = "The starter model that comes with the product."


def install(**kwargs: Any) -> None:
    """After ``migrate``: bring what is missing. A database with a model of any kind is left as it is."""
    if not ActivityType.objects.exists() or ScoringModel.objects.exists():
        return
    with transaction.atomic():
        MailDomain.objects.bulk_create(
            [
                *(MailDomain(domain=domain) for domain in sorted(FREE - THROWAWAY)),
                *(MailDomain(domain=d, kind=MailDomain.Kind.THROWAWAY) for d in sorted(THROWAWAY)),
            ],
            ignore_conflicts=True,
            batch_size=5_000,
        )
        version = model_file.load(data=model_file.starter("default"))
        publishing.publish(version=version, by=None, reason=REASON, at=timezone.now())
