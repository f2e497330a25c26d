"""What somebody typed when their session had ended: kept in the browser's new session until they have signed
in, and sent again then if they want. With and without scripts, for every form."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

#: Characters that are kept; a longer form is not, and says so by its absence.
MOST = 100_000
#: Fields that say nothing of what was typed.
_ASIDE = {"csrfmiddlewaretoken", "next"}
_KEY = "unsent"


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form as it was sent: where to, and the page it stood on. ``fields`` as (name, value), in order."""

    path: str
    back: str
    fields: list[tuple[str, str]]

    @property
    def typed(self) -> list[tuple[str, str]]:
        """What a person may recognise: texts of more than one word, without what forms carry hidden."""
        return [(name, value) for name, value in self.fields if name not in _ASIDE and " " in value.strip()]


def keep(request: HttpRequest, *, back: str) -> bool:
    """Keep what ``request`` posted; False for a mere button, and for what is too long."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    if not any(value.strip() for name, value in fields if name not in _ASIDE):
        return False
    if sum(len(name) + len(value) for name, value in fields) > MOST:
        return False
    request.session[_KEY] = {"path": request.get_full_path(), "back": back, "fields": fields}
    return True


def kept(request: HttpRequest) -> Unsent | None:
    found: dict[str, Any] | None = request.session.get(_KEY)
    if not found:
        return None
    return Unsent(found["path"], found["back"], [(name, value) for name, value in found["fields"]])


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)
