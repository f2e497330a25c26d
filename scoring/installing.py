"""What a fresh database gets: the starter model, live, and the list of free-mail domains."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from leads.mail_domains import FREE
from leads.models import ActivityType

from . import model_file, publishing
from .models import FreeMailDomain, ScoringModel

REASON = "The starter model that comes with the product."


def install(**kwargs: Any) -> None:
    """After ``migrate``: bring what is missing. A database with a model of any kind is left as it is."""
    if not ActivityType.objects.exists() or ScoringModel.objects.exists():
        return
    with transaction.atomic():
        FreeMailDomain.objects.bulk_create(
            (FreeMailDomain(domain=domain) for domain in sorted(FREE)), ignore_conflicts=True
        )
        version = model_file.load(data=model_file.starter("default"))
        publishing.publish(version=version, by=None, reason=REASON, at=timezone.now())
