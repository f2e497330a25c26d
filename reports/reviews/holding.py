"""What every verb on a review does first: hold it, and see that it is still open."""

from reports.models import Review


class Refused(Exception):
    """A review does not take this; the message says why, and what to do instead."""


class Closed(Refused):
    """The meeting is over: what follows goes on the next one."""


def hold(review: Review) -> Review:
    """``review`` as it is now, and nobody else changes or closes it until the transaction ends. Raises
    Closed."""
    held = Review.objects.select_for_update(no_key=True).get(pk=review.pk)
    if held.closed_at is not None:
        raise Closed(f"The review of {held.days} was closed meanwhile. What follows goes on the next one.")
    return held
