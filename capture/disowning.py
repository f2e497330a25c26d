"""What own people did before somebody said that their addresses or domains are ours is named as well: in
steps, the latest first, until nothing is left."""

import time
from datetime import datetime

from accounts.clock import database_now
from leads.models import Activity, Suspicion
from leads.retrying import begins_again
from leads.voiding import Suspected, suspect

from .bots import Guard
from .models import EvidenceRules, LookingBack, Treatment

Signal = Suspicion.Signal
#: So many activities are looked at in one step.
STEP = 20_000
#: Behind whatever there is: also what is on its way by the rules from before.
EVERYTHING = 2**63 - 1


def begin(*, rules: EvidenceRules, own: list[str], treatment: Treatment) -> bool:
    """Let the past be looked at, from its end, where ``rules`` as they are saved now say more than the
    ``own`` addresses and the ``treatment`` before them. Returns whether they do. Safe to repeat."""
    names = rules.treatment(Signal.OWN_ADDRESS) != Treatment.IGNORE
    says_more = set(rules.own_addresses) - set(own) or (treatment == Treatment.IGNORE and rules.own_addresses)
    if not names or not says_more:
        return False
    LookingBack.objects.update_or_create(pk=1, defaults={"own_before": EVERYTHING})
    return True


def is_under_way() -> bool:
    """Whether anything is left to look at. One query."""
    return LookingBack.objects.filter(own_before__isnull=False).exists()


def go_on(*, at: datetime | None = None, seconds: float = 20) -> int:
    """Go on for about ``seconds``, by the rules of now; returns how many signals were new. Safe to repeat, to
    kill and to run twice: a step commits with how far it came."""
    until = time.monotonic() + seconds
    new = 0
    while True:
        found, more = _step(at)
        new += found
        if not more or time.monotonic() > until:
            return new


@begins_again
def _step(at: datetime | None) -> tuple[int, bool]:
    """(signals that were new, whether more waits)."""
    waiting = LookingBack.objects.select_for_update(skip_locked=True).filter(own_before__isnull=False)
    how_far = waiting.first()
    if how_far is None:
        return 0, False
    guard = Guard.on_duty()
    treatment = guard.rules.treatment(Signal.OWN_ADDRESS)
    did: list[tuple[int, str | None]] = []
    if guard.own and treatment != Treatment.IGNORE:
        before = Activity.objects.filter(id__lt=how_far.own_before).order_by("-id")
        did = list(before.values_list("id", "lead__email")[:STEP])
    found = [
        Suspected(pk, Signal.OWN_ADDRESS, own[:120], treatment == Treatment.VOID)
        for pk, email in did
        if email and (own := guard.own_of(email))
    ]
    new = suspect(found=found, at=at or database_now())
    how_far.own_before = did[-1][0] if len(did) == STEP else None
    how_far.save(update_fields=["own_before"])
    return new, how_far.own_before is not None
