"""Old ids and addresses of leads that were merged lead on to the lead that was kept."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from .models import Alias, AliasUse, Lead


def survivor(public_id: UUID) -> UUID | None:
    """The public id of the lead that ``public_id`` stands for since a merge; None when it is nobody's old id.
    One query."""
    return Alias.objects.filter(public_id=public_id).values_list("lead__public_id", flat=True).first()


def kept_for(public_ids: Iterable[UUID]) -> dict[UUID, Lead]:
    """Old id → the lead that was kept, for those of ``public_ids`` that are old. One query."""
    rows = Alias.objects.filter(public_id__in=set(public_ids)).select_related("lead")
    return {alias.public_id: alias.lead for alias in rows if alias.public_id is not None}


def note_use(
    *, said: Iterable[tuple[str, str]], by_id: Iterable[tuple[UUID | None, str]] = (), source: str
) -> None:
    """Remember which events of ``source`` came under which old name: pairs of address and event id, or of id
    and event id. At most 2 queries, none when there are none; safe to repeat."""
    pairs: list[tuple[str | UUID | None, str]] = [*said, *by_id]
    if not pairs:
        return
    names = [name for name, _ in pairs]
    emails = [name for name in names if isinstance(name, str)]
    ids = [name for name in names if isinstance(name, UUID)]
    old: dict[str | UUID | None, int] = {}
    for alias in Alias.objects.filter(Q(public_id__in=ids) | Q(email__in=emails)).order_by("pk"):
        old |= {name: alias.pk for name in (alias.public_id, alias.email) if name is not None}
    AliasUse.objects.bulk_create(
        [AliasUse(alias_id=old[name], source=source, event_id=event) for name, event in pairs if name in old],
        ignore_conflicts=True,
    )
