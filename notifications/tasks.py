"""What workers do for this app when told to look."""

import time

from celery import shared_task

from . import calling, delivery, digests, emptying, pushing, webhooks

#: A task works no longer than this, so that leads and alarms get their turn; the next tick goes on.
SECONDS = 60
#: So many endpoints and so many people's browsers are called at once.
ENDPOINTS, PEOPLE = 12, 4


@shared_task
def deliver_due() -> None:
    """Send the mail that is due, as long as there is something to send."""
    until = time.monotonic() + SECONDS
    while delivery.deliver_due(seconds=until - time.monotonic()) and time.monotonic() < until:
        pass


@shared_task
def make_calls() -> None:
    """Call the endpoints and push services that have something due. Apart from the mail: neither waits for
    the other."""
    calling.make_due(sources=[(webhooks.lease, ENDPOINTS), (pushing.lease, PEOPLE)], seconds=SECONDS / 2)


@shared_task
def make_digests() -> None:
    """Bundle what waits for a digest that is due."""
    digests.make_due()


@shared_task
def empty_old() -> None:
    """Drop the words of alerts and webhooks that are older than the company keeps them."""
    emptying.run()
