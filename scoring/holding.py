"""Until when a condition that holds keeps holding if nothing else happens: what it counts leaves its windows.
Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from .conditions import Condition, Group, Happened, tests_of
from .ruleset import DAY

#: Place of a test among ``tests_of`` its condition → when the activities that it counts happened, newest
#: first; None for one without a date, which no window leaves behind.
Seen = Mapping[int, Sequence[datetime | None]]

#: Of what does not hold now; of what time does not end, or of which ``Seen`` tells nothing, such as a fact.
_NOT_NOW, _FOR_GOOD = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def holds_until(condition: Condition, seen: Seen, *, window: int | None = None) -> datetime | None:
    """The first moment at which ``condition`` does not hold any more; None where time alone does not end it.
    ``window``, in seconds, is that of tests that have none of their own."""
    places = {id(test): n for n, test in enumerate(tests_of(condition))}

    def until(part: Condition) -> datetime:
        if isinstance(part, Group) and part.how != "none":
            return (min if part.how == "all" else max)(until(one) for one in part.parts)
        if isinstance(part, Happened) and part.needs_one:
            return _counted_until(part, seen.get(places[id(part)], ()), window)
        return _FOR_GOOD

    found = until(condition)
    return None if found in (_NOT_NOW, _FOR_GOOD) else found


def _counted_until(asked: Happened, seen: Sequence[datetime | None], window: int | None) -> datetime:
    """When the last activity that is needed leaves the window: where two in a week are asked for, the second
    newest does."""
    if len(seen) < asked.at_least:
        return _NOT_NOW
    dated = [at for at in seen if at is not None]
    needed = asked.at_least - (len(seen) - len(dated))
    seconds = asked.within_days * DAY if asked.within_days else window
    if needed < 1 or seconds is None:
        return _FOR_GOOD
    return dated[needed - 1] + timedelta(seconds=seconds)
