"""How a source is asked for: by the name that it is kept under, or by the one that pages show for it."""

from django.db.models import Q


def named(said: str, *, field: str = "source") -> Q:
    """Rows whose ``field`` is the source ``said``, whatever the case: paid_search is shown as "paid search",
    so either finds both."""
    spellings = {said, said.replace(" ", "_"), said.replace("_", " ")}
    found = Q()
    for spelling in sorted(spellings):
        found |= Q(**{f"{field}__iexact": spelling})
    return found
